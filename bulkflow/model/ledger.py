"""Which rows were handed over to orgs, by which run, and with what outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.model.part import Counts


@frozen
class Target:
    """Where rows go, and what is done with them.

    Attributes:
        organization: The id of the org, 15 characters; empty if unknown.
        host: The org's host, which identifies it if its id is unknown.
        object: The object, in lower case.
        operation: Such as `insert`.
    """

    organization: str
    host: str
    object: str
    operation: str


@frozen
class RowRange:
    """Rows of one file, identified by their bytes.

    Attributes:
        digest: The digest of the rows' bytes, without the header.
        source: The digest of the whole file; empty if unknown.
        start: Byte offset of the first row in the file.
        end: Byte offset after the last row.
        rows: Number of rows.
        head: The digest of their first line, used to find longer files that begin with the same
            rows; empty if unknown.
    """

    digest: str
    source: str
    start: int
    end: int
    rows: int
    head: str = ""


@frozen
class HandOver:
    """Rows that a run handed over, or may have handed over.

    Attributes:
        run: The run.
        job: The key of its job.
        part: The number of its part, from 0.
        at: When, in seconds since the epoch.
        remote_id: The job in the org.
        rows: Number of rows.
        counts: The outcome of the rows; None if unknown.
        digest: The digest of their bytes.
        bytes: Number of bytes.
    """

    run: str
    job: str
    part: int
    at: float
    remote_id: str
    rows: int
    counts: Counts | None = None
    digest: str = ""
    bytes: int = 0

    @property
    def may_have_loaded(self) -> bool:
        """Whether any of the rows may be in the org."""
        return self.counts is None or self.counts.loaded + self.counts.unknown > 0


class HandedOverBeforeError(UsageError):
    """Another run has handed the same rows over and may have loaded them."""

    def __init__(
        self,
        message: str,
        earlier: Sequence[HandOver],
        *,
        help: str | None = None,  # noqa: A002 - the word that users see
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(message, help=help, notes=notes)
        self.earlier = tuple(earlier)
