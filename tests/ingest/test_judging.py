"""Which rows of a load the file has judged, from the command line to the exit code."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from bulkflow_sandbox.faults.fault import FailJob
from bulkflow_sandbox.testing import local_org
from support.workshop import Ran, Workshop

HEADER = 'org env\njob people\n    insert Contact\n    from "people.csv"\n'
SAVES = 'save failed rows of job people to "failed.csv"\n'


@pytest.fixture
def tag(request: pytest.FixtureRequest) -> str:
    return hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]


@pytest.fixture
def people(workshop: Workshop, tag: str) -> Workshop:
    """Three rows, one of which fails for its data."""
    workshop.write("people.csv", f'LastName\n{tag}1\n""\n{tag}2\n')
    return workshop


def outcome(ran: Ran) -> tuple[object, ...]:
    (job,) = ran.event("run_finished")["jobs"]  # type: ignore[misc]
    return tuple(job[key] for key in ("rows", "loaded", "failed", "unprocessed"))


def ended(workshop: Workshop, verb: str, *options: str) -> Ran:
    """Do something with the one run that there is."""
    state = ("--state-dir", str(workshop.folder / "state"))
    (run,) = json.loads(workshop.command("runs", "--json", *state).out)
    return workshop.command(verb, run["id"], *options, *state, "--json")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("", 3),
        (SAVES, 3),
        ('save all rows of job people to "all.csv"\n', 3),
        ('save results of job people to "results"\n', 3),
        ("retry failed rows of job people\n", 3),
        ("require all rows of job people under 9\n", 3),
        ("require successful rows of job people under 9\n", 3),
        ("require unprocessed rows of job people under 9\n", 3),
        ("require withheld rows of job people under 9\n", 3),
        ("require unknown rows of job people under 9\n", 3),
        ("when any unprocessed rows of job people\n    " + SAVES, 3),
        ('load job people on success log "x"\n', 3),
        ("require failed rows of job people under 2\n", 0),
        ("require failed rows of job people under 1 on failure continue\n", 0),
        ("when any failed rows of job people\n    " + SAVES, 0),
        ('when over 50% failed rows\n    log "many"\n', 0),
        ("always\n    require failed rows of job people under 2\n", 0),
    ],
)
def test_a_failed_row_is_judged_by_what_names_failed_rows(
    people: Workshop, lines: str, code: int
) -> None:
    load = "" if lines.startswith("load") else "load job people\n"
    ran = people.run(HEADER + load + lines)
    assert outcome(ran) == (3, 2, 1, 0)
    assert ran.code == code, ran.out
    finished = ran.event("run_finished")
    assert ("require failed rows of job people" in str(finished["help"])) is (code == 3)


def test_a_run_that_saves_failed_rows_names_the_commonest_error(people: Workshop) -> None:
    ran = people.run(HEADER + "load job people\n" + SAVES)
    assert ran.code == 3
    (job,) = ran.event("run_finished")["jobs"]  # type: ignore[misc]
    assert job["commonest_error"]["message"].startswith("REQUIRED_FIELD_MISSING")


def test_a_question_before_the_load_judges_nothing_of_it(people: Workshop) -> None:
    early = 'when any failed rows of job people\n    log "never"\n'
    assert people.run(HEADER + early + "load job people\n").code == 3


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("", 3),
        ("require failed rows of job people under 9\n", 3),
        ("require unprocessed rows of job people under 9\n", 0),
        ('when any unprocessed rows of job people\n    log "some"\n', 0),
    ],
)
def test_rows_that_were_never_tried_are_judged_by_what_names_them(
    tmp_path: Path, lines: str, code: int
) -> None:
    ran = broken_off(tmp_path, lines)
    assert outcome(ran) == (3, 1, 0, 2)
    assert ran.code == code, ran.out


@pytest.mark.parametrize(("first", "code"), [("retry", 0), ("require", 3)])
def test_rows_that_fail_when_they_are_sent_again_are_not_judged_before(
    tmp_path: Path, first: str, code: int
) -> None:
    lines = [
        "require failed rows of job people under 9\n",
        "retry unprocessed rows of job people\n",
    ]
    ran = broken_off(tmp_path, "".join(sorted(lines, reverse=first == "retry")))
    assert outcome(ran) == (3, 2, 1, 0)
    assert ran.code == code, ran.out


def broken_off(folder: Path, lines: str) -> Ran:
    """A load that the org breaks off behind its first row; the second one has no name."""
    with local_org() as org:
        org.sandbox.inject(FailJob(1))
        workshop = Workshop(folder, dict(org.environment))
        workshop.write("people.csv", 'LastName\nA\n""\nB\n')
        return workshop.run(HEADER + "load job people on failure continue\n" + lines)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ("require failed rows of job people under 2\n", 0),
        ("require failed rows of job people under 1 on failure continue\n", 0),
        ('when any failed rows of job people\n    log "some"\n', 0),
        ('when any failed rows of job people\n    log "some"\nretry failed rows\n', 0),
        ("require unknown rows of job people under 2\n", 3),
        (SAVES, 3),
    ],
)
def test_a_resumed_run_judges_the_same(people: Workshop, lines: str, code: int) -> None:
    blocked = people.write("out", "no folder")
    text = HEADER + "load job people\n" + lines
    begun = people.run(text + 'save successful rows of job people to "out/made.csv"\n')
    assert begun.code == 1
    blocked.unlink()
    ran = ended(people, "resume")
    assert outcome(ran) == (3, 2, 1, 0)
    assert ran.code == code, ran.out


@pytest.mark.parametrize("rows", ["failed", "all"])
@pytest.mark.parametrize(
    "lines",
    [
        "",
        "require failed rows of job people under 2\n",
        'when any failed rows of job people\n    log "some"\n',
    ],
)
def test_retry_ends_with_3_while_rows_are_not_loaded(
    people: Workshop, lines: str, rows: str
) -> None:
    people.run(HEADER + "load job people\n" + lines)
    ran = ended(people, "retry", "--rows", rows)
    assert ran.code == 3, ran.out
    assert ran.event("run_finished")["help"] is None


def test_undo_is_not_asked_about_rows_that_failed(people: Workshop) -> None:
    assert people.run(HEADER + "load job people\n").code == 3
    assert ended(people, "undo", "--yes").code == 0


def test_abort_is_not_asked_about_rows_that_were_never_tried(people: Workshop) -> None:
    assert people.run(HEADER + 'upload job people then fail "no"\n').code == 1
    assert ended(people, "abort").code == 0
