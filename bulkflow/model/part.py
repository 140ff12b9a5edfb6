"""A logical job's parts, and the counts that their rows end in."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from attrs import astuple, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_LOADED: Final = ("failed", "unprocessed", "withheld", "unknown")
"""What can become of a row that is not loaded: the names of the counts."""


@frozen
class Part:
    """One upload: a run of records of one source file, which becomes one job in the org.

    `start` and `end` are byte offsets in the file, without the header; `bytes` is what is sent, the
    header included. `first_row` counts the file's data rows from 1, `first_line` its lines.
    `digest` is that of the bytes from `start` to `end`, such as `xxh3:` and 32 hexadecimal digits;
    empty where an older version recorded none.
    """

    index: int
    source: str
    start: int
    end: int
    first_row: int
    first_line: int
    rows: int
    bytes: int
    digest: str = ""


@frozen
class SourceRecord:
    """A file that a job was cut from, in the state that it was in."""

    name: str
    path: str
    size: int
    modified_ns: int
    spooled: bool
    """Whether it is a copy that the run made."""
    origin: str | None = None
    """For rows that are sent again: the file that says which rows of the other files they are."""
    digest: str = ""
    """That of all its bytes, header included; empty where an older version recorded none."""


@frozen
class Manifest:
    """What a job's source came to; every part, unless more of it is read while it is sent."""

    parts: tuple[Part, ...]
    columns: tuple[str, ...]
    rows: int
    bytes: int
    sources: tuple[SourceRecord, ...] = ()
    """The files, in the state in which they were read."""
    notes: tuple[str, ...] = ()
    """What the user should know of the file: a byte order mark removed, the delimiter found."""
    more: bool = False
    """Whether parts follow that are known only when the source is read further."""
    sent: int = 0
    """Bytes of the parts that an earlier attempt at the run has brought up."""


@frozen
class ErrorCount:
    """How many rows failed for one reason.

    Attributes:
        message: The whole error of the first of them, as the org tells it.
        rows: How many.
        varies: Whether others differ from it, by values of their own rows.
    """

    message: str
    rows: int
    varies: bool = False


@frozen
class Counts:
    """How many rows ended where.

    Attributes:
        rows: Rows of the source, as far as they are known.
        loaded: Rows that are in the org.
        failed: Rows that the org refused, each with an error.
        unprocessed: Rows that the org certainly never tried: they were not handed over, or the org
            lists them as unprocessed.
        withheld: Rows that were not sent on purpose.
        unknown: Rows that were handed over and that no result accounts for. They may be loaded.
    """

    rows: int = 0
    loaded: int = 0
    failed: int = 0
    unprocessed: int = 0
    withheld: int = 0
    unknown: int = 0

    @property
    def not_loaded(self) -> Mapping[str, int]:
        """The rows that are not known to be loaded, by what became of them; no zeros."""
        found = {name: getattr(self, name) for name in NOT_LOADED}
        return {name: rows for name, rows in found.items() if rows}

    def __add__(self, other: Counts) -> Counts:
        return Counts(*map(operator.add, astuple(self), astuple(other)))

    def __sub__(self, other: Counts) -> Counts:
        return Counts(*map(operator.sub, astuple(self), astuple(other)))
