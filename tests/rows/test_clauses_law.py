"""Random tables through random row clauses give what plain Python makes of them."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow_csv import Scan, open_source
from bulkflow_ingest import clauses
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.original import Original
from bulkflow_ingest.source.readable import make_readable
from bulkflow_ingest.source.rewrite import split_file
from bulkflow_rows.clauses.compute import compute
from bulkflow_rows.clauses.filters import unique, where
from bulkflow_rows.clauses.map import map_or_keep
from bulkflow_rows.clauses.read import read_boolean, read_date, read_number

Row = dict[str, str]
COLUMNS = ("Key", "First Name", "Born", "Sum", "Flag")
MAPPED = {"a": "Alpha", "b": 'B, "beta"', "": "blank"}


@frozen
class Condition:
    sql: str
    holds: Callable[[Row], bool]


CONDITIONS = (
    Condition("Key = 'a'", lambda row: row["Key"] == "a"),
    Condition("Key <> 'a'", lambda row: row["Key"] not in {"", "a"}),
    Condition("Key is null", lambda row: row["Key"] == ""),
    Condition(
        "\"First Name\" like 'x%' or Key = 'b'",
        lambda r: r["First Name"][:1] == "x" or r["Key"] == "b",
    ),
    Condition('length("First Name") > 2 -- long', lambda row: len(row["First Name"]) > 2),
    Condition("not coalesce(Key, '') = 'a'", lambda row: row["Key"] != "a"),
    Condition("true", lambda row: True),
)

texts = st.text(st.sampled_from('ax ,;"\nöß#N/A🙂\t'), max_size=6)
dates = st.one_of(
    st.just(""),
    st.dates(date(1700, 1, 1), date(4000, 12, 31)).map(lambda d: f"{d.day}.{d.month}.{d.year:04}"),
)
numbers = st.one_of(
    st.just(""),
    st.decimals(Decimal(-99999999999), Decimal(99999999999), places=4).map(
        lambda n: f"{n:,.4f}".replace(",", " ").replace(".", ",")
    ),
)
rows = st.fixed_dictionaries(
    {
        "Key": st.sampled_from(["", "a", "b", "c", "A"]),
        "First Name": texts,
        "Born": dates,
        "Sum": numbers,
        "Flag": st.sampled_from(["", "ja", "NEIN", "Ja"]),
    }
)


@frozen
class Draw:
    rows: list[Row]
    conditions: list[Condition]
    kept: str | None
    reads: bool
    maps: bool
    computes: bool
    renames: bool
    drops: bool
    constant: str | None
    nulls: list[str]
    delimiter: str
    line_end: str


draws = st.builds(
    Draw,
    rows=st.lists(rows, min_size=1, max_size=12),
    conditions=st.lists(st.sampled_from(CONDITIONS), max_size=2),
    kept=st.sampled_from([None, "first", "last"]),
    reads=st.booleans(),
    maps=st.booleans(),
    computes=st.booleans(),
    renames=st.booleans(),
    drops=st.booleans(),
    constant=st.one_of(st.none(), texts.filter(lambda text: "\0" not in text)),
    nulls=st.lists(st.sampled_from(["", "a", "xx", "NEIN"]), max_size=2),
    delimiter=st.sampled_from([",", ";"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
)


def collect_settings(draw: Draw, table: Path) -> IngestSettings:
    """The settings of a job with the clauses of a draw, the last ones first."""
    found: dict[str, object] = {"operation": "insert", "object": "Account"}

    def add(record, **slots: object) -> None:  # type: ignore[no-untyped-def]
        found.update(record.join_settings(found, record.function(**slots)))

    if draw.computes:
        add(compute, field="Name__c", expression="concat_ws('-', Key, \"First Name\")")
    if draw.maps:
        add(map_or_keep, column="key", table=table)
    for each in draw.conditions:
        add(where, condition=each.sql)
    if draw.kept:
        add(unique, column="Key", kept=draw.kept)
    if draw.reads:
        add(read_date, column="Born", pattern="d.M.yyyy")
        add(read_number, column="Sum", example="1 234,5678")
        add(read_boolean, column="Flag", true="Ja", false="nein")
    if draw.renames:
        add(clauses.rename, column="First Name", field="FirstName")
    if draw.drops:
        add(clauses.drop, columns=("Flag",))
    if draw.constant is not None:
        add(clauses.set_field, field="Source__c", value=draw.constant)
    for text in draw.nulls:
        add(clauses.null, text=text)
    return IngestSettings.of(found)


def spell(column: str, value: str) -> str:
    if not value:
        return ""
    match column:
        case "Born":
            day, month, year = map(int, value.split("."))
            return date(year, month, day).isoformat()
        case "Sum":
            return str(Decimal(value.replace(" ", "").replace(",", ".")).normalize())
        case "Flag":
            return "true" if value.lower() == "ja" else "false"
        case _:
            return value


def find_left(draw: Draw) -> list[int] | None:
    """The places of the rows that no clause leaves out; None if no clause leaves rows out."""
    if not draw.conditions and not draw.kept:
        return None
    left = [
        place
        for place, row in enumerate(draw.rows)
        if all(each.holds(row) for each in draw.conditions)
    ]
    if not draw.kept:
        return left
    keys = {}
    for place in left:
        key = draw.rows[place]["Key"]
        if draw.kept == "last" or key not in keys:
            keys[key] = place
    return [
        place
        for place in left
        if keys[draw.rows[place]["Key"]] == place or not draw.rows[place]["Key"]
    ]


def expect(draw: Draw) -> list[Row]:
    """What plain Python makes of a draw."""
    left = find_left(draw)
    return [make(draw, row) for place, row in enumerate(draw.rows) if left is None or place in left]


def make(draw: Draw, row: Row) -> Row:
    made: Row = {}
    for column, value in row.items():
        if draw.drops and column == "Flag":
            continue
        name = "FirstName" if draw.renames and column == "First Name" else column
        sent = value
        if draw.reads:
            sent = spell(column, value)
        if draw.maps and column == "Key":
            sent = MAPPED.get(value, value)
        made[name] = "#N/A" if value in draw.nulls else sent
    if draw.constant is not None:
        made["Source__c"] = draw.constant
    if draw.computes:
        made["Name__c"] = "-".join(each for each in (row["Key"], row["First Name"]) if each)
    return made


def normalize(row: Row) -> Row:
    """Numbers without zeros at their end."""
    value = row["Sum"]
    plain = re.fullmatch(r"-?\d+(\.\d+)?", value)
    return {**row, "Sum": str(Decimal(value).normalize()) if plain else value}


def read_sent(scan: Scan) -> list[Row]:
    """The rows of all parts, as the org would read them."""
    if not scan.parts:
        return []
    (part,) = scan.parts
    with part.open() as body:
        text = body.read().decode().replace("\r\n", "\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=scan.dialect.delimiter))


def read_numbers(original: Original) -> list[int] | None:
    """The numbers of the rows that are left, from 0; None if each row is."""
    if original.numbers is None:
        return None
    with duckdb.connect() as connection:
        numbers = connection.execute(
            "SELECT row - 1 FROM read_parquet($1)", [str(original.numbers)]
        )
        return [row for (row,) in numbers.fetchall()]


@settings(max_examples=100, deadline=None)
@given(draws)
def test_rows_through_clauses_are_what_plain_python_makes_of_them(draw: Draw) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        table = folder / "table.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("from", "to"), *MAPPED.items()])
        out = io.StringIO(newline="")
        writer = csv.DictWriter(
            out, COLUMNS, delimiter=draw.delimiter, lineterminator=draw.line_end
        )
        writer.writeheader()
        for row in draw.rows:
            writer.writerow({k: v.replace("\n", draw.line_end) for k, v in row.items()})
        (folder / "rows.csv").write_bytes(out.getvalue().encode())
        chosen = collect_settings(draw, table)
        source = make_readable(open_source(folder / "rows.csv", folder), folder, chosen)
        made = split_file(source, folder, chosen)
        found = read_sent(made.scan)
        assert [normalize(row) for row in found] == [normalize(row) for row in expect(draw)]
        if made.original is not None:
            assert read_numbers(made.original) == find_left(draw)
