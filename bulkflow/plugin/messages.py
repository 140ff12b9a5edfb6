"""What bulkflow and plugins exchange about orgs, sources and loads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from attrs import field, frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

    from bulkflow.model.org import OrgAccess
    from bulkflow.plugin.context import Job
    from bulkflow.plugin.records import Provider


def _do_nothing() -> None:
    """Do nothing."""


@frozen
class OrgRequest:
    """What an org plugin may use to open its org."""

    name: str
    environ: Mapping[str, str] = field(repr=False)
    state_directory: Path


@frozen
class SourceFile:
    """A file on disk, loaded byte for byte."""

    name: str
    path: Path


@frozen
class SourceBytes:
    """A stream of CSV bytes that can be read once."""

    name: str
    stream: BinaryIO


@frozen
class SourceRows:
    """Rows of Python values, to be written as CSV.

    A value is a text, a number, a bool, a date, time or datetime, bytes, or a list of these; None
    is an empty value. Each is written as Salesforce expects it.
    """

    name: str
    columns: Sequence[str]
    rows: Iterable[Sequence[object]]
    places: RowPlaces | None = field(default=None, kw_only=True)
    """What a row's number means to the user; None for the line of the copy."""
    provider: Provider | None = field(default=None, kw_only=True)
    """The plugin that gives the rows; set by bulkflow."""


@frozen
class SourceTable:
    """Typed rows that DuckDB reads, to be written as CSV.

    `relate` makes the relation of the rows, in loading order, in a connection that bulkflow opens.
    For batches of pandas, polars, pyarrow, ADBC or anything else with `__arrow_c_stream__`, use
    `SourceTable.of_arrow`.
    """

    name: str
    relate: Callable[[DuckDBPyConnection], DuckDBPyRelation] = field(repr=False)
    places: RowPlaces | None = field(default=None, kw_only=True)
    """What a row's number means to the user; None for the number of the row in the source."""
    files: tuple[Path, ...] = field(default=(), kw_only=True)
    """The files that the relation reads; DuckDB may open no others."""
    advice: str | None = field(default=None, kw_only=True)
    """What to do if the rows cannot be read; None for the advice about a damaged file."""

    @classmethod
    def of_arrow(
        cls, name: str, batches: ArrowStream, *, places: RowPlaces | None = None
    ) -> SourceTable:
        """Make a source of batches, which are read once, one after the other."""
        return cls(name, lambda connection: connection.from_arrow(batches), places=places)


SourceData: TypeAlias = SourceFile | SourceBytes | SourceRows | SourceTable


class ArrowStream(Protocol):
    """An object that exports record batches by the Arrow PyCapsule interface."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return a capsule with an ArrowArrayStream."""
        ...


@frozen
class RowPlaces:
    """How the place of a row is shown to the user: a file and a line, a sheet and a row.

    `first` is the number of the first row: 2 for the second row of a sheet.
    """

    unit: str = "row"
    first: int = 1


def _refuse_org() -> OrgAccess:
    raise UsageError("this source is opened without an org", help="open it in a job of a run")


@frozen
class SourceRequest:
    """A location to open. A relative path in it starts at `folder`.

    A source that is found by suffix or content gets the path of one file as its location.
    """

    location: str
    folder: Path
    environ: Mapping[str, str] = field(repr=False)
    """The environment variables that the run may see, secrets included."""
    settings: Mapping[str, object] = field(factory=dict, kw_only=True, repr=False)
    """The settings of the job, by the names that clauses declare."""
    directory: Path | None = field(default=None, kw_only=True)
    """A folder of the run for temporary files; only the user may read it."""
    open_org: Callable[[], OrgAccess] = field(default=_refuse_org, kw_only=True, repr=False)
    """Opens the job's org."""
    checkpoint: Callable[[], None] = field(default=_do_nothing, kw_only=True, repr=False)
    """Raises `RunInterruptedError` if the user asked the run to stop; call it now and then."""
    only_columns: bool = field(default=False, kw_only=True)
    """Whether only the names of the columns are needed: the rows need not be read."""
    path: Path = field(kw_only=True)
    """The path that the location names."""

    @path.default
    def _join_path(self) -> Path:
        return self.folder / self.location


@frozen
class SinkRequest:
    """Rows to write to a new file.

    Attributes:
        path: The file, which does not exist yet.
        rows: The rows. Rows of a CSV file have text in every column.
        environ: The environment variables that the run may see.
    """

    path: Path
    rows: DuckDBPyRelation = field(repr=False)
    environ: Mapping[str, str] = field(factory=dict, repr=False)


@frozen
class Load:
    """A job whose rows a plan hands over to the org."""

    job: Job
    after: frozenset[str]
    """The keys of the jobs that the org is certain to have processed by then."""
