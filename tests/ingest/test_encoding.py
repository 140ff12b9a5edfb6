"""A file that is not UTF-8 is loaded as what it says, and its rows are found again."""

from __future__ import annotations

import csv
import gzip
import json

import pytest

from bulkflow_sandbox import Sandbox
from support.workshop import Workshop

PIPELINE = """\
org env
job people
    insert Contact
    from "{file}"
    encoding "utf-16"
load job people
save all rows of job people to "out.csv"
"""
ROWS = 'LastName,Description\r\nOrdóñez,"東京\r\n2"\r\n,nobody\r\nŻuk,x\r\n'


def test_rows_of_another_encoding_arrive_and_are_saved_with_their_lines(
    workshop: Workshop, sandbox: Sandbox
) -> None:
    workshop.write("people.csv.gz", gzip.compress(ROWS.encode("utf-16")))
    ran = workshop.run(PIPELINE.format(file="people.csv.gz"))
    assert ran.code == 3
    notes = ran.event("job_prepared")["notes"]
    assert any("rewritten from utf-16 to UTF-8" in note for note in notes)
    with sandbox.database.reading() as connection:
        found = connection.execute('SELECT "LastName", "Description" FROM "Contact"').fetchall()
    assert {("Ordóñez", "東京\r\n2"), ("Żuk", "x")} <= {tuple(row) for row in found}
    with (workshop.folder / "out.csv").open(encoding="utf-16", newline="") as file:
        saved = list(csv.DictReader(file))
    assert [(row["_line"], row["_outcome"]) for row in saved] == [
        ("2", "loaded"),
        ("4", "failed"),
        ("5", "loaded"),
    ]


def test_the_plan_says_that_it_happens_and_why(workshop: Workshop) -> None:
    workshop.write("people.csv", ROWS.encode("utf-16"))
    file = workshop.write("test.bulkflow", PIPELINE.format(file="people.csv"))
    ran = workshop.command("plan", str(file), "--json")
    (job,) = json.loads(ran.out)["jobs"]
    assert "Salesforce reads no other encoding" in job["notes"][0]


def test_an_encoding_that_nobody_knows_is_wrong_before_anything_is_read(
    workshop: Workshop,
) -> None:
    file = workshop.write(
        "test.bulkflow", PIPELINE.replace("utf-16", "utf-61").format(file="a.csv")
    )
    ran = workshop.command("check", str(file))
    assert ran.code == 2
    assert "unknown encoding utf-61" in ran.out + ran.err


@pytest.mark.parametrize("packed", [False, True])
def test_a_byte_that_an_encoding_has_not_is_named_with_its_place(
    workshop: Workshop, packed: bool
) -> None:
    content = "LastName,Note\nOrdóñez,x\nA,y".encode("windows-1252") + b"\x81\n"
    name = "people.csv.gz" if packed else "people.csv"
    workshop.write(name, gzip.compress(content) if packed else content)
    # `keep` is held against the columns, which are read before the rows are prepared.
    pipeline = PIPELINE.replace("utf-16", "windows-1252").replace(
        "load job", '    keep "LastName"\nload job', 1
    )
    ran = workshop.run(pipeline.format(file=name))
    assert ran.code == 2
    (error,) = ran.event("run_finished")["errors"]
    assert (error["message"], error["place"]) == (
        "byte 0x81 is not valid windows-1252",
        f"{name}:line 3, byte offset 27",
    )
