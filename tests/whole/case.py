"""A whole load: files spelled byte by byte, the pipeline that loads them, and the org it meets."""

from __future__ import annotations

import gzip
import re

from attrs import frozen

SIX = {",": "comma", ";": "semicolon", "|": "pipe", "\t": "tab", "^": "caret", "`": "backquote"}
"""The delimiters that Salesforce knows, and the words for them."""


@frozen
class Cell:
    """A value, with the very line breaks that it has in the file."""

    value: str
    quoted: bool = False

    def spelled(self, delimiter: str) -> str:
        """As it stands in a file; in quotes at least where it would be another value without."""
        if self.quoted or any(sign in self.value for sign in f'{delimiter}"\r\n'):
            return '"' + self.value.replace('"', '""') + '"'
        return self.value


@frozen
class Row:
    """A record and the line end behind it, which the last of a file may lack."""

    cells: tuple[Cell, ...]
    end: str

    def spelled(self, delimiter: str) -> str:
        return delimiter.join(cell.spelled(delimiter) for cell in self.cells) + self.end

    @property
    def values(self) -> list[str]:
        return [cell.value for cell in self.cells]


@frozen
class DataFile:
    """One file: its header, its rows, and what stands around them."""

    name: str
    header: Row
    rows: tuple[Row, ...]
    blank: str = ""
    """Line ends behind the last row."""
    bom: bool = False
    spoilt: bytes | None = None
    """What the file is instead, where it is to be refused."""

    def text(self, delimiter: str) -> str:
        records = (self.header, *self.rows)
        return "".join(each.spelled(delimiter) for each in records) + self.blank

    def content(self, delimiter: str, encoding: str | None) -> bytes:
        data = self.spoilt
        if data is None:
            data = self.text(delimiter).encode(encoding or "utf-8")
            data = b"\xef\xbb\xbf" + data if self.bom else data
        return gzip.compress(data, mtime=0) if self.name.endswith(".gz") else data


@frozen
class Hidden:
    """What an org does not tell.

    Attributes:
        kind: `lost`: complete jobs that leave rows out; `more`: jobs that count more rows than
            there are; else the result file that stays short.
        known: How many rows of each file are there, where files stay short.
    """

    kind: str
    known: int


@frozen
class Case:
    """What is drawn. All that follows from it is in `reference`."""

    files: tuple[DataFile, ...]
    delimiter: str
    object: str
    operation: str = "insert"
    location: str = "rows.csv"
    told_delimiter: bool = True
    told_line_ending: str | None = None
    encoding: str | None = None
    mend: bool = False
    streamed: bool = False
    renames: tuple[tuple[str, str], ...] = ()
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    constants: tuple[tuple[str, str], ...] = ()
    nulls: tuple[str, ...] = ()
    part_rows: int | None = None
    part_bytes: int | None = None
    balanced: bool = False
    connections: int | None = None
    compressed: bool = False
    staged: bool = False
    locks: float = 0.0
    """The share of rows that are locked, of each upload."""
    failing: tuple[int, int] | None = None
    """After how many rows jobs fail, and how many jobs do."""
    again: tuple[str, int] | None = None
    """Which rows are sent again, and how often."""
    saved: tuple[str, ...] = ("all", "successful", "failed", "unprocessed")
    packed: bool = False
    """Whether rows are saved compressed."""
    before: int = 0
    """How many records the org has before."""
    faults: tuple[str, ...] = ()
    """What goes wrong in the org, in the sandbox's words."""
    hidden: Hidden | None = None
    """What of that nobody can know; None where all that goes wrong passes."""
    pace: str | None = None
    """How fast jobs are processed, in the sandbox's words; None for at once."""
    ways: tuple[str, ...] = ()
    """From where its file is run, each time that it is; none for by its whole path, once."""
    fault: str | None = None
    """What is wrong with it, in words, if it is to be refused."""
    place: str | None = None
    """Where that is, as it must be told, if there is one place."""

    @property
    def read_once(self) -> bool:
        """Whether the rows are gone when they are sent: what is told of them is in the org."""
        return self.streamed and (self.location == "-" or self.location.endswith(".gz"))

    def pipeline(self) -> str:
        """The pipeline file."""
        by = " by Key__c" if self.operation == "upsert" else ""
        lines = [
            "org env",
            "job rows",
            f"    {self.operation} {self.object}{by}",
            f'    from "{self.location}"',
        ]
        lines += [f"    {clause}" for clause in self._clauses()]
        # A job that fails is a step that fails; what becomes of its rows is told all the same. So
        # it is with results that cannot be trusted.
        after = " on failure continue" if self.failing or self.hidden else ""
        if self.staged:
            lines += ["upload then close job rows", f"wait for job rows every 10ms{after}"]
        else:
            lines += [f"load job rows{after}"]
        if self.again:
            which, times = self.again
            lines += [f"retry {which} rows of job rows up to {times} times{after}"]
        for which in self.saved:
            target = f"out/{self.saved_name(which)}"
            lines += [f'save {which} rows of job rows to "{target}"{after if self.hidden else ""}']
        return "".join(f"{line}\n" for line in lines)

    def saved_name(self, which: str) -> str:
        return f"{which}.csv.gz" if self.packed else f"{which}.csv"

    def _clauses(self) -> list[str]:
        told = []
        if self.told_delimiter:
            told.append(f"delimiter {SIX.get(self.delimiter) or quoted(self.delimiter)}")
        if self.told_line_ending:
            told.append(f"line ending {self.told_line_ending}")
        if self.encoding:
            told.append(f'encoding "{self.encoding}"')
        told += [f"rename {quoted(column)} to {field}" for column, field in self.renames]
        if self.kept:
            told.append("keep " + " ".join(map(quoted, self.kept)))
        if self.dropped:
            told.append("drop " + " ".join(map(quoted, self.dropped)))
        told += [f"set {field} to {quoted(value)}" for field, value in self.constants]
        told += [f"null as {quoted(value)}" for value in self.nulls]
        if self.part_rows:
            told.append(f"parts of {self.part_rows} rows")
        if self.part_bytes:
            told.append(f"parts of {self.part_bytes}B")
        if self.connections:
            told.append(f"over {self.connections} connections")
        flags = {
            "mend line endings": self.mend,
            "streamed": self.streamed,
            "balanced parts": self.balanced,
            "compressed": self.compressed,
        }
        return told + [words for words, there in flags.items() if there]


_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "{": "{{", "}": "}}"}


def quoted(text: str) -> str:
    """A text of a pipeline file."""
    return '"' + re.sub(r'[\\"\n\t{}]', lambda found: _ESCAPES[found[0]], text) + '"'
