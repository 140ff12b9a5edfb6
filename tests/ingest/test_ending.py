"""When a run that failed is over, so that its file can be run again, and when it is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Ran, Workshop

PEOPLE = 'job people\n    insert Contact\n    from "people.csv"\n    parts of 2 rows\n'
FIRMS = 'job firms\n    insert Account\n    from "firms.csv"\n'
FAILS = "require successful rows of job people under 1\n"
BRANCH = 'when env X is ""\n    load job firms\n'
LOOP = (
    'for file in "x-*.csv"\n    job some\n        insert Contact\n        from "{file}"\n'
    "    load job some\n"
)


def workshop_in(folder: Path, org: LocalOrg) -> Workshop:
    workshop = Workshop(folder, dict(org.environment))
    for name in ("people.csv", "x-1.csv", "x-2.csv"):
        workshop.write(name, f"LastName\n{name}1\n{name}2\n{name}3\n")
    workshop.write("firms.csv", "Name\none\ntwo\n")
    return workshop


def is_over(workshop: Workshop) -> bool:
    state = str(workshop.folder / "state")
    (last, *_) = json.loads(workshop.command("runs", "--state-dir", state, "--json").out)
    return last["finished"] is not None


def help_of(ran: Ran) -> str:
    return str(ran.event("run_finished")["help"])


def test_a_failed_run_of_the_embedded_sandbox_names_no_command_that_goes_on_with_it(
    tmp_path: Path,
) -> None:
    workshop = Workshop(tmp_path, {})
    workshop.write("people.csv", "LastName\nA\n")
    ran = workshop.run("org sandbox\n" + PEOPLE + "load job people\n" + FAILS)
    assert ran.code == 1, ran.out
    assert help_of(ran) == (
        "sandbox keeps nothing when a run ends, so there is nothing to resume: run "
        f"{tmp_path / 'test.bulkflow'} again"
    )


@pytest.mark.parametrize(
    ("pipeline", "faults"),
    [
        (PEOPLE + "load job people\n" + FAILS, ()),
        (PEOPLE + "load job people\n", ("job=fail:1",)),
        (PEOPLE + 'load job people then log "loaded"\n' + FAILS + 'log "after"\n', ()),
        (
            PEOPLE + FIRMS + "load job people\nwhen any failed rows of job people\n"
            "    load job firms\n" + FAILS,
            (),
        ),
        (LOOP + PEOPLE + "load job people\n" + FAILS, ()),
        (PEOPLE + "create job people on failure abort\n", ("create#2=403",)),
    ],
    ids=["required", "a failed job", "steps left", "a branch not taken", "a loop", "none sent"],
)
def test_a_run_whose_rows_were_all_sent_is_over_though_it_failed(
    tmp_path: Path, pipeline: str, faults: tuple[str, ...]
) -> None:
    with local_org(faults=faults) as org:
        workshop = workshop_in(tmp_path, org)
        assert workshop.run("org env\n" + pipeline).code == 1
        assert is_over(workshop)


@pytest.mark.parametrize(
    ("pipeline", "faults"),
    [
        (PEOPLE + FIRMS + "load job people\nload job firms\n", ("create#3=403",)),
        (PEOPLE + FIRMS + "load job people\n" + FAILS + "load job firms\n", ()),
        (PEOPLE + "load job people\n" + FAILS + LOOP, ()),
        (PEOPLE + LOOP + "load job people\n", ("create#2=403",)),
        (PEOPLE + "upload then close job people\n", ("close=403",)),
        (
            PEOPLE + FIRMS + "load job people\n" + FAILS + 'when env X is ""\n    load job firms\n',
            (),
        ),
    ],
    ids=["refused", "a job left", "a loop left", "turns left", "open jobs", "a branch left"],
)
def test_a_run_with_rows_that_were_not_sent_is_not_over(
    tmp_path: Path, pipeline: str, faults: tuple[str, ...]
) -> None:
    with local_org(faults=faults) as org:
        workshop = workshop_in(tmp_path, org)
        workshop.environ["X"] = ""
        failed = workshop.run("org env\n" + pipeline)
        assert failed.code == 1, failed.out
        assert not is_over(workshop)
        assert "bulkflow resume" in help_of(failed)
        assert workshop.run("org env\n" + pipeline).code == 2


def test_an_org_that_begins_empty_is_loaded_again_without_a_word(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path, {})
    workshop.write("people.csv", "LastName\none\n")
    for _ in range(2):
        ran = workshop.run("org sandbox\n" + PEOPLE + "load job people\n" + FAILS)
        assert ran.code == 1
        assert "are successful" in ran.out


def test_the_same_data_are_not_loaded_again_after_a_failure_unless_asked_for(
    tmp_path: Path,
) -> None:
    with local_org() as org:
        workshop = workshop_in(tmp_path, org)
        pipeline = "org env\n" + PEOPLE + "load job people\n" + FAILS
        first = workshop.run(pipeline)
        assert "the run is finished" in help_of(first)
        run = str(first.event("run_finished")["run"])
        for _ in range(2):
            again = workshop.run(pipeline)
            assert again.code == 2
            assert f"were handed over before, by run {run}" in again.out
        state = ("--state-dir", str(tmp_path / "state"), "--json")
        assert workshop.command("resume", run, *state).code == 1
        assert len(org.records("Contact")) == 3
        workshop.write("people.csv", "LastName\nother\n")
        assert workshop.run(pipeline).code == 1
        assert len(org.records("Contact")) == 4
        assert workshop.run(pipeline, "--fresh").code == 1
        assert len(org.records("Contact")) == 5


def test_the_same_data_are_not_loaded_again_once_a_failure_was_given_up(tmp_path: Path) -> None:
    with local_org() as org:
        workshop = workshop_in(tmp_path, org)
        pipeline = "org env\n" + PEOPLE + "load job people\n" + FAILS
        run = str(workshop.run(pipeline).event("run_finished")["run"])
        state = ("--state-dir", str(tmp_path / "state"), "--json")
        assert workshop.command("abort", run, *state).code == 0
        again = workshop.run(pipeline)
        assert again.code == 2
        assert f"were handed over before, by run {run}" in again.out
        assert len(org.records("Contact")) == 3
        assert workshop.run(pipeline, "--fresh").code == 1
        assert len(org.records("Contact")) == 6
