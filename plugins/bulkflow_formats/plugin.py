"""The plugin's hooks: its sources and sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Sink, Source, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.plugin import SinkRequest, SourceData, SourceRequest


@hookimpl
def bulkflow_sources() -> Iterable[Source]:
    """Declare the formats that rows are read from."""
    return (
        Source(
            (),
            "A Parquet file. Fields of a struct become columns such as `Account.Name`.",
            _open_parquet,
            suffixes=(".parquet",),
            recognizes=lambda start: start.startswith(b"PAR1"),
        ),
    )


@hookimpl
def bulkflow_sinks() -> Iterable[Sink]:
    """Declare the formats that rows are written to."""
    return (Sink((".parquet",), "A Parquet file, compressed with zstd.", _write_parquet),)


def _open_parquet(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_formats.parquet import open_parquet

    return open_parquet(request)


def _write_parquet(request: SinkRequest) -> None:
    from bulkflow_formats.parquet import write_parquet

    write_parquet(request)
