"""The plugin's hooks: its sources and sinks, and the clauses of both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Sink, Source, ValueType, hookimpl
from bulkflow_formats import suffixes
from bulkflow_formats.clauses import CLAUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bulkflow.model.value import Value
    from bulkflow.plugin import Clause, Problem, SinkRequest, SourceData, SourceRequest
    from bulkflow_formats.sql_query import DatabaseUrl


@hookimpl
def bulkflow_clauses() -> Iterable[Clause]:
    """Declare the clauses about formats and databases."""
    return CLAUSES


@hookimpl
def bulkflow_value_types() -> Iterable[ValueType]:
    """Declare the types of slots of these clauses."""
    return (
        ValueType("sql", 'a query in quotes, such as "SELECT Id FROM crm.people"', _read_query),
        ValueType("database", "`env NAME`, the variable with the database's URL", _read_url),
    )


@hookimpl
def bulkflow_job_problems(settings: Mapping[str, object]) -> Iterable[Problem]:
    """Find settings that do not fit the format of a job's source."""
    from bulkflow_formats.problems import find_problems

    return find_problems(settings)


@hookimpl
def bulkflow_sources() -> Iterable[Source]:
    """Declare the formats that rows are read from."""
    return (
        Source(
            (),
            "A Parquet file. Fields of a struct become columns such as `Account.Name`.",
            _open_parquet,
            suffixes=suffixes.PARQUET,
            recognizes=lambda start: start.startswith(b"PAR1"),
        ),
        Source(
            (),
            "JSON lines: one object on each line. Nested objects become columns such as "
            "`Account.Name`.",
            _open_json_lines,
            suffixes=suffixes.JSON_LINES,
            recognizes=_recognizes_json_lines,
        ),
        Source(
            (),
            "An Arrow or Feather file; needs pyarrow (`pip install 'bulkflow-sf[arrow]'`) or "
            "polars.",
            _open_arrow,
            suffixes=suffixes.ARROW,
            recognizes=lambda start: start.startswith(b"ARROW1"),
        ),
        Source(
            (),
            "A sheet of an Excel or OpenDocument workbook; needs python-calamine "
            "(`pip install 'bulkflow-sf[excel]'`).",
            _open_workbook,
            suffixes=suffixes.EXCEL,
            recognizes=_recognizes_workbook,
        ),
        Source(("sql",), "The rows of a query, which `from sql` makes.", _open_query),
    )


@hookimpl
def bulkflow_sinks() -> Iterable[Sink]:
    """Declare the formats that rows are written to."""
    return (
        Sink(suffixes.PARQUET, "A Parquet file, compressed with zstd.", _write_parquet),
        Sink(suffixes.JSON_LINES, "JSON lines: one object on each line.", _write_json_lines),
        Sink(
            suffixes.COMPRESSED_CSV,
            "Compressed CSV: UTF-8, commas, with a header.",
            _write_compressed_csv,
        ),
    )


def _read_query(value: Value) -> str:
    from bulkflow_formats.sql_query import read_query

    return read_query(value)


def _read_url(value: Value) -> DatabaseUrl:
    from bulkflow_formats.sql_query import read_url

    return read_url(value)


def _recognizes_json_lines(start: bytes) -> bool:
    from bulkflow_formats.json_lines import recognizes_json_lines

    return recognizes_json_lines(start)


def _recognizes_workbook(start: bytes) -> bool:
    from bulkflow_formats.excel import recognizes_workbook

    return recognizes_workbook(start)


def _open_parquet(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_formats.parquet import open_parquet

    return open_parquet(request)


def _open_json_lines(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_formats.json_lines import open_json_lines

    return open_json_lines(request)


def _open_arrow(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_formats.arrow import open_arrow

    return open_arrow(request)


def _open_workbook(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_formats.excel import open_workbook

    return open_workbook(request)


def _open_query(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_formats.sql_source import open_query

    return open_query(request)


def _write_parquet(request: SinkRequest) -> None:
    from bulkflow_formats.parquet import write_parquet

    write_parquet(request)


def _write_compressed_csv(request: SinkRequest) -> None:
    from bulkflow_formats.compressed_csv import write_compressed_csv

    write_compressed_csv(request)


def _write_json_lines(request: SinkRequest) -> None:
    from bulkflow_formats.json_lines import write_json_lines

    write_json_lines(request)
