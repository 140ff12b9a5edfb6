"""How many parts a job is cut into, as its plan says."""

from __future__ import annotations

import json

import pytest

from support.workshop import Workshop

JOB = 'org env\njob people\n    insert Contact\n    from "people.csv"\n{clauses}load job people\n'


@pytest.mark.parametrize(
    ("clauses", "parts"),
    [
        ("", 1),
        ("    balanced parts\n", 4),
        ("    balanced parts\n    over 3 connections\n", 3),
        # Filled parts would be of 3 MB and of 1.5 MB.
        ("    parts of 3MB\n    balanced parts\n    over 2 connections\n", 2),
        ("    parts of 1MB\n    balanced parts\n    over 2 connections\n", 6),
        # No part is made smaller than a megabyte for a connection.
        ("    balanced parts\n    over 16 connections\n", 4),
    ],
)
def test_parts_are_as_many_as_the_clauses_say(workshop: Workshop, clauses: str, parts: int) -> None:
    workshop.write("people.csv", "LastName\n" + ("x" * 99 + "\n") * 45_000)
    file = workshop.write("test.bulkflow", JOB.format(clauses=clauses))
    ran = workshop.command("plan", str(file), "--json")
    assert ran.code == 0
    (job,) = json.loads(ran.out)["jobs"]
    assert len(job["parts"]) == parts
    sizes = [part["bytes"] for part in job["parts"]]
    assert max(sizes) - min(sizes) <= 200
