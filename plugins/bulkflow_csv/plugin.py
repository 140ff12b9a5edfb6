"""Plugin declaration: the source `file`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.plugin import Source, hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.plugin import SourceData, SourceRequest


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
    )


def _open(request: SourceRequest) -> Iterable[SourceData]:
    from bulkflow_csv.locations import open_files

    return open_files(request)
