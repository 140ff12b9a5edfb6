"""A file that is run twice: an insert loads nothing twice, all else leaves the same records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attrs import frozen

from bulkflow_sandbox.testing import LocalOrg
from support.workshop import Ran
from whole.case import Case
from whole.fates import is_echoed
from whole.org import as_taken
from whole.reference import columns, sent
from whole.truth import Truth
from whole.wrong import expect

_STAMPS = frozenset({"LastModifiedDate", "SystemModstamp", "LastModifiedById"})
"""What a change leaves behind that changes nothing."""


@frozen
class Snapshot:
    """What is in the org and in the saved files at one moment."""

    records: dict[str, dict[str, Any]]
    handed_over: int
    saved: dict[str, bytes]

    @classmethod
    def of(cls, case: Case, org: LocalOrg, home: Path) -> Snapshot:
        """Look at the org, and at what was saved."""
        records = {
            str(each["Id"]): {field: each[field] for field in each.keys() - _STAMPS}
            for each in org.records(case.object)
        }
        closed = sum(1 for each in org.jobs() if each.closed)
        saved = {each.name: each.read_bytes() for each in sorted((home / "out").glob("*"))}
        return cls(records, closed, saved)


def hold_repeated(
    case: Case, org: LocalOrg, truth: Truth, before: Snapshot, ran: Ran, after: Snapshot
) -> None:
    """Hold a further run of the same file. `truth` is of the first."""
    said = ran.out + ran.err
    expect("Traceback" not in said, said)
    if case.operation != "insert":
        expect(ran.code in {0, 3}, f"exit code {ran.code}: {said}")
        _hold_records(case, truth, before, after)
    elif truth.stored:
        expect(ran.code == 2, f"an insert is run again with {ran.code}: {said}")
        expect("were handed over before" in said, f"it is refused for something else: {said}")
        expect(after == before, "a run that was refused has changed something")
    else:
        # Nothing was loaded the first time. What is hidden of it may be that something was.
        expect(ran.code in {0, 2, 3}, f"exit code {ran.code}: {said}")
    if case.operation == "insert":
        _hold_once(case, org, after)


def _hold_once(case: Case, org: LocalOrg, after: Snapshot) -> None:
    """No row has made two records."""
    rows = [each for file in sent(case) for each in file.values]
    expect(len(after.records) <= len(rows), f"{len(after.records)} records of {len(rows)} rows")
    if not is_echoed(case):
        return
    fields = [each.name for each in columns(case)]
    wanted = Counter(_key(as_taken(row), fields) for row in rows)
    found = Counter(_key(record, fields) for record in org.records(case.object))
    expect(not found - wanted, f"loaded more than once: {found - wanted}")


def _key(values: Mapping[str, Any], fields: list[str]) -> tuple[str, ...]:
    return tuple(str(values[field] or "") for field in fields)


def _hold_records(case: Case, truth: Truth, before: Snapshot, after: Snapshot) -> None:
    """The records are the same, but for those that rows have made which were not loaded before."""
    steady = not (case.failing or case.hidden or case.again)
    first, second = before.records.keys(), after.records.keys()
    lost, new = first - second, second - first
    deletes, missed = case.operation == "delete", not steady
    expect(not lost or (deletes and missed), f"records are gone: {lost}")
    expect(not new or (case.operation == "upsert" and missed), f"there are more records: {new}")
    names = Counter(
        (each["Id"][:15] if case.before else each.get("Key__c", "").lower())
        for file in sent(case)
        for each in map(as_taken, file.values)
    )
    if not steady or max(names.values(), default=1) > 1:
        # Which of two rows came last is the org's to choose.
        return
    off = [each for each in first & second if before.records[each] != after.records[each]]
    expect(not off, f"records are changed: {off}")
