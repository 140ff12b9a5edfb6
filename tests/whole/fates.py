"""What is told of the rows, against what the org holds and what stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bulkflow_sandbox.dml.convert import BLANKS
from bulkflow_sandbox.testing import LocalOrg
from support.workshop import Ran
from whole.case import Case
from whole.org import as_taken, id_of, record_before, record_value, refusals
from whole.reference import NULL, columns, sent
from whole.saved import OUTCOMES, Saved, SavedRow
from whole.truth import Truth
from whole.wrong import WrongError, expect


def hold_sums(case: Case, truth: Truth, ran: Ran, saved: Saved) -> None:
    """The report and the exit code, against what became of the rows and against what was saved."""
    finished: dict[str, Any] = ran.event("run_finished")
    (job,) = finished["jobs"]
    expect(not job["left"], f"left: {job['left']}")
    expect(not finished["errors"], f"errors: {finished['errors']}")
    rows = len(saved.told)
    expect(job["rows"] == rows, f"{job['rows']} rows are told, not {rows}")
    ends = {which: job[outcome] for which, outcome in OUTCOMES.items()}
    expect(sum(ends.values()) == rows, f"{ends} are told of {rows} rows")
    for which, number in ends.items():
        found = saved.files.get(which)
        expect(found is None or len(found) == number, f"{number} {which} are told: {found}")
    loaded, unknown = truth.loaded.total(), truth.unknown.total()
    expect(job["loaded"] == loaded, f"{job['loaded']} loaded are told, and {loaded} are")
    expect(job["unknown"] == unknown, f"{job['unknown']} unknown are told, and {unknown} are")
    if not case.again:
        failed = truth.failed.total()
        expect(job["failed"] == failed, f"{job['failed']} failed are told, and {failed} did")
    expect(case.failing or not job["unprocessed"], f"unprocessed: {job}")
    expect(case.hidden or len(columns(case)) == 1 or not unknown, f"unknown: {job}")
    bad = rows - job["loaded"]
    code = 3 if bad else 0
    expect(ran.code == code, f"exit code {ran.code}, with {bad} rows not loaded")


def hold_fates(case: Case, org: LocalOrg, truth: Truth, saved: Saved) -> None:
    """Each row's fate, where all of them are saved."""
    rows = saved.files.get("all")
    if rows is None or case.read_once:
        return
    values = [each for file in sent(case) for each in file.values]
    judge = _Judge(case, {str(each["Id"]): each for each in org.records(case.object)}, values)
    for row, sent_values in zip(rows, values, strict=True):
        judge.hold(row, sent_values)
    judge.hold_all()
    if is_echoed(case):
        _hold_kinds(rows, values, truth)


def is_echoed(case: Case) -> bool:
    """Whether the org's own files have the values of rows as they were sent."""
    values = [each for file in sent(case) for row in file.values for each in row.values()]
    return case.object == "Free__c" and NULL not in [each.strip(BLANKS) for each in values]


def _hold_kinds(
    rows: Sequence[SavedRow], values: Sequence[Mapping[str, str]], truth: Truth
) -> None:
    """How many rows of the same values came to what: nobody may know which of them it was."""
    told: dict[str, Counter[tuple[str, ...]]] = {each: Counter() for each in OUTCOMES.values()}
    for row, each in zip(rows, values, strict=True):
        told[row.added["outcome"]][tuple(each.values())] += 1
    for outcome, held in {"loaded": truth.loaded, "unknown": truth.unknown}.items():
        off = (told[outcome] - held) + (held - told[outcome])
        expect(not off, f"{outcome} are told {told[outcome]}, and are {held}")


class _Judge:
    def __init__(
        self, case: Case, records: Mapping[str, Mapping[str, Any]], values: list[dict[str, str]]
    ) -> None:
        self.case, self.records = case, records
        taken = [as_taken(each) for each in values]
        self.keys = Counter(self.key(each) for each in taken)
        self.unique = Counter(each.get("Key__c", "").lower() for each in taken)
        self.owners: Counter[str] = Counter()
        self.made = self.gone = self.unknown = 0

    def key(self, values: Mapping[str, str]) -> str:
        """What names a row's record, in the form in which equals are alike."""
        if self.case.before:
            return values["Id"][:15]
        return values.get("Key__c", "").lower()

    def hold(self, row: SavedRow, values: dict[str, str]) -> None:
        added = row.added
        match added["outcome"]:
            case "loaded":
                expect(not added["error"], f"loaded with an error: {row}")
                self.loaded(row, as_taken(values))
            case "failed":
                code = added["error"].split(":")[0]
                allowed = self.allowed(values)
                expect(code in allowed, f"failed for {code}, not {allowed}: {row}")
            case "unprocessed":
                expect(self.case.failing, f"unprocessed: {row}")
                expect(not added["error"], f"unprocessed: {row}")
            case "unknown":
                # Blank lines that end a part are no rows to Salesforce, so no file has them.
                blank = list(values.values()) == [""]
                expect(blank or self.case.hidden, f"unknown: {row}")
                self.unknown += 1
                expect(not added["error"], f"unknown: {row}")
            case other:
                raise WrongError(f"outcome {other}: {row}")

    def allowed(self, values: dict[str, str]) -> set[str]:
        """The codes that a row may fail with."""
        taken = as_taken(values)
        codes = refusals(self.case.object, taken, self.case.operation)
        if list(values.values()) == [""]:
            # A blank line, which is no row to Salesforce.
            codes.add("INVALID_FIELD")
        if self.keys[self.key(taken)] > 1:
            codes |= {"DUPLICATE_VALUE"}
            codes |= {"ENTITY_IS_DELETED"} if self.case.operation == "delete" else set()
        if self.unique[taken.get("Key__c", "").lower()] > 1:
            codes.add("DUPLICATE_VALUE")
        if self.case.locks:
            codes.add("UNABLE_TO_LOCK_ROW")
        return codes

    def loaded(self, row: SavedRow, values: dict[str, str]) -> None:
        case, record_id, key = self.case, row.added["id"], self.key(values)
        wrong = refusals(case.object, values, case.operation)
        if case.operation == "upsert" and row.added["created"] == "false":
            wrong -= {"REQUIRED_FIELD_MISSING"}
        expect(not wrong, f"loaded, and has {wrong}: {row}")
        if case.operation == "delete":
            expect(record_id[:15] == key, f"another record: {row}")
            expect(record_id not in self.records, f"deleted, and there: {row}")
            self.gone += 1
            return
        record = self.records.get(record_id)
        expect(record is not None, f"loaded, and not in the org: {row}")
        assert record is not None
        self.owners[record_id] += 1
        self.made += row.added["created"] == "true"
        if case.operation == "insert" or self.keys[key] == 1:
            for field, text in values.items():
                wanted = self.wanted(record_id, field, text)
                found = bool(record[field]) if field == "Flag__c" else record[field]
                expect(found == wanted, f"{field} is {found!r}, not {wanted!r}: {row}")
        else:
            named = record_id[:15] if case.before else str(record["Key__c"]).lower()
            expect(named == key, f"another record: {row}")

    def wanted(self, record_id: str, field: str, text: str) -> object:
        """What a record is to hold in a field."""
        if field == "Id":
            return record_id if record_id.startswith(text) else text
        if self.case.before and not text:
            (number,) = [each for each in range(self.case.before) if id_of(each) == record_id]
            before = record_before(number).get(field)
            return bool(before) if field == "Flag__c" else before
        value = record_value(field, text)
        return bool(value) if field == "Flag__c" else value

    def hold_all(self) -> None:
        """What all rows together come to."""
        wanted = self.case.before + self.made - self.gone
        # What nobody can know of a row may be that it made a record, or that it deleted one.
        most = self.unknown if self.case.hidden else 0
        more = wanted - len(self.records)
        if self.case.operation != "delete":
            more = -more
        expect(0 <= more <= most, f"{len(self.records)} records, not {wanted}: {most} unknown")
        if self.case.operation == "insert":
            unclaimed = set(self.records) - set(self.owners)
            expect(len(unclaimed) == more, "records that no row has made")
            expect(max(self.owners.values(), default=1) == 1, f"told twice: {self.owners}")
