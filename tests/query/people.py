"""The rows that the sandbox of these tests has, and how an extract of them looks."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from query.conftest import ROWS
from support.workshop import Ran, Workshop

JOB = "/jobs/query/[^/]+"
ALL = 'query "SELECT LastName, Email FROM Contact"'


def pipeline(clause: str = ALL, *steps: str) -> str:
    """A file with the job people, and its steps."""
    lines = steps or ('extract job people to "people.csv"',)
    return "\n".join(("org env", "job people", f"    {clause}", *lines, ""))


def resume(workshop: Workshop, *arguments: str) -> Ran:
    state = str(workshop.folder / "state")
    return workshop.command("resume", *arguments, "--state-dir", state, "--json")


def read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def expected() -> list[list[str]]:
    people = [[f'P{number:03} "q"\nx', f"p{number}@example.org"] for number in range(ROWS)]
    return [["LastName", "Email"], *people]


def notices(ran: Ran) -> list[str]:
    events = [json.loads(line) for line in ran.out.splitlines()]
    return [each["message"] for each in events if each["event"] == "notice"]
