"""What was saved of the rows: each once, in order, as it stands in the source, and where."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from whole.case import Case
from whole.reference import Told, sent, told
from whole.wrong import expect

SIGN = "\x1e"
"""Replaces a delimiter, which may be longer than the csv module takes."""

OUTCOMES = {
    "successful": "loaded",
    "failed": "failed",
    "unprocessed": "unprocessed",
    "unknown": "unknown",
}


@frozen
class SavedRow:
    """A row of a saved file."""

    values: list[str]
    added: Mapping[str, str]
    """By the names without the underscore."""

    def alike(self, other: SavedRow) -> bool:
        """Whether two files tell the same of a row, but for how sure it is."""
        shared = (self.added.keys() & other.added.keys()) - {"ambiguous"}
        same = all(self.added[name] == other.added[name] for name in shared)
        return same and self.values == other.values


@frozen
class Saved:
    """The files that a case saved; those that are there."""

    case: Case
    told: list[Told]
    files: Mapping[str, list[SavedRow]]

    @classmethod
    def read(cls, case: Case, folder: Path) -> Saved:
        """Read what was saved beside the pipeline file, in a folder."""
        files = {}
        for which in case.saved:
            path = folder / "out" / case.saved_name(which)
            if path.exists():
                files[which] = _rows(case, path)
        return cls(case, told(case), files)

    def hold(self) -> None:
        """Hold what is saved to the source, and the files to each other."""
        wanted = set(self.case.saved) if self.told else set()
        expect(set(self.files) == wanted, f"saved {set(self.files)}, not {wanted}")
        if self.case.read_once:
            return
        places = {(each.file, str(each.line)): each for each in self.told}
        for rows in self.files.values():
            for row in rows:
                place = (row.added["file"], row.added["line"])
                expect(place in places, f"no row of the source: {row}")
                expect(row.values == places[place].values, f"not as it stands: {row}")
        found = {which: [_place(row) for row in rows] for which, rows in self.files.items()}
        order = {(each.file, str(each.line)): number for number, each in enumerate(self.told)}
        for which, known in found.items():
            numbers = [order[place] for place in known]
            expect(numbers == sorted(set(numbers)), f"{which}: not in order: {known}")
        every = self.files.get("all")
        if every is not None:
            expect(len(every) == len(self.told), f"{len(every)} of {len(self.told)} rows")
        for which, rows in self.files.items():
            if which != "all" and every is not None:
                self._hold_part(which, rows, every)

    def _hold_part(self, which: str, rows: list[SavedRow], every: list[SavedRow]) -> None:
        """The rows of one outcome, against all rows.

        Of rows that mean the same and are not spelled the same, one file may tell another than
        all together do: both say so.
        """
        of_kind = [row for row in every if row.added["outcome"] == OUTCOMES[which]]
        expect(len(rows) == len(of_kind), f"{len(rows)} {which} rows, not {len(of_kind)}")
        values = [
            value for file in sent(self.case) for row in file.values for value in row.values()
        ]
        if self.case.object == "Strict__c" or "#N/A" in values:
            of_kind = [row for row in of_kind if not row.added["ambiguous"]]
            known = {_place(row): row for row in of_kind}
            rows = [row for row in rows if _place(row) in known]
        pairs = list(zip(rows, of_kind, strict=False))
        off = [(one, other) for one, other in pairs if not one.alike(other)]
        expect(not off and len(rows) == len(of_kind), f"{which} is not as in all rows: {off}")


def _place(row: SavedRow) -> tuple[str, str]:
    return row.added["file"], row.added["line"]


def _rows(case: Case, path: Path) -> list[SavedRow]:
    content = path.read_bytes()
    data = gzip.decompress(content) if case.packed else content
    # Rows of a source that was read once come from Salesforce's result files.
    delimiter, encoding = (",", None) if case.read_once else (case.delimiter, case.encoding)
    text = data.decode(encoding or "utf-8").removeprefix("\ufeff").replace(delimiter, SIGN)
    read = csv.reader(io.StringIO(text, newline=""), delimiter=SIGN, strict=True)
    names, *rows = [[value.replace(SIGN, delimiter) for value in row] for row in read]
    header = [cell.value for cell in case.files[0].header.cells]
    width = len(header)
    expect(names[:width] == header, f"{path.name} has the columns {names}")
    added = [name.removeprefix("_") for name in names[width:]]
    expect(len(set(added)) == len(added), f"{path.name} has the columns {names}")
    return [SavedRow(row[:width], dict(zip(added, row[width:], strict=True))) for row in rows]
