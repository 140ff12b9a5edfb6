"""A logical job's parts, and the counts of its rows."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Final

from attrs import astuple, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_LOADED: Final = ("failed", "unprocessed", "withheld", "unknown")
"""The possible outcomes of a row that is not loaded: the names of the counts."""


@frozen
class Part:
    """One upload: consecutive records of one source file, which become one job in the org.

    `start` and `end` are byte offsets in the file, without the header; `bytes` is what is sent,
    including the header. `first_row` counts the file's data rows from 1, `first_line` its lines.
    `digest` covers the bytes from `start` to `end`, such as `xxh3:` and 32 hexadecimal digits;
    empty if an older version recorded none.
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
    """A file that a job was read from, and its state then."""

    name: str
    path: str
    size: int
    modified_ns: int
    spooled: bool
    """Whether it is a copy that the run made."""
    origin: str | None = None
    """For resent rows: the file that maps them to rows of the other files."""
    digest: str = ""
    """The digest of all its bytes, including the header; empty if an older version recorded none.
    """


@frozen
class Manifest:
    """A job's source: every part, unless more of them are read while these are sent."""

    parts: tuple[Part, ...]
    columns: tuple[str, ...]
    rows: int
    bytes: int
    sources: tuple[SourceRecord, ...] = ()
    """The files, in the state in which they were read."""
    notes: tuple[str, ...] = ()
    """What the user should know about the file: a byte order mark removed, the delimiter found."""
    more: bool = False
    """Whether more parts follow as the source is read."""
    sent: int = 0
    """Bytes of the parts that earlier attempts at the run have sent."""
    from_org: bool = False
    """Whether the rows are not of a source, but come from the org while the job runs."""


@frozen
class ErrorCount:
    """How many rows failed for one reason.

    Attributes:
        message: The full error of the first of them, as the org returned it.
        rows: Number of rows.
        varies: Whether the errors differ in values of the rows.
    """

    message: str
    rows: int
    varies: bool = False


@frozen
class Counts:
    """The outcomes of rows.

    Attributes:
        rows: Rows of the source, as far as they are known.
        loaded: Rows that are in the org.
        failed: Rows that the org refused, each with an error.
        unprocessed: Rows that the org certainly never tried: they were not handed over, or the org
            lists them as unprocessed.
        withheld: Rows that were not sent on purpose.
        unknown: Rows that were handed over and that no result accounts for. They may be loaded.
        fetched: Rows that were taken from the org.
    """

    rows: int = 0
    loaded: int = 0
    failed: int = 0
    unprocessed: int = 0
    withheld: int = 0
    unknown: int = 0
    fetched: int = 0

    @property
    def not_loaded(self) -> Mapping[str, int]:
        """The rows that are not known to be loaded, by outcome; without zeros."""
        found = {name: getattr(self, name) for name in NOT_LOADED}
        return {name: rows for name, rows in found.items() if rows}

    def __add__(self, other: Counts) -> Counts:
        return Counts(*map(operator.add, astuple(self), astuple(other)))

    def __sub__(self, other: Counts) -> Counts:
        return Counts(*map(operator.sub, astuple(self), astuple(other)))
