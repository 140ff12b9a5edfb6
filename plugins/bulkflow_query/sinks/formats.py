"""The formats of files, one function for each: it writes a file from the rows of an extract.

A function raises OSError if it cannot write. Nobody sees the file before it is whole.
"""

from __future__ import annotations

import os
from gzip import GzipFile
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from attrs import frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bulkflow_query.sinks.extracted import ExtractedCsv

_BLOCK: Final = 1 << 20
_GZIP_LEVEL: Final = 1
"""As for uploads: higher levels take several times longer for a few per cent."""
_ZSTD_LEVEL: Final = 3


@frozen
class Format:
    """A format of files.

    Attributes:
        suffix: The end of the names of its files.
        write: Writes a file from rows.
        typed: Whether it needs the types of the columns.
    """

    suffix: str
    write: Callable[[ExtractedCsv, Path], None]
    typed: bool = False


def write_csv(rows: ExtractedCsv, target: Path) -> None:
    """Write the rows as they are; without a copy if the file system has links."""
    try:
        os.link(rows.path, target)
    except OSError:
        with target.open("wb") as out:
            _copy(rows, out)


def write_gzip(rows: ExtractedCsv, target: Path) -> None:
    """Write the rows compressed with gzip. The same rows make the same bytes."""
    with target.open("wb") as out:
        packer = cast("BinaryIO", GzipFile("", "wb", _GZIP_LEVEL, out, mtime=0))
        with packer:
            _copy(rows, packer)


def write_zstd(rows: ExtractedCsv, target: Path) -> None:
    """Write the rows compressed with zstd."""
    from bulkflow_csv.compression import load_zstd

    with load_zstd().ZstdFile(target, "w", level=_ZSTD_LEVEL) as packer:
        _copy(rows, packer)


def write_parquet(rows: ExtractedCsv, target: Path) -> None:
    """Write Parquet, with the types of the org's fields."""
    from bulkflow_query.sinks import typed

    typed.write_parquet(rows, target)


def write_jsonl(rows: ExtractedCsv, target: Path) -> None:
    """Write one JSON object for each row."""
    from bulkflow_query.sinks import typed

    typed.write_jsonl(rows, target)


FORMATS: Final = (
    Format(".csv", write_csv),
    Format(".csv.gz", write_gzip),
    Format(".csv.zst", write_zstd),
    Format(".parquet", write_parquet, typed=True),
    Format(".jsonl", write_jsonl, typed=True),
)


def find_format(path: Path) -> Format:
    """Find the format of a file by its name.

    Raises:
        UsageError: The name has no known suffix.
    """
    name = path.name.lower()
    for each in FORMATS:
        if name.endswith(each.suffix):
            return each
    known = ", ".join(each.suffix for each in FORMATS)
    raise UsageError(
        f"{path.name}: unknown format of rows",
        help=f"give the file a name that ends in one of {known}",
    )


def _copy(rows: ExtractedCsv, out: BinaryIO) -> None:
    with rows.path.open("rb") as source:
        while block := source.read(_BLOCK):
            rows.checkpoint()
            out.write(block)
