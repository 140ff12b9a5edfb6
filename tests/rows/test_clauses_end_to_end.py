"""Row clauses on the way from a file to the org and back."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.workshop import Workshop

PEOPLE = (
    "LastName;Born;Sum;Active;Land;Key\n"
    "Lovelace;10.12.1815;1.234,50;WAHR;DE;1\n"
    '"Hop\nper";09.12.1906;2,5;FALSCH;DE;2\n'
    "Lamarr;;;;DE;3\n"
    "Other;01.01.2000;1,0;WAHR;FR;4\n"
    ";01.01.2000;1,0;WAHR;DE;5\n"
    "Twice;01.01.2000;1,0;WAHR;DE;1\n"
)
CLAUSES = """\
    read Born as date "dd.MM.yyyy"
    read Sum as number "1.234,56"
    read Active as boolean "WAHR" "FALSCH"
    where "Land = 'DE'"
    unique by Key
    compute Description as "concat_ws(' ', Key, LastName) || ' ' || coalesce(Sum, 0)"
    rename Born to Birthdate
    drop Sum Active Land Key
"""


@pytest.fixture(scope="module")
def org() -> Iterator[LocalOrg]:
    with local_org() as running:
        yield running


@pytest.fixture
def desk(tmp_path: Path, org: LocalOrg) -> Workshop:
    made = Workshop(tmp_path, dict(org.environment))
    made.write("people.csv", PEOPLE)
    return made


def job(clauses: str, source: str = "people.csv", *steps: str) -> str:
    lines = "\n".join(steps)
    head = f'org env\n\njob people\n    insert Contact\n    from "{source}"\n'
    return f"{head}{clauses}\nload job people\n{lines}\n"


def read(path: Path, delimiter: str = ";") -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def test_rows_are_changed_left_out_and_found_again(desk: Workshop, org: LocalOrg) -> None:
    ran = desk.run(job(CLAUSES, "people.csv", 'save all rows of job people to "all.csv"'))
    assert ran.code == 3, ran.err
    saved = read(desk.folder / "all.csv")
    assert [(row["LastName"], row["_line"], row["_outcome"]) for row in saved] == [
        ("Lovelace", "2", "loaded"),
        ("Hop\nper", "3", "loaded"),
        ("Lamarr", "5", "loaded"),
        ("", "7", "failed"),
    ]
    # What was saved is what the source has.
    assert saved[0]["Born"] == "10.12.1815"
    assert saved[0]["Sum"] == "1.234,50"
    loaded = {row["_id"] for row in saved if row["_id"]}
    found = {
        each["LastName"]: (each["Birthdate"], each["Description"])
        for each in org.records("Contact")
        if each["Id"] in loaded
    }
    assert found == {
        "Lovelace": ("1815-12-10", "1 Lovelace 1234.500000000000000000"),
        "Hop\nper": ("1906-12-09", "2 Hop\nper 2.500000000000000000"),
        "Lamarr": (None, "3 Lamarr 0.000000000000000000"),
    }


def test_retried_rows_are_those_that_the_clauses_made(desk: Workshop, org: LocalOrg) -> None:
    ran = desk.run(
        job(
            CLAUSES,
            "people.csv",
            "retry failed rows of job people up to 2 times",
            'save failed rows of job people to "failed.csv"',
        )
    )
    assert ran.code == 3, ran.err
    (failed,) = read(desk.folder / "failed.csv")
    assert (failed["Key"], failed["_line"], failed["Born"]) == ("5", "7", "01.01.2000")


def plan(desk: Workshop, text: str) -> dict[str, object]:
    ran = desk.command("plan", "--json", str(desk.write("test.bulkflow", text)))
    found = json.loads(ran.out)
    assert isinstance(found, dict)
    return found


def test_the_plan_tells_how_many_rows_each_clause_leaves_out(desk: Workshop) -> None:
    made = json.dumps(plan(desk, job(CLAUSES)))
    assert "leaves out 1 of 6 rows" in made
    assert "`unique by Key` leaves out 1 of 5 rows" in made


def test_typed_columns_keep_their_types_in_expressions(desk: Workshop, org: LocalOrg) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'P' || i AS LastName, i AS Size, date '2000-01-01' + i::INTEGER AS Born,"
            " {'City': 'C' || i} AS Home FROM range(10) t(i))"
            f" TO '{desk.folder / 'people.parquet'}' (FORMAT parquet)"
        )
    clauses = """\
    where "Size > 6"
    compute MailingCity as "upper(\\"Home.City\\")"
    compute Birthdate as "Born + 1"
    drop Size Born Home.City
"""
    ran = desk.run(job(clauses, "people.parquet", 'save all rows of job people to "all.csv"'))
    assert ran.code == 0, ran.out + ran.err
    saved = read(desk.folder / "all.csv", ",")
    assert [(row["Size"], row["Born"], row["Home.City"]) for row in saved] == [
        ("7", "2000-01-08", "C7"),
        ("8", "2000-01-09", "C8"),
        ("9", "2000-01-10", "C9"),
    ]
    ids = [row["_id"] for row in saved]
    found = {each["Id"]: each for each in org.records("Contact")}
    assert [(found[i]["MailingCity"], found[i]["Birthdate"]) for i in ids] == [
        ("C7", "2000-01-09"),
        ("C8", "2000-01-10"),
        ("C9", "2000-01-11"),
    ]


FAULTS = [
    ('read Born as date "MM/dd/yyyy"', "B440", "5 values of Born cannot be read as a date"),
    ('read Sum as number "1,234.56"', "B440", "'1.234,50' (line 2), '2,5' (line 3)"),
    ('read Active as boolean "yes" "no"', "B440", "cannot be read as yes or no"),
    ('map Key by "few.csv"', "B440", "3 values of Key cannot be found in few.csv: '3' (line 5)"),
    ('map Key by "none.csv"', "B441", "none.csv: the table cannot be read"),
    ('map Key by "three.csv"', "B441", "three.csv: line 1 has 3 columns"),
    ('where "Nope = 1"', "B441", "the source has no column Nope"),
    ('where "Key"', "B441", "`Key` is of type VARCHAR, and not true or false"),
    ('where "Key > 1"', "B441", "`Key > 1` cannot be computed"),
    ('where "sum(1) > 1"', "B441", "cannot be computed"),
    ('where "CAST(Sum AS INTEGER) > 1"', "B441", "fails for a row"),
    ('compute Phone as "CAST(Sum AS INTEGER)"', "B441", "`compute Phone as "),
    ("unique by Nope", "B441", "has no column Nope"),
    ('read Nope as date "dd.MM.yyyy"', "B441", "has no column Nope"),
    ('where "Key = (SELECT 1)"', "B309", "has a query inside"),
    ('where "1) FROM x WHERE (1"', "B309", "is more than one SQL expression"),
    ("where \"getenv('HOME') = 'x'\"", "B309", "calls getenv"),
    ('where "Key ="', "B309", "is not an SQL expression"),
    ('read Born as date "dd.mm.yyyy"', "B309", "has no month"),
    ('read Born as date "dd.MM.yyyy HH:mm"', "B309", "has a time"),
    ('read Born as date "qq"', "B309", "is not a part of a date"),
    ('read Born as datetime "dd.MM.yyyy" in "Mars/Base"', "B309", "unknown time zone Mars/Base"),
    ('read Sum as number "1.234"', "B309", "may be a whole number or have three decimals"),
    ('read Sum as number "x"', "B309", "is not an example of a number"),
    ('read Active as boolean "x" "X"', "B309", "means both true and false"),
]


@pytest.mark.parametrize(("clause", "code", "message"), FAULTS)
def test_a_faulty_clause_is_found_before_the_first_request(
    desk: Workshop, clause: str, code: str, message: str
) -> None:
    desk.write("few.csv", "from,to\n1,Eins\n2,Zwei\n")
    desk.write("three.csv", "from,to,why\n1,Eins,x\n")
    keep = (
        "    keep LastName\n" if clause.startswith(("map", "read")) else "    keep LastName Key\n"
    )
    text = job(f"{keep}    {clause}\n")
    ran = desk.command("plan", "--format", "json", str(desk.write("test.bulkflow", text)))
    assert ran.code == 2
    (found,) = json.loads(ran.out)["diagnostics"]
    assert found["code"] == code
    assert message in found["message"]
    assert found["help"]
    assert found["line"] == 7
    assert desk.run(text).code == 2
