"""Plugin declaration: the source `file`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Source, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.plugin import SourceData, SourceRequest


_SUFFIXES = tuple(
    name + packed for name in (".csv", ".tsv") for packed in ("", ".gz", ".zst", ".bz2")
)


@hookimpl
def bulkflow_sources() -> Iterable[Source]:
    """Declare files, globs and standard input."""
    return (
        Source(
            ("file",),
            "A path, a glob such as `export/*.csv` (in name order), or `-` for standard input. "
            "Files that end in .gz, .zst or .bz2 are decompressed.",
            _open,
        ),
        Source(
            (),
            "CSV and its kin, by the ends of their names; whatever else they contain is refused.",
            _keep_bytes,
            suffixes=_SUFFIXES,
        ),
    )


def _keep_bytes(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow.plugin import SourceFile

    yield SourceFile(request.location, request.path)


def _open(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_csv.locations import open_files

    return open_files(request)
