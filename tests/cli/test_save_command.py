"""`bulkflow save`: rows of an earlier run."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Ran, Workshop


@pytest.fixture(scope="module")
def org() -> Iterator[LocalOrg]:
    with local_org() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, org: LocalOrg) -> Workshop:
    made = Workshop(tmp_path, dict(org.environment))
    made.write("people.csv", "LastName;FirstName\r\nA;a\r\n;b\r\nC;c\r\n")
    return made


def job(name: str) -> str:
    return f'job {name}\n    insert Contact\n    from "people.csv"\n\n'


def save(desk: Workshop, run: object, *arguments: str) -> Ran:
    state = str(desk.folder / "state")
    return desk.command("save", str(run), "--state-dir", state, *arguments)


def test_rows_are_saved_after_the_run(desk: Workshop) -> None:
    ran = desk.run(f"org env\n\n{job('people')}load job people\n")
    assert ran.code == 3
    finished = ran.event("run_finished")
    run = finished["run"]
    assert f"bulkflow save {run}" in str(finished["help"])
    target = desk.folder / "out" / "failed.csv"
    saved = save(desk, run, "--to", str(target))
    assert saved.code == 0, saved.err
    with target.open(newline="") as file:
        (row,) = csv.DictReader(file, delimiter=";")
    assert (row["LastName"], row["FirstName"], row["_line"]) == ("", "b", "3")
    assert target.read_bytes().count(b"\n") == target.read_bytes().count(b"\r\n")
    every = desk.folder / "all.csv"
    assert save(desk, run, "--rows", "all", "--to", str(every)).code == 0
    assert every.read_text().count("\n") == 4


def test_of_several_jobs_one_is_named(desk: Workshop) -> None:
    ran = desk.run(f"org env\n\n{job('one')}{job('two')}load job one\nload job two\n")
    run = ran.event("run_finished")["run"]
    refused = save(desk, run, "--to", str(desk.folder / "x.csv"))
    assert refused.code == 2
    assert "has several jobs: one, two" in refused.err
    assert "`--job one`" in refused.err
    assert save(desk, run, "--job", "two", "--to", str(desk.folder / "x.csv")).code == 0
    missing = save(desk, run, "--job", "three", "--to", str(desk.folder / "y.csv"))
    assert missing.code == 2
    assert "has no job three" in missing.err


def test_there_is_no_such_run(desk: Workshop) -> None:
    ran = save(desk, "20200101-000000-0000", "--to", str(desk.folder / "x.csv"))
    assert ran.code == 2
    assert "there is no run" in ran.err


def test_a_file_of_an_earlier_run_is_replaced_by_an_empty_one(desk: Workshop) -> None:
    desk.write("people.csv", "LastName;FirstName\nA;a\n")
    desk.write("failed.csv", "of yesterday")
    steps = 'load job people\nsave failed rows of job people to "failed.csv"\n'
    ran = desk.run(f"org env\n\n{job('people')}{steps}")
    assert ran.code == 0
    assert (desk.folder / "failed.csv").read_text().startswith("LastName;FirstName;_file;")
    assert (desk.folder / "failed.csv").read_text().count("\n") == 1
    (outcome,) = ran.event("run_finished")["jobs"]  # type: ignore[misc]
    assert outcome["saved"] == []  # type: ignore[index]


def test_a_job_without_results_leaves_no_rows_of_an_earlier_run(desk: Workshop) -> None:
    desk.write("failed.csv", "of yesterday")
    unknown = job("people").replace("Contact", "Nope__c")
    ran = desk.run(
        f"org env\n\n{unknown}load job people\n\nalways\n"
        '    save failed rows of job people to "failed.csv"\n'
    )
    assert ran.code == 1
    assert (desk.folder / "failed.csv").read_text().startswith("LastName;FirstName;_file;")
