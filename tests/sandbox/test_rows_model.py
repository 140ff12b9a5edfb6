"""Saving sets of rows, compared with a model that saves row by row."""

from __future__ import annotations

import csv
import io
from itertools import count

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulkflow_sandbox import Choices, Sandbox
from bulkflow_sandbox.ingest.results import ResultFileKind
from bulkflow_sandbox.org import USER_ID

CHUNK = 3
SCHEMA = {
    "objects": {
        "Thing__c": {
            "fields": {
                "Key__c": {"type": "string", "externalId": True, "unique": True},
                "Code__c": {"type": "string", "unique": True},
                "Size__c": {"type": "double", "precision": 6, "scale": 1},
                "Name": {"type": "string", "required": True},
            }
        }
    }
}
FIELDS = ["Key__c", "Code__c", "Name", "Size__c"]
KEYS = st.sampled_from(["a", "A", "b", "c", "d", "e", ""])
CODES = st.sampled_from(["x", "y", "z", "#N/A", "", ""])
NAMES = st.sampled_from(["one", "two", "", "#N/A"])
SIZES = st.sampled_from(["1", "2.5", "", "#N/A", "big", "1e9"])
JOB = st.tuples(
    st.sampled_from(["insert", "upsert", "upsert"]),
    st.lists(st.tuples(KEYS, CODES, NAMES, SIZES), min_size=1, max_size=12),
)

# The first row of the second job frees a value that the last row, in another chunk, uses.
FREED = [
    ("upsert", [("a", "x", "one", "")]),
    (
        "upsert",
        [("a", "y", "", ""), ("b", "", "one", ""), ("c", "", "one", ""), ("d", "x", "one", "")],
    ),
]


class Model:
    """Records by number, each as values by field name."""

    def __init__(self) -> None:
        self.records: dict[int, dict[str, str | float | None]] = {}
        self.numbers = count()

    def owner(self, field: str, value: str, records: dict) -> int | None:
        return next(
            (
                number
                for number, record in records.items()
                if (record[field] or "").lower() == value.lower()
            ),
            None,
        )

    def save_chunk(self, operation: str, rows: list[tuple[str, ...]]) -> list[str]:
        """Save rows, and return their outcomes: `new`, `known`, or the code of an error."""
        before = {number: dict(record) for number, record in self.records.items()}
        fates: list[str] = []
        keys: set[str] = set()
        codes: set[str] = set()
        new_keys: set[str] = set()
        changes: list[tuple[int | None, tuple[str, ...]]] = []
        for row in rows:
            key, code, name, size = row
            known = None
            fate = None
            if size == "big":
                fate = "INVALID_FIELD"
            elif size == "1e9":
                fate = "NUMBER_OUTSIDE_VALID_RANGE"
            elif operation == "upsert":
                if not key:
                    fate = "MISSING_ARGUMENT"
                elif key.lower() in keys:
                    fate = "DUPLICATE_VALUE"
                else:
                    keys.add(key.lower())
                    known = self.owner("Key__c", key, before)
            if fate is None and (name == "#N/A" or (name == "" and known is None)):
                fate = "REQUIRED_FIELD_MISSING"
            if fate is None and operation == "insert" and key:
                if self.owner("Key__c", key, before) is not None or key.lower() in new_keys:
                    fate = "DUPLICATE_VALUE"
                else:
                    new_keys.add(key.lower())
            if fate is None and code not in {"", "#N/A"}:
                owner = self.owner("Code__c", code, before)
                if (owner is not None and owner != known) or code in codes:
                    fate = "DUPLICATE_VALUE"
                else:
                    codes.add(code)
            if fate is None:
                changes.append((known, row))
                fate = "new" if known is None else "known"
            fates.append(fate)
        for known, row in changes:
            number = next(self.numbers) if known is None else known
            record = self.records.setdefault(number, dict.fromkeys(FIELDS))
            for field, text in zip(FIELDS, row, strict=True):
                if text == "#N/A":
                    record[field] = None
                elif text:
                    record[field] = float(text) if field == "Size__c" else text
        return fates


def fates_of(sandbox: Sandbox, operation: str, rows: list[tuple[str, ...]]) -> list[str]:
    """Load rows, and return their outcomes in the order of the upload."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([FIELDS, *rows])
    wanted = {"object": "Thing__c", "operation": operation}
    if operation == "upsert":
        wanted["externalIdFieldName"] = "Key__c"
    data = text.getvalue().encode()
    job = sandbox.ingest.create_with_data(wanted, data, "66.0", USER_ID)
    assert sandbox.settle()
    job = sandbox.ingest.get(job.id)
    assert (job.state, job.error, job.processed) == ("JobComplete", None, len(rows))
    good, bad = (
        list(csv.reader(io.StringIO(b"".join(blocks).decode(), newline="")))[1:]
        for kind in (ResultFileKind.SUCCESSFUL, ResultFileKind.FAILED)
        if (blocks := sandbox.ingest.open_results(job.id, kind)) is not None
    )
    assert job.failed == len(bad)
    return ["new" if row[1] == "true" else "known" for row in good] + [
        row[1].partition(":")[0] for row in bad
    ]


@pytest.fixture(scope="module")
def sandbox():
    choices = Choices(chunk_rows=CHUNK, shuffle_batches=False)
    with Sandbox(choices=choices) as sandbox:
        sandbox.change_schema(SCHEMA)
        yield sandbox


@settings(max_examples=150, deadline=None)
@given(jobs=st.lists(JOB, min_size=1, max_size=4))
@example(jobs=FREED)
def test_rows_saved_by_the_set_meet_the_fates_of_rows_saved_one_by_one(sandbox, jobs):
    with sandbox.database.writing() as connection:
        connection.execute("DELETE FROM Thing__c")
    model = Model()
    for operation, rows in jobs:
        fates = [
            fate
            for start in range(0, len(rows), CHUNK)
            for fate in model.save_chunk(operation, rows[start : start + CHUNK])
        ]
        saved = [fate for fate in fates if fate in {"new", "known"}]
        failed = [fate for fate in fates if fate not in {"new", "known"}]
        assert fates_of(sandbox, operation, rows) == saved + failed
        with sandbox.database.reading() as connection:
            columns = ", ".join(FIELDS)
            stored = connection.execute(f"SELECT {columns} FROM Thing__c ORDER BY Id").fetchall()
        assert stored == [tuple(record.values()) for record in model.records.values()]
