"""`keep results`: what a run has made can be saved and taken back when its jobs are gone."""

from __future__ import annotations

import csv
import gzip
import json
import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.proxy import Handler, Proxy, answering, proxied
from support.workshop import Ran, Workshop

PEOPLE = (
    'org env\njob people\n    insert Contact\n    from "people.csv"\n    parts of 2 rows\n'
    "    keep results\n"
)
LOAD = PEOPLE + "load job people\n"
TOO_LONG = "x" * 81
JOB = "/jobs/ingest/[^/]+"
RESULTS = f"{JOB}/(successfulResults|failedResults|unprocessedrecords)"
REFUSED = answering(500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "broken"}])


@pytest.fixture
def org() -> Iterator[LocalOrg]:
    with local_org() as made:
        yield made


@pytest.fixture
def workshop(tmp_path: Path, org: LocalOrg) -> Workshop:
    made = Workshop(tmp_path, dict(org.environment))
    # Three parts; one row of the first fails.
    made.write("people.csv", f"LastName\nA\n{TOO_LONG}\nB\nC\nD\n")
    return made


@pytest.fixture
def proxy(workshop: Workshop, org: LocalOrg) -> Iterator[Proxy]:
    with proxied(org.url) as made:
        workshop.environ["SF_ORG_INSTANCE_URL"] = made.url
        yield made


def remove_jobs(org: LocalOrg) -> None:
    """Delete all jobs, as Salesforce does after seven days, or somebody else at any time."""
    for job in org.jobs():
        request = urllib.request.Request(
            f"{org.url}/services/data/v66.0/jobs/ingest/{job.id}",
            method="DELETE",
            headers={"Authorization": f"Bearer {org.token}"},
        )
        with urllib.request.urlopen(request):
            pass
    assert not org.jobs()


def alive(org: LocalOrg) -> list[str]:
    return sorted(str(each["LastName"]) for each in org.records("Contact"))


def kept(workshop: Workshop) -> list[str]:
    """The kept files, by what they have."""
    files = [each for each in (workshop.folder / "state").rglob("results/*/*") if each.is_file()]
    return sorted(each.name.partition("-")[2] for each in files if each.suffix != ".part")


def resume(workshop: Workshop) -> Ran:
    return workshop.command("resume", "--state-dir", str(workshop.folder / "state"), "--json")


def then(workshop: Workshop, ran: Ran, command: str, *arguments: str) -> Ran:
    run, state = str(ran.event("run_finished")["run"]), str(workshop.folder / "state")
    return workshop.command(command, run, *arguments, "--state-dir", state, "--json")


def outcomes(path: Path) -> Counter[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return Counter(row["_outcome"] for row in csv.DictReader(file))


def said(ran: Ran) -> str:
    return "\n".join(json.dumps(each) for each in ran.events)


def test_only_what_has_rows_is_kept_and_compressed(
    workshop: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    """The proxy asks for nothing compressed."""
    ran = workshop.run(LOAD)
    assert ran.code == 3, ran.out
    assert kept(workshop) == ["failed.csv.gz", *["successful.csv.gz"] * 3]
    assert proxy.count("GET", RESULTS) == 4
    for path in (workshop.folder / "state").rglob("results/*/*"):
        assert gzip.decompress(path.read_bytes()).startswith(b'"sf__Id"')
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_without_the_clause_nothing_is_fetched(workshop: Workshop, org: LocalOrg) -> None:
    ran = workshop.run(LOAD.replace("    keep results\n", "").replace(TOO_LONG, "E"))
    assert "successful.csv.gz" not in kept(workshop)
    remove_jobs(org)
    undone = then(workshop, ran, "undo", "--yes")
    assert undone.code == 1
    assert "3 of its jobs are gone" in said(undone)
    assert alive(org) == ["A", "B", "C", "D"]


def test_what_is_gone_is_taken_back(workshop: Workshop, org: LocalOrg) -> None:
    ran = workshop.run(LOAD)
    remove_jobs(org)
    for _ in range(2):
        undone = then(workshop, ran, "undo", "--yes")
        assert undone.code == 0, undone.out
        assert "more calls" not in said(undone)
        assert alive(org) == []
        # The second time those that deleted are gone as well.
        remove_jobs(org)
    assert "the 4 records that this run created are deleted" in said(undone)


def test_what_is_gone_is_saved(workshop: Workshop, org: LocalOrg) -> None:
    blocked = workshop.write("blocked", "")
    steps = [f'save {each} rows of job people to "out/{each}.csv"' for each in ("failed", "all")]
    ran = workshop.run(
        LOAD
        + 'save failed rows of job people to "blocked/failed.csv"\n'
        + "\n".join(steps)
        + '\nsave results of job people to "raw"\n'
    )
    assert ran.code == 1, ran.out
    remove_jobs(org)
    blocked.unlink()
    again = resume(workshop)
    assert again.code == 3, again.out
    assert outcomes(workshop.folder / "out/failed.csv") == {"failed": 1}
    assert outcomes(workshop.folder / "out/all.csv") == {"loaded": 4, "failed": 1}
    assert sorted(each.name for each in (workshop.folder / "raw").iterdir()) == [
        "people-1-failed.csv",
        "people-1-successful.csv",
        "people-2-successful.csv",
        "people-3-successful.csv",
    ]
    assert "saved 4 result files" in said(again)


def test_what_somebody_deletes_in_the_midst_of_a_run_is_saved(
    workshop: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    fetched: list[str] = []

    def delete(handler: Handler, forward: Callable[[], None]) -> None:
        forward()
        fetched.append(handler.path)
        # The two last requests of the load, in any order.
        if len(fetched) == 2:
            remove_jobs(org)

    proxy.on("GET", f"{JOB}/failedResults", delete)
    proxy.on("GET", f"{JOB}/successfulResults", delete)
    workshop.write("people.csv", f"LastName\n{TOO_LONG}\nA\n")
    ran = workshop.run(
        LOAD + 'save all rows of job people to "all.csv"\nsave results of job people to "raw"\n'
    )
    assert ran.code == 3, ran.out
    assert outcomes(workshop.folder / "all.csv") == {"loaded": 1, "failed": 1}
    assert len(list((workshop.folder / "raw").iterdir())) == 2


def test_raw_results_that_are_gone_are_not_passed_over(workshop: Workshop, org: LocalOrg) -> None:
    blocked = workshop.write("blocked", "")
    ran = workshop.run(
        LOAD.replace("    keep results\n", "") + 'save results of job people to "blocked/raw"\n'
    )
    assert ran.code == 1, ran.out
    remove_jobs(org)
    for path in (workshop.folder / "state").rglob("results/*/*-failed.csv.gz"):
        path.unlink()
    blocked.unlink()
    again = resume(workshop)
    assert again.code == 1, again.out
    assert "jobs are gone from the org" in said(again)


def test_rows_of_a_job_that_failed_are_kept_as_they_were_at_rest(tmp_path: Path) -> None:
    with local_org(faults=["job=fail:2"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        workshop.write("people.csv", "LastName\nA\nB\nC\nD\n")
        ran = workshop.run(LOAD.replace("    parts of 2 rows\n", ""))
        assert ran.code == 1, ran.out
        remove_jobs(org)
        org.sandbox.faults.clear()
        retried = then(workshop, ran, "retry")
        assert retried.code == 0, retried.out
        assert alive(org) == ["A", "B", "C", "D"]
        remove_jobs(org)
        assert then(workshop, ran, "undo", "--yes").code == 0
        assert alive(org) == []


def test_rows_of_a_job_that_never_rests_are_not_sent_when_it_is_gone(tmp_path: Path) -> None:
    with local_org(faults=["job=fail:2"]) as org, proxied(org.url) as proxy:
        workshop = Workshop(tmp_path, {**org.environment, "SF_ORG_INSTANCE_URL": proxy.url})
        workshop.environ["BULKFLOW_PATIENCE"] = "1s"
        workshop.write("people.csv", "LastName\nA\nB\nC\nD\n")
        looks = 0

        def moving(handler: Handler, forward: Callable[[], None]) -> None:
            nonlocal looks
            looks += 1
            status, headers, content = handler.exchange()
            told = json.loads(content) | {"systemModstamp": f"another {looks}"}
            handler.answer(status, headers, json.dumps(told).encode())

        proxy.on("GET", JOB, moving, times=None)
        ran = workshop.run(LOAD.replace("    parts of 2 rows\n", ""))
        assert ran.code == 1, ran.out
        assert "unprocessed.csv.gz" not in kept(workshop)
        remove_jobs(org)
        proxy.rules.clear()
        retried = then(workshop, ran, "retry")
        assert retried.code == 1, retried.out
        assert alive(org) == ["A", "B"]


def test_what_an_abort_left_is_kept(tmp_path: Path) -> None:
    with local_org(processing="1h") as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        workshop.write("people.csv", "LastName\nA\nB\n")
        ran = workshop.run(PEOPLE + "upload then close job people\nabort job people\n")
        # Salesforce ends the batch that it is at: whether rows are in it is its affair.
        assert ran.code in {0, 3}, ran.out
        names = [name.partition(".")[0] for name in kept(workshop)]
        assert names == ["failed", "successful", "unprocessed"]


def test_results_that_are_not_there_yet_are_waited_for(tmp_path: Path) -> None:
    with local_org(faults=["successesx2=204"]) as org:
        workshop = Workshop(tmp_path, dict(org.environment))
        workshop.write("people.csv", "LastName\nA\nB\n")
        ran = workshop.run(LOAD)
        assert ran.code == 0, ran.out
        assert kept(workshop) == ["successful.csv.gz"]
        remove_jobs(org)
        assert then(workshop, ran, "undo", "--yes").code == 0
        assert alive(org) == []


def test_results_that_never_come_fail_the_load_and_hinder_its_deletion(tmp_path: Path) -> None:
    with local_org(faults=["successesx*=204"]) as org:
        workshop = Workshop(tmp_path, {**org.environment, "BULKFLOW_PATIENCE": "1s"})
        workshop.write("people.csv", "LastName\nA\nB\n")
        ran = workshop.run(PEOPLE + "load job people on failure continue\ndelete job people\n")
        assert ran.code == 1, ran.out
        assert "cannot be trusted" in said(ran)
        assert len(org.jobs()) == 1


def test_a_file_that_cannot_be_fetched_fails_the_load_and_is_fetched_by_resume(
    workshop: Workshop, org: LocalOrg, proxy: Proxy
) -> None:
    workshop.environ["BULKFLOW_PATIENCE"] = "1s"
    proxy.on("GET", f"{JOB}/failedResults", REFUSED, times=None)
    ran = workshop.run(LOAD)
    assert ran.code == 1, ran.out
    assert "not all results of job people are kept" in said(ran)
    proxy.rules.clear()
    assert resume(workshop).code == 3
    assert kept(workshop) == ["failed.csv.gz", *["successful.csv.gz"] * 3]
    assert alive(org) == ["A", "B", "C", "D"]


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
@pytest.mark.parametrize(
    ("which", "when"), [("successfulResults", "before"), ("failedResults", "amid")]
)
def test_a_run_that_was_killed_while_it_fetched_fetches_the_rest(
    workshop: Workshop, org: LocalOrg, proxy: Proxy, which: str, when: str
) -> None:
    process: list[subprocess.Popen[bytes]] = []

    def kill(handler: Handler, forward: Callable[[], None]) -> None:
        if when == "amid":
            status, headers, content = handler.exchange()
            handler.answer(status, headers, content[: len(content) // 2])
        process[0].kill()
        handler.cut()

    file = workshop.write("test.bulkflow", LOAD)
    command = [sys.executable, "-m", "bulkflow", "run", str(file)]
    command += ["--state-dir", str(workshop.folder / "state")]
    environ = {**os.environ, **workshop.environ}
    proxy.on("GET", f"{JOB}/{which}", kill)
    quiet = subprocess.DEVNULL
    with proxy.held():
        process.append(subprocess.Popen(command, env=environ, stdout=quiet, stderr=quiet))
    assert process[0].wait() == -signal.SIGKILL
    again = resume(workshop)
    assert again.code == 3, again.out
    assert kept(workshop) == ["failed.csv.gz", *["successful.csv.gz"] * 3]
    remove_jobs(org)
    assert then(workshop, again, "undo", "--yes").code == 0
    assert alive(org) == []


def test_a_run_that_ends_before_a_file_is_compressed_fetches_it_again(
    workshop: Workshop, org: LocalOrg, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("bulkflow_ingest.results.files.compress_stream", lambda *_: 1 / 0)
        assert workshop.run(LOAD).code == 1
    assert resume(workshop).code == 3
    assert kept(workshop) == ["failed.csv.gz", *["successful.csv.gz"] * 3]


def test_a_job_that_is_deleted_by_the_file_keeps_its_results(
    workshop: Workshop, org: LocalOrg
) -> None:
    ran = workshop.run(LOAD + "delete job people\n")
    assert ran.code == 3, ran.out
    assert not org.jobs()
    undone = then(workshop, ran, "undo", "--yes")
    assert undone.code == 0, undone.out
    assert alive(org) == []


def test_the_plan_says_what_it_costs(workshop: Workshop) -> None:
    file = workshop.write("test.bulkflow", LOAD)
    told = workshop.command("plan", str(file)).out
    # 103 bytes of parts, and for each of 5 rows 28 bytes and the quotes of one column.
    size = sum(len(f"LastName\n{rows}") for rows in (f"A\n{TOO_LONG}\n", "B\nC\n", "D\n"))
    assert f"up to 9 more calls, and about {size + 150} bytes before compression" in told


def test_results_of_a_job_of_others_are_saved_by_resume(workshop: Workshop, org: LocalOrg) -> None:
    workshop.write("people.csv", "LastName\nA\nB\n")
    workshop.run(PEOPLE + "upload then close job people\n")
    (job,) = org.jobs()
    blocked = workshop.write("blocked", "")
    ran = workshop.run(
        f"org env\njob theirs\n    existing {job.id}\nwait for job theirs\n"
        'save all rows of job theirs to "blocked/all.csv"\n'
    )
    assert ran.code == 1, ran.out
    blocked.unlink()
    assert resume(workshop).code == 0
    assert blocked.joinpath("all.csv").read_text().count("\n") == 3
