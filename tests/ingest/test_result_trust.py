"""Results that are late, short or changing, over sockets: what they do not tell is unknown."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.proxy import Handler, Proxy, proxied
from support.workshop import Ran, Workshop

PEOPLE = 'org env\njob people\n    insert Contact\n    from "people.csv"\n'
JOB = "/jobs/ingest/[^/]+"


@pytest.fixture(autouse=True)
def _no_pauses_between_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bulkflow_ingest.execution.retry.LONGEST_PAUSE", 0.0)


@contextmanager
def org_behind_a_proxy(tmp_path: Path, *faults: str) -> Iterator[tuple[LocalOrg, Proxy, Workshop]]:
    with local_org(faults=faults) as org, proxied(org.url) as proxy:
        yield org, proxy, Workshop(tmp_path, {**org.environment, "SF_ORG_INSTANCE_URL": proxy.url})


@contextmanager
def org(tmp_path: Path, *faults: str) -> Iterator[tuple[LocalOrg, Workshop]]:
    with local_org(faults=faults) as made:
        yield made, Workshop(tmp_path, {**made.environment, "BULKFLOW_PATIENCE": "3s"})


def people(workshop: Workshop, number: int) -> None:
    rows = "".join(f"P{index:05},x\n" for index in range(number))
    workshop.write("people.csv", "LastName,Description\n" + rows)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def outcomes(path: Path) -> Counter[str]:
    return Counter(row["_outcome"] for row in rows_of(path))


def ended(ran: Ran) -> dict[str, object]:
    (job,) = ran.event("run_finished")["jobs"]  # type: ignore[misc]
    return job  # type: ignore[no-any-return]


def said(ran: Ran) -> str:
    return "\n".join(str(each) for each in ran.events)


def names(org: LocalOrg) -> Counter[str]:
    return Counter(str(each["LastName"]) for each in org.records("Contact"))


def once(number: int) -> Counter[str]:
    return Counter(f"P{index:05}" for index in range(number))


def then(workshop: Workshop, ran: Ran, command: str, *arguments: str) -> Ran:
    run = str(ran.event("run_finished")["run"])
    state = str(workshop.folder / "state")
    return workshop.command(command, run, *arguments, "--state-dir", state, "--json")


# ---------------------------------------------------------------- files that are not there yet


@pytest.mark.parametrize("effect", ["204", "200", "rows:0", "rows:7"])
@pytest.mark.parametrize("which", ["successes", "failures"])
def test_a_file_that_is_not_there_yet_is_asked_for_again(
    tmp_path: Path, which: str, effect: str
) -> None:
    with org(tmp_path, f"{which}x2={effect}", "rows=lock:0.3") as (made, workshop):
        workshop.environ["BULKFLOW_PATIENCE"] = "60s"
        people(workshop, 100)
        ran = workshop.run(
            PEOPLE + "load job people\nretry failed rows of job people up to 9 times\n"
            'save all rows of job people to "all.csv"\n'
        )
        assert ran.code == 0, ran.out
        assert names(made) == once(100)
    assert outcomes(tmp_path / "all.csv") == {"loaded": 100}
    assert "are promised; retrying in" in said(ran)
    assert ended(ran)["loaded"] == 100


@pytest.mark.parametrize("effect", ["204", "200", "rows:0", "rows:7"])
def test_a_file_that_never_comes_leaves_rows_unknown_and_nothing_is_sent(
    tmp_path: Path, effect: str
) -> None:
    with org(tmp_path, f"successesx*={effect}", "rows=lock:0.3") as (made, workshop):
        people(workshop, 100)
        ran = workshop.run(
            PEOPLE + "load job people\nretry failed rows of job people "
            'on failure save all rows of job people to "all.csv"\n'
        )
        assert ran.code == 1, ran.out
        assert "cannot be trusted" in said(ran)
        assert len(made.jobs()) == 1
        loaded = sum(names(made).values())
        again = then(workshop, ran, "retry")
        assert again.code == 1, again.out
        assert len(made.jobs()) == 1
    known = 7 if effect == "rows:7" else 0
    told = outcomes(tmp_path / "all.csv")
    assert told == Counter(loaded=known, failed=100 - loaded, unknown=loaded - known)
    job = ended(ran)
    assert (job["loaded"], job["failed"], job["unprocessed"]) == (known, 100 - loaded, 0)


def test_a_file_with_more_rows_than_are_counted_tells_nothing(tmp_path: Path) -> None:
    def doubled(handler: Handler, forward: Callable[[], None]) -> None:
        status, headers, content = handler.exchange()
        header, rows = content.split(b"\n", 1)
        handler.answer(status, headers, header + b"\n" + rows + rows)

    with org_behind_a_proxy(tmp_path) as (_, proxy, workshop):
        people(workshop, 5)
        for _ in range(50):
            proxy.on("GET", f"{JOB}/successfulResults", doubled)
        ran = workshop.run(PEOPLE + 'load job people\nsave all rows of job people to "all.csv"\n')
        assert ran.code == 1, ran.out
        assert "have 10 rows, and 5 are promised" in said(ran)
    assert outcomes(tmp_path / "all.csv") == {"unknown": 5}


def test_files_with_more_rows_than_a_failed_job_was_given_tell_nothing(tmp_path: Path) -> None:
    def failed(handler: Handler, forward: Callable[[], None]) -> None:
        rows = "".join(f'"","X:y --","P{index:05}","x"\n' for index in range(3))
        text = '"sf__Id","sf__Error","LastName","Description"\n' + rows
        handler.exchange()
        handler.answer(200, [("Content-Type", "text/csv")], text.encode())

    with org_behind_a_proxy(tmp_path, "job=fail:2") as (made, proxy, workshop):
        people(workshop, 4)
        workshop.environ["BULKFLOW_PATIENCE"] = "1s"
        proxy.on("GET", f"{JOB}/failedResults", failed, times=None)
        ran = workshop.run(
            PEOPLE + "load job people on failure continue\n"
            'save all rows of job people to "all.csv"\n'
        )
        assert ran.code == 1, ran.out
        assert "have 5 rows, and it was given 4" in said(ran)
        assert then(workshop, ran, "retry", "--rows", "all").code == 1
        assert max(names(made).values()) == 1
    assert outcomes(tmp_path / "all.csv") == {"unknown": 4}
    job = ended(ran)
    assert (job["rows"], job["loaded"], job["failed"], job["unknown"]) == (4, 0, 0, 4)


@pytest.mark.parametrize("row", ['"003","true","P"\n', '"003","true","P","x","y"\n'])
@pytest.mark.parametrize("existing", [False, True], ids=["own", "existing"])
def test_a_file_with_a_row_of_another_width_tells_nothing(
    tmp_path: Path, row: str, existing: bool
) -> None:
    def ragged(handler: Handler, forward: Callable[[], None]) -> None:
        _, _, content = handler.exchange()
        whole = content.splitlines(keepends=True)
        handler.answer(200, [("Content-Type", "text/csv")], b"".join(whole[:-1]) + row.encode())

    with org_behind_a_proxy(tmp_path) as (made, proxy, workshop):
        people(workshop, 3)
        workshop.environ["BULKFLOW_PATIENCE"] = "1s"
        job = "people"
        pipeline = PEOPLE + "load job people\n"
        if existing:
            assert workshop.run(pipeline).code == 0
            (id_,) = (each.id for each in made.jobs())
            pipeline, job = f'org env\njob there\n    existing "{id_}"\n', "there"
        proxy.on("GET", f"{JOB}/successfulResults", ragged, times=None)
        ran = workshop.run(pipeline + f'save all rows of job {job} to "all.csv"\n')
        assert ran.code == 1, ran.out
        assert "are not what result files look like" in said(ran)
        assert max(names(made).values()) == 1
    if not existing:
        assert outcomes(tmp_path / "all.csv") == {"unknown": 3}


def test_raw_result_files_are_saved_when_they_are_whole(tmp_path: Path) -> None:
    with org(tmp_path, "successes=rows:1") as (_, workshop):
        people(workshop, 5)
        ran = workshop.run(PEOPLE + 'load job people\nsave results of job people to "results"\n')
        assert ran.code == 0, ran.out
    assert len(rows_of(tmp_path / "results" / "people-1-successful.csv")) == 5


# --------------------------------------------------------------------------- late commits


@pytest.mark.parametrize("pace", ["1s", "3 polls"])
def test_rows_that_are_committed_late_are_not_sent_again(tmp_path: Path, pace: str) -> None:
    with org(tmp_path, "job=fail:100", f"job=late:50:{pace}") as (made, workshop):
        workshop.environ["BULKFLOW_PATIENCE"] = "60s"
        people(workshop, 400)
        ran = workshop.run(
            PEOPLE + "load job people on failure continue\nretry failed rows of job people\n"
            'save all rows of job people to "all.csv"\n'
        )
        assert ran.code == 0, ran.out
        assert names(made) == once(400)
    assert outcomes(tmp_path / "all.csv") == {"loaded": 400}
    assert ended(ran)["loaded"] == 400


def test_rows_that_are_committed_after_the_run_are_not_sent_again(tmp_path: Path) -> None:
    with org(tmp_path, "job=fail:100", "job=late:50") as (made, workshop):
        people(workshop, 400)
        ran = workshop.run(PEOPLE + "load job people\n")
        assert ran.code == 1, ran.out
        made.sandbox.commit_late()
        again = then(workshop, ran, "retry", "--rows", "unprocessed")
        assert again.code == 0, again.out
        assert names(made) == once(400)
        assert ended(again)["loaded"] == 400


def test_undo_takes_rows_back_that_were_committed_late(tmp_path: Path) -> None:
    with org(tmp_path, "job=fail:100", "job=late:50") as (made, workshop):
        people(workshop, 400)
        ran = workshop.run(PEOPLE + "load job people\n")
        made.sandbox.commit_late()
        assert sum(names(made).values()) == 150
        undone = then(workshop, ran, "undo", "--yes")
        assert undone.code == 0, undone.out
        assert not names(made)


def test_a_job_that_was_refused_as_a_whole_is_counted_without_waiting(tmp_path: Path) -> None:
    with org_behind_a_proxy(tmp_path) as (_, proxy, workshop):
        workshop.environ["BULKFLOW_PATIENCE"] = "1h"
        workshop.write("people.csv", "Nonsense__c\nA\nB\n")
        ran = workshop.run(PEOPLE + "load job people\n")
        assert ran.code == 1, ran.out
        assert "ended a moment ago" not in said(ran)
        assert not proxy.count("GET", f"{JOB}/(successfulResults|failedResults|unprocessedrecords)")
    job = ended(ran)
    assert (job["rows"], job["loaded"], job["unprocessed"]) == (2, 0, 2)


def test_a_job_that_ended_long_ago_is_looked_at_once(tmp_path: Path) -> None:
    with org_behind_a_proxy(tmp_path, "job=fail:2") as (made, proxy, workshop):
        people(workshop, 4)
        ran = workshop.run(PEOPLE + "load job people\n")

        def an_hour_later(handler: Handler, forward: Callable[[], None]) -> None:
            status, headers, content = handler.exchange()
            year = b'"systemModstamp":"2'
            handler.answer(status, headers, content.replace(year, b'"systemModstamp":"1'))

        for _ in range(20):
            proxy.on("GET", JOB, an_hour_later)
        before = proxy.count("GET", JOB)
        (tmp_path / "all.csv").unlink(missing_ok=True)
        workshop.environ["BULKFLOW_PATIENCE"] = "1h"
        again = then(workshop, ran, "retry")
        assert again.code == 0, again.out
        assert "ended a moment ago" not in said(again)
        assert before
        assert names(made) == once(4)


def test_a_row_that_is_in_no_file_of_a_failed_job_is_not_sent_again(tmp_path: Path) -> None:
    with org(tmp_path, "job=fail:2", "unprocessedx*=rows:1") as (made, workshop):
        people(workshop, 5)
        ran = workshop.run(
            PEOPLE + "load job people on failure continue\nretry all rows of job people\n"
            'save all rows of job people to "all.csv"\nsave unknown rows of job people to "u.csv"\n'
        )
        assert ran.code == 3, ran.out
        assert "2 rows are not sent again, as no result file has them" in said(ran)
        assert sum(names(made).values()) == 3
    assert outcomes(tmp_path / "all.csv") == {"loaded": 3, "unknown": 2}
    assert len(rows_of(tmp_path / "u.csv")) == 2


# ------------------------------------------------------------------ fewer and more rows


def test_rows_of_a_complete_job_that_were_not_processed_are_unknown(tmp_path: Path) -> None:
    with org(tmp_path, "job=lose:0") as (_, workshop):
        people(workshop, 3)
        ran = workshop.run(
            PEOPLE + "load job people\nrequire failed rows of job people under 1%\n"
            'save failed rows of job people to "failed.csv"\n'
            'save all rows of job people to "all.csv"\n'
        )
        assert ran.code == 3, ran.out
        assert "saved 0 failed rows" in said(ran)
        again = then(workshop, ran, "retry", "--rows", "all")
        assert again.code == 3, again.out
        assert "nothing is sent again: of 3 rows 3 may or may not be loaded" in said(again)
    assert outcomes(tmp_path / "all.csv") == {"unknown": 3}


def test_too_many_unknown_rows_fail_a_requirement(tmp_path: Path) -> None:
    with org(tmp_path, "job=lose:2") as (_, workshop):
        people(workshop, 3)
        ran = workshop.run(
            PEOPLE + "load job people\nrequire unknown rows of job people under 1%\n"
        )
        assert ran.code == 1, ran.out
        assert "1 of 3 rows of job people are unknown" in said(ran)


def test_a_job_that_counts_more_rows_than_it_was_given_is_not_trusted(tmp_path: Path) -> None:
    with org(tmp_path, "job=more:2:2") as (made, workshop):
        people(workshop, 3)
        ran = workshop.run(
            PEOPLE + 'load job people on failure save all rows of job people to "all.csv"\n'
        )
        assert ran.code == 1, ran.out
        assert "counts 5 rows as processed, 2 of them as failed, and was given 3" in said(ran)
        assert then(workshop, ran, "retry", "--rows", "all").code == 1
        assert names(made) == once(3)
    assert outcomes(tmp_path / "all.csv") == {"unknown": 3}


# ------------------------------------------------------------------- the same command again


def test_a_retry_whose_job_failed_sends_again_when_it_is_repeated(tmp_path: Path) -> None:
    with org(tmp_path, "job=fail:1", "job#2=fail:1") as (made, workshop):
        people(workshop, 4)
        ran = workshop.run(PEOPLE + "load job people\n")
        assert ran.code == 1
        first = then(workshop, ran, "retry")
        assert first.code == 1, first.out
        second = then(workshop, ran, "retry")
        assert second.code == 0, second.out
        assert names(made) == once(4)
        third = then(workshop, ran, "retry")
        assert third.code == 0, third.out
        assert "nothing is sent again: all 4 rows are loaded" in said(third)
        assert len(made.jobs()) == 3


def test_a_retry_that_sends_nothing_says_why(tmp_path: Path) -> None:
    with org(tmp_path) as (made, workshop):
        workshop.write("people.csv", "LastName,Description\nP00000,x\n,y\n")
        ran = workshop.run(PEOPLE + "load job people\n")
        again = then(workshop, ran, "retry")
        assert again.code == 3, again.out
        assert "1 failed with errors that a retry does not correct" in said(again)
        assert "REQUIRED_FIELD_MISSING" in said(again)
        assert "--rows all" in said(again)
        assert len(made.jobs()) == 1


def test_a_retry_in_the_file_sends_rows_whose_upload_was_refused(tmp_path: Path) -> None:
    with org(tmp_path, "upload#2=403") as (made, workshop):
        people(workshop, 9)
        ran = workshop.run(
            PEOPLE + "    parts of 3 rows\n    over 1 connections\n"
            "load job people on failure continue\nretry failed rows of job people\n"
        )
        if ran.code:
            # The first part was still processed when the upload of the second was refused.
            assert made.settle()
            assert "is not finished" in said(ran)
            ran = then(workshop, ran, "resume")
        assert ran.code == 0, ran.out
        assert names(made) == once(9)
        assert ended(ran)["loaded"] == 9
        assert ended(ran)["left"] == []


def test_retry_and_resume_in_any_order_come_to_an_end(tmp_path: Path) -> None:
    with org(tmp_path, "job#1=fail:1", "job#2=fail:1", "job#3=fail:1") as (made, workshop):
        people(workshop, 6)
        ran = workshop.run(PEOPLE + "load job people\n")
        assert ran.code == 1
        assert then(workshop, ran, "retry").code == 1
        assert then(workshop, ran, "resume").code == 1
        assert then(workshop, ran, "retry", "--rows", "unprocessed").code == 1
        assert then(workshop, ran, "retry").code == 0
        resumed = then(workshop, ran, "resume")
        assert resumed.code in {0, 2}, resumed.out
        assert names(made) == once(6)
        assert then(workshop, ran, "retry").code == 0
        assert len(made.jobs()) == 4


@pytest.mark.parametrize("selection", ["unknown", "withheld", "successful"])
def test_rows_that_may_be_loaded_are_never_asked_to_be_sent(tmp_path: Path, selection: str) -> None:
    with org(tmp_path, "job=lose:1") as (made, workshop):
        people(workshop, 3)
        ran = workshop.run(PEOPLE + f"load job people\nretry {selection} rows of job people\n")
        assert ran.code == 1, ran.out
        assert "are not sent again" in said(ran)
        assert len(made.jobs()) == 1


# ------------------------------------------------------------------------------- the law


@pytest.mark.parametrize("seed", range(6))
def test_every_row_has_one_outcome_and_none_is_loaded_twice(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A second without a change: on a slow machine what is late by 100 ms is later than that.
    monkeypatch.setattr("bulkflow_ingest.results.standstill.QUIET_SHARE", 1 / 9)
    chance = random.Random(seed)
    drawn = [
        f"job=fail:{chance.randrange(40)}",
        f"job#2=lose:{chance.randrange(20)}",
        f"job#{chance.randint(1, 4)}=more:{chance.randint(1, 9)}",
        f"job=late:{chance.randint(1, 20)}:{chance.choice(['100ms', '2 polls'])}",
        f"results#{chance.randint(1, 6)}x{chance.randint(1, 3)}=rows:{chance.randrange(9)}",
        f"results#{chance.randint(1, 6)}=204",
        f"unprocessedx{chance.randint(1, 9)}=200",
        f"upload#{chance.randint(2, 3)}=403",
        f"rows=lock:{chance.random() / 2}",
        "job#3=fail:5",
    ]
    faults = chance.sample(drawn, 4)
    with org(tmp_path, *faults) as (made, workshop):
        # Long enough for what is drawn to be late to come before a job counts as still.
        workshop.environ["BULKFLOW_PATIENCE"] = "9s"
        people(workshop, 60)
        ran = workshop.run(
            PEOPLE + "    parts of 20 rows\nload job people on failure continue\n"
            "retry all rows of job people up to 2 times on failure continue\n"
            'save all rows of job people to "all.csv" on failure continue\n'
        )
        assert made.settle()
        if not (tmp_path / "all.csv").exists():
            ran = then(workshop, ran, "retry", "--rows", "all")
        held = names(made)
        job = ended(ran)
        for _ in range(2):
            then(workshop, ran, "retry", "--rows", "all")
        assert max(names(made).values(), default=0) <= 1, faults
    counted = {
        name: int(str(job[name]))
        for name in ("loaded", "failed", "unprocessed", "withheld", "unknown")
    }
    assert sum(counted.values()) == 60, (faults, counted)
    assert counted["loaded"] <= sum(held.values()) <= counted["loaded"] + counted["unknown"]
    if not (tmp_path / "all.csv").exists():
        return
    rows = rows_of(tmp_path / "all.csv")
    assert [row["LastName"] for row in rows] == sorted(once(60))
    told = outcomes(tmp_path / "all.csv")
    assert told == Counter({name: rows for name, rows in counted.items() if rows}), faults
    for row in rows:
        if row["_outcome"] == "loaded":
            assert row["LastName"] in held


# ------------------------------------------------------------------------------------- undo


def test_records_that_no_result_says_are_deleted_are_not_undone(tmp_path: Path) -> None:
    with org(tmp_path, "job#2=lose:1") as (made, workshop):
        people(workshop, 3)
        ran = workshop.run(PEOPLE + "load job people\n")
        assert ran.code == 0, ran.out
        undone = then(workshop, ran, "undo", "--yes")
        assert undone.code == 1
        assert ended(undone)["undone"] == 1
        assert "it is unknown whether 2 of 3 records were deleted" in said(undone)
        again = workshop.run(PEOPLE + "load job people\n")
        assert again.code == 2
        assert "were handed over before" in said(again)
        assert then(workshop, ran, "undo", "--yes").code == 0
        assert not names(made)
        assert workshop.run(PEOPLE + "load job people\n").code == 0
        assert names(made) == once(3)
