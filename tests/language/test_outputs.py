"""Outputs over what a file needs are refused before anything is sent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.workshop import Ran, Workshop

HEAD = """\
org sandbox
job a
    insert Account
    from "a.csv"
job b
    insert Contact
    from "b.csv"
load job a
load job b
"""


@pytest.fixture
def project(tmp_path: Path) -> Workshop:
    made = Workshop(tmp_path, {})
    for name in ("a.csv", "b.csv"):
        made.write(name, "Name\nx\n")
    return made


def check(project: Workshop, steps: str) -> Ran:
    file = project.write("x.bulkflow", HEAD + steps)
    return project.command("check", str(file))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("a.csv", "the source of job a"),
        ("b.csv", "the source of job b"),
        ("./sub/../a.csv", "the source of job a"),
        ("x.bulkflow", "this file, a pipeline file"),
        ("part.bulkflow", "part.bulkflow, a pipeline file"),
        ("again.csv", "the output of another step"),
        ("{copy}", "the source of job a"),
        ("", "it is empty"),
        (" ", "it is empty"),
    ],
)
def test_an_output_over_what_is_needed_is_refused(
    project: Workshop, place: str, words: str
) -> None:
    project.write("part.bulkflow", 'log "x"\n')
    steps = (
        'include "part.bulkflow"\nlet copy = "a.csv"\n'
        'save failed rows of job b to "again.csv"\n'
        f'save all rows of job a to "{place}"\n'
        'log "{copy}"\n'
    )
    ran = check(project, steps)
    assert ran.code == 2, ran.err
    assert words in ran.out + ran.err


@pytest.mark.skipif(os.name != "posix", reason="links need no rights there")
@pytest.mark.parametrize("target", ["a.csv", "x.bulkflow"])
def test_a_link_to_what_is_needed_is_refused(project: Workshop, target: str) -> None:
    (project.folder / "link.csv").symlink_to(target)
    ran = check(project, 'save all rows of job a to "link.csv"\n')
    assert ran.code == 2, ran.err
    assert "B311" in ran.out + ran.err


@pytest.mark.parametrize(
    "steps",
    [
        'save all rows of job a to "/dev/null"\nsave failed rows of job b to "/dev/null"\n',
        'save results of job a to "out"\nsave results of job b to "out"\n',
        'save failed rows of job a to "x.csv"\nsave failed rows of job a to "x.csv"\n',
        (
            'when any failed rows of job a\n    save all rows of job a to "x.csv"\n'
            'when not any failed rows of job a\n    save failed rows of job a to "x.csv"\n'
        ),
        (
            'save failed rows of job a to "again.csv"\n'
            'job c\n    insert Account\n    from "again.csv"\nload job c\n'
        ),
    ],
)
def test_what_overwrites_nothing_passes(project: Workshop, steps: str) -> None:
    ran = check(project, steps)
    assert ran.code == 0, ran.out + ran.err
