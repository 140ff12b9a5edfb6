"""Rows sent again, and rows taken back."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest

from bulkflow_sandbox import Sandbox
from bulkflow_sandbox.faults.fault import FailJob
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.rest.records import Records
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.proxy import Fault, Proxy, answering
from support.workshop import Ran, Workshop

HEADER = 'org env\njob people\n    insert Contact\n    from "people.csv"\n'
FAILED_RESULTS = "/jobs/ingest/[^/]+/failedResults"


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> str:
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]


def loaded(sandbox: Sandbox, tag: str) -> list[str]:
    with sandbox.database.reading() as connection:
        rows = connection.execute(
            'SELECT "LastName" FROM "Contact" WHERE "LastName" LIKE ? AND "IsDeleted" = 0 '
            'ORDER BY "LastName"',
            (f"{tag}%",),
        )
        return [name for (name,) in rows]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def outcome(ran: Ran) -> tuple[object, ...]:
    (job,) = [each for each in ran.event("run_finished")["jobs"] if each["job"] == "people"]
    return job["rows"], job["loaded"], job["failed"], job["unprocessed"]


def people(workshop: Workshop, tag: str, number: int) -> None:
    lines = "".join(f'{tag}{i:03},"line ""{i}"""\n' for i in range(number))
    workshop.write("people.csv", "LastName,Description\n" + lines)


def test_saved_rows_are_the_sources_own_with_their_place(workshop: Workshop, tag: str) -> None:
    workshop.write(
        "people.csv", f'LastName,Description\n{tag}1,"two\nlines"\n,"no ""name"""\n{tag}2,x\n'
    )
    ran = workshop.run(
        HEADER + 'load job people\nsave all rows of job people to "all.csv"\n'
        'save failed rows of job people to "failed.csv"\n'
    )
    assert ran.code == 3, ran.out
    rows = rows_of(workshop.folder / "all.csv")
    assert [row["_line"] for row in rows] == ["2", "4", "5"]
    assert [row["_outcome"] for row in rows] == ["loaded", "failed", "loaded"]
    assert {row["_file"] for row in rows} == {"people.csv"}
    assert rows[0]["Description"] == "two\nlines"
    (failed,) = rows_of(workshop.folder / "failed.csv")
    assert failed["Description"] == 'no "name"'
    assert failed["_error"].startswith("REQUIRED_FIELD_MISSING")


def test_the_commonest_error_of_rows_that_failed_is_named_where_it_is_known(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str
) -> None:
    long = "x" * 81
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n{long},c\n,d\n")
    ran = workshop.run(HEADER + "load job people\nretry failed rows of job people\n")
    assert ran.code == 3, ran.out
    (job,) = ran.event("run_finished")["jobs"]
    assert job["failed"] == 3
    assert job["commonest_error"]["rows"] == 2
    assert job["commonest_error"]["message"].startswith("REQUIRED_FIELD_MISSING")


@pytest.mark.parametrize("load", ["load job people", "upload then close then wait for job people"])
def test_why_rows_failed_is_told_where_the_file_says_nothing_of_them(
    workshop: Workshop, proxy: Proxy, tag: str, load: str
) -> None:
    long = "x" * 81
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n{long},b\n,c\n,d\n{long}y,e\n,f\n")
    ran = workshop.run(HEADER + "    parts of 2 rows\n" + load + "\n")
    assert ran.code == 3, ran.out
    (job,) = ran.event("run_finished")["jobs"]
    assert job["commonest_error"]["rows"] == 3
    assert job["commonest_error"]["message"].startswith("REQUIRED_FIELD_MISSING")
    assert proxy.count("GET", FAILED_RESULTS) == 3


def test_rows_that_a_later_step_deals_with_are_not_asked_why_they_failed(
    workshop: Workshop, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    ran = workshop.run(HEADER + "load job people\nrequire failed rows of job people under 2\n")
    assert ran.code == 0, ran.out
    assert not proxy.count("GET", FAILED_RESULTS)


@pytest.mark.parametrize(
    "answer",
    [
        answering(404, [{"errorCode": "NOT_FOUND", "message": "no results"}]),
        answering(200, "LastName,FirstName\n,b\n", "text/csv"),
        answering(200, "sf__Id,sf__Error,LastName\n,why\n", "text/csv"),
    ],
    ids=["gone", "no errors in it", "not as wide as its header"],
)
def test_that_nobody_can_tell_why_rows_failed_changes_no_end(
    workshop: Workshop, proxy: Proxy, tag: str, answer: Fault
) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    proxy.on("GET", FAILED_RESULTS, answer)
    ran = workshop.run(HEADER + "load job people\n")
    assert ran.code == 3, ran.out
    assert outcome(ran) == (2, 1, 1, 0)
    (job,) = ran.event("run_finished")["jobs"]
    assert job["commonest_error"] is None


def test_what_is_wrong_with_the_data_is_not_sent_again(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    ran = workshop.run(
        HEADER + "load job people\nretry failed rows of job people up to 3 times\n"
        "require failed rows of job people under 2\n"
    )
    assert ran.code == 0, ran.out
    assert proxy.count("POST", "/jobs/ingest") == 1
    assert outcome(ran) == (2, 1, 1, 0)


def test_every_row_that_is_not_loaded_is_sent_again_on_demand(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    ran = workshop.run(
        HEADER + "load job people\nretry all rows of job people\n"
        'save failed rows of job people to "failed.csv"\n'
    )
    assert ran.code == 3, ran.out
    assert any("sending 1 row again" in str(each.get("message")) for each in ran.events)
    assert proxy.count("POST", "/jobs/ingest") == 2
    assert outcome(ran) == (2, 1, 1, 0)
    (failed,) = rows_of(workshop.folder / "failed.csv")
    assert (failed["FirstName"], failed["_line"]) == ("b", "3")
    assert loaded(sandbox, tag) == [f"{tag}1"]


def test_what_a_run_made_is_taken_back(workshop: Workshop, sandbox: Sandbox, tag: str) -> None:
    people(workshop, tag, 12)
    ran = workshop.run(HEADER + "    parts of 5 rows\nload job people\n")
    assert ran.code == 0, ran.out
    assert len(loaded(sandbox, tag)) == 12
    run = str(ran.event("run_finished")["run"])
    state = str(workshop.folder / "state")
    for _ in range(2):
        undone = workshop.command("undo", run, "--yes", "--state-dir", state, "--json")
        assert undone.code == 0, undone.out + undone.err
        step = undone.event("step_finished")
        assert step["text"] == "undo job people"
        assert undone.event("run_finished")["jobs"][0]["phase"] == "finished"
        assert undone.event("run_finished")["jobs"][0]["undone"] == 12
        assert loaded(sandbox, tag) == []


def test_what_was_changed_stays_and_is_said_to(
    workshop: Workshop, sandbox: Sandbox, tag: str
) -> None:
    upsert = HEADER.replace("insert Contact", "upsert Contact by External_Id__c")
    workshop.write("people.csv", f"LastName,External_Id__c\n{tag}old,{tag}1\n")
    assert workshop.run(upsert + "load job people\n").code == 0
    workshop.write(
        "people.csv", f"LastName,External_Id__c\n{tag}changed,{tag}1\n{tag}made,{tag}2\n"
    )
    ran = workshop.run(upsert + "load job people\n")
    run = str(ran.event("run_finished")["run"])
    state = str(workshop.folder / "state")
    undone = workshop.command("undo", run, "--yes", "--state-dir", state, "--json")
    assert undone.code == 0, undone.out
    assert "1 records were updated" in undone.out
    assert loaded(sandbox, tag) == [f"{tag}changed"]


def test_rows_are_sent_again_later_from_the_journal(
    workshop: Workshop, sandbox: Sandbox, proxy: Proxy, tag: str
) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    ran = workshop.run(HEADER + "load job people\n")
    assert ran.code == 3
    run = str(ran.event("run_finished")["run"])
    state = str(workshop.folder / "state")
    again = workshop.command("retry", run, "--rows", "all", "--state-dir", state, "--json")
    assert again.code == 3, again.out
    assert outcome(again) == (2, 1, 1, 0)
    assert proxy.count("POST", "/jobs/ingest") == 2


def test_a_retry_says_so_where_no_rows_were_sent(workshop: Workshop) -> None:
    workshop.write("people.csv", "LastName\none\n")
    looped = HEADER.replace("job", 'fail "first"\nfor file in "people.csv"\n    job').replace(
        "\n    ", "\n        "
    )
    ran = workshop.run(looped.replace("        job", "    job") + "    load job people\n")
    run = ran.event("run_finished")["run"]
    assert (ran.code, run is None) == (1, False), ran.out
    state = workshop.folder / "state"
    again = workshop.command("retry", str(run), "--state-dir", str(state), "--json")
    assert again.code == 2, again.out
    assert "has sent no rows, so there are none to resend" in again.out
    assert "test.bulkflow` starts another" in again.out


def test_the_last_run_of_a_file_that_is_named_is_sent_again(
    workshop: Workshop, sandbox: Sandbox, tag: str
) -> None:
    people(workshop, tag, 3)
    sandbox.inject(FailJob(rows=1))
    ran = workshop.run(HEADER + "load job people on failure continue\n")
    assert (ran.code, outcome(ran)) == (3, (3, 1, 0, 2)), ran.out
    file, state = workshop.folder / "test.bulkflow", workshop.folder / "state"
    again = workshop.command("retry", str(file), "--state-dir", str(state), "--json")
    assert (again.code, outcome(again)) == (0, (3, 3, 0, 0)), again.out
    assert loaded(sandbox, tag) == [f"{tag}{number:03}" for number in range(3)]


def test_rows_that_failed_once_are_no_failure_of_taking_back(
    workshop: Workshop, sandbox: Sandbox, tag: str
) -> None:
    workshop.write("people.csv", f"LastName,FirstName\n{tag}1,a\n,b\n")
    ran = workshop.run(HEADER + "load job people\n")
    assert ran.code == 3
    run = str(ran.event("run_finished")["run"])
    state = str(workshop.folder / "state")
    undone = workshop.command("undo", run, "--yes", "--state-dir", state, "--json")
    assert undone.code == 0, undone.out
    assert loaded(sandbox, tag) == []


@pytest.mark.parametrize("failing", [3, 4])
def test_a_job_that_fails_among_the_tries_does_not_end_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: int
) -> None:
    monkeypatch.setattr("bulkflow_ingest.execution.retry.LONGEST_PAUSE", 0.0)
    with local_org() as org:
        org.sandbox.inject(FailJob(1, times=failing))
        workshop = Workshop(tmp_path, dict(org.environment))
        people(workshop, "J", 6)
        ran = workshop.run(
            HEADER + "load job people on failure continue\n"
            "retry failed rows of job people up to 3 times\n"
        )
        # The first job fails as well; of the tries, only the last one's failure is the step's.
        done = failing == 3
        assert ran.code == (0 if done else 1), ran.out
        assert outcome(ran) == ((6, 6, 0, 0) if done else (6, 4, 0, 2))
        assert len(org.records("Contact")) == (6 if done else 4)
        told = [str(each["message"]) for each in ran.events if each["event"] == "notice"]
        assert sum("did not complete" in each for each in told) == 2


def test_rows_that_met_a_lock_are_sent_again_until_they_are_loaded(tmp_path: Path) -> None:
    with local_org(faults=["rows=lock:0.1"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        people(workshop, "L", 200)
        ran = workshop.run(
            HEADER + "    parts of 100 rows\nload job people\n"
            "retry failed rows of job people up to 3 times\n"
            'save failed rows of job people to "failed.csv"\n'
            'save all rows of job people to "all.csv"\n'
        )
        assert ran.code == 0, ran.out
        assert outcome(ran) == (200, 200, 0, 0)
        names = sorted(row["LastName"] for row in org.records("Contact"))
        assert names == [f"L{i:03}" for i in range(200)]
        assert len(org.jobs()) > 2
    # That they failed at first is over.
    assert rows_of(tmp_path / "failed.csv") == []
    rows = rows_of(tmp_path / "all.csv")
    assert [row["LastName"] for row in rows] == [f"L{i:03}" for i in range(200)]
    assert {row["_outcome"] for row in rows} == {"loaded"}
    assert len({row["_id"] for row in rows}) == 200


def undo(workshop: Workshop, ran: Ran, *arguments: str) -> Ran:
    run = str(ran.event("run_finished")["run"])
    state = str(workshop.folder / "state")
    return workshop.command("undo", run, "--yes", "--state-dir", state, "--json", *arguments)


def alive(org: LocalOrg) -> list[str]:
    return sorted(str(each["LastName"]) for each in org.records("Contact"))


def test_rows_that_were_sent_again_since_are_taken_back_as_well(tmp_path: Path) -> None:
    with local_org(faults=["rows=lock:0.4"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        people(workshop, "L", 30)
        ran = workshop.run(HEADER + "load job people\n")
        assert ran.code == 3
        made = len(alive(org))
        assert 0 < made < 30
        org.sandbox.faults.clear()
        assert undo(workshop, ran).code == 0
        assert alive(org) == []
        run, state = str(ran.event("run_finished")["run"]), str(tmp_path / "state")
        assert workshop.command("retry", run, "--state-dir", state).code == 0
        assert len(alive(org)) == 30 - made
        again = undo(workshop, ran)
        assert again.code == 0, again.out
        assert f"deleting {30 - made} records" in again.out
        assert alive(org) == []
        jobs = len(org.jobs())
        assert "the 30 records that this run created are deleted" in undo(workshop, ran).out
        assert len(org.jobs()) == jobs


def test_turns_of_a_loop_keep_the_rows_that_they_send_again_apart(tmp_path: Path) -> None:
    with local_org(faults=["rows=lock:0.4"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        for name in "AB":
            people(workshop, name, 20)
            (tmp_path / "people.csv").rename(tmp_path / f"{name}.csv")
        ran = workshop.run(
            'org env\nfor file in "?.csv"\n    job people\n        insert Contact\n'
            '        from "{file}"\n    load job people\n    retry failed rows of job people\n'
        )
        assert ran.code in {0, 3}
        org.sandbox.faults.clear()
        undone = undo(workshop, ran)
        assert undone.code == 0, undone.out
        assert alive(org) == []


def test_each_job_that_can_be_undone_is_undone_though_another_cannot(tmp_path: Path) -> None:
    with local_org() as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        (record,) = org.insert("Contact", {"LastName": "old"})
        workshop.write("new.csv", f"Id,LastName\n{record},new\n")
        people(workshop, "A", 3)
        ran = workshop.run(
            HEADER
            + 'job changes\n    update Contact\n    from "new.csv"\n'
            + "load job people\nload job changes\n"
        )
        assert ran.code == 0, ran.out
        undone = undo(workshop, ran)
        assert undone.code == 1
        assert "job changes cannot be undone: its operation is update" in undone.out
        assert alive(org) == ["new"]


def test_what_could_not_be_deleted_is_tried_again_and_what_others_deleted_is_not(
    tmp_path: Path,
) -> None:
    with local_org() as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        people(workshop, "A", 8)
        ran = workshop.run(HEADER + "load job people\n")
        Records(org.sandbox.org).delete("Contact", str(org.records("Contact")[0]["Id"]), USER_ID)
        org.sandbox.inject(FailJob(3))
        first = undo(workshop, ran)
        assert first.code == 1
        assert "did not complete" in first.out
        assert 0 < len(alive(org)) < 7
        left = len(alive(org))
        second = undo(workshop, ran)
        assert second.code == 0, second.out
        assert f"deleting {left} records" in second.out
        assert alive(org) == []


def test_a_step_that_was_cut_short_goes_on_counting_its_tries(tmp_path: Path) -> None:
    with local_org(faults=["rows=lock:1.0", "create#2=403"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        people(workshop, "A", 4)
        ran = workshop.run(
            HEADER + "load job people\nretry failed rows of job people\n"
            "require failed rows of job people under 5\n"
        )
        assert ran.code == 1, ran.out
        assert len(org.jobs()) == 1
        resumed = workshop.command("resume", "--state-dir", str(tmp_path / "state"), "--json")
        assert resumed.code == 0, resumed.out
        assert len(org.jobs()) == 2
        run = str(ran.event("run_finished")["run"])
        again = workshop.command("retry", run, "--json", "--state-dir", str(tmp_path / "state"))
        assert again.code == 3
        assert len(org.jobs()) == 3, again.out + again.err


def test_a_try_that_was_cut_short_may_fail_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bulkflow_ingest.execution.retry.LONGEST_PAUSE", 0.0)
    with local_org(faults=["rows=lock:1.0", "create#2=403"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        people(workshop, "A", 4)
        ran = workshop.run(
            HEADER + "load job people\nretry failed rows of job people up to 2 times\n"
        )
        assert ran.code == 1, ran.out
        org.sandbox.faults.clear()
        org.sandbox.inject(FailJob(1))
        resumed = workshop.command("resume", "--state-dir", str(tmp_path / "state"), "--json")
        assert resumed.code == 0, resumed.out
        assert len(org.jobs()) == 3
        assert len(org.records("Contact")) == 4


def test_files_with_other_delimiters_are_sent_again_when_a_run_is_gone_on_with(
    tmp_path: Path,
) -> None:
    with local_org(faults=["rows=lock:1.0", "create#3=403", "create#4=403"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        workshop.write("in/1.csv", "LastName,FirstName\nA1,x\nA2,y\n")
        workshop.write("in/2.csv", "LastName;FirstName\nA3;x\nA4;y\n")
        ran = workshop.run(
            HEADER.replace("people.csv", "in/*.csv")
            + "load job people\nretry failed rows of job people\n"
        )
        assert ran.code == 1, ran.out
        org.sandbox.faults.clear()
        resumed = workshop.command("resume", "--state-dir", str(tmp_path / "state"), "--json")
        assert resumed.code == 0, resumed.out
        assert loaded(org.sandbox, "A") == ["A1", "A2", "A3", "A4"]


# ------------------------------------------------------------------- what `undo` asks


def asked(workshop: Workshop, ran: Ran) -> Ran:
    run, state = str(ran.event("run_finished")["run"]), str(workshop.folder / "state")
    return workshop.command("undo", run, "--state-dir", state)


def test_undo_shows_each_job_before_it_asks(
    workshop: Workshop, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(workshop, tag, 12)
    workshop.write("more.csv", f"Name\n{tag}\n")
    other = 'job companies\n    insert Account\n    from "more.csv"\n'
    ran = workshop.run(f"{HEADER}{other}load job companies\nload job people\n")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    answered_no = asked(workshop, ran)
    assert answered_no.code == 130, answered_no.err
    assert "  companies  insert Account: 1 row handed over\n" in answered_no.err
    assert "  people     insert Contact: 12 rows handed over\n" in answered_no.err
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert asked(workshop, ran).code == 0
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    # The jobs that deleted are none of the run's own.
    assert ":undo" not in asked(workshop, ran).err


def test_undo_asks_nobody_where_no_rows_were_handed_over(
    workshop: Workshop, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people(workshop, tag, 3)
    ran = workshop.run(HEADER + "upload job people\nabort job people\n")
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    undone = asked(workshop, ran)
    assert undone.code == 0, undone.err
    assert "  people  insert Contact: no rows handed over\n" in undone.err
    assert "Delete them" not in undone.err


def test_undo_of_a_run_that_is_not_there_makes_nothing(workshop: Workshop) -> None:
    state = workshop.folder / "nowhere"
    ran = workshop.command("undo", "20260101-000000-abcd", "--state-dir", str(state))
    assert ran.code == 2
    assert "there is no run 20260101-000000-abcd" in ran.err
    assert not state.exists()
