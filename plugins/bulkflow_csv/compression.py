"""Compressed files: gzip, Zstandard and bzip2, known by the ends of their names."""

from __future__ import annotations

import bz2
import gzip
import sys
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, cast

from attrs import frozen

from bulkflow_csv.errors import CsvError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType


@frozen
class Compression:
    """A way to compress files.

    Attributes:
        name: What users call it.
        suffix: The end of the names of such files.
        open: Opens a binary stream to read what was compressed in it.
    """

    name: str
    suffix: str
    open: Callable[[BinaryIO], BinaryIO]


def load_zstd() -> ModuleType:
    """Return the module for Zstandard: that of Python, since 3.14, or its backport."""
    # Here, because few files need it.
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    return zstd


GZIP: Final = Compression(
    "gzip", ".gz", lambda stream: cast("BinaryIO", gzip.GzipFile(fileobj=stream, mode="rb"))
)
ZSTD: Final = Compression("zstd", ".zst", lambda stream: load_zstd().ZstdFile(stream, "r"))
BZIP2: Final = Compression("bzip2", ".bz2", lambda stream: cast("BinaryIO", bz2.BZ2File(stream)))

COMPRESSIONS: Final = {each.suffix: each for each in (GZIP, ZSTD, BZIP2)}
"""By suffix."""


def find_compression(path: Path) -> Compression | None:
    """Return how a file is compressed, by the end of its name; None if it is not."""
    return COMPRESSIONS.get(path.suffix.lower())


def is_gzip(path: Path) -> bool:
    """Return whether the name of a path ends in `.gz`."""
    return find_compression(path) is GZIP


@contextmanager
def convert_damage(name: str, compression: Compression | None) -> Iterator[None]:
    """Convert the errors of reading damaged data. Other errors of the system pass.

    Args:
        name: The name of the data that the user knows.
        compression: How it should be compressed; None if it is not.

    Raises:
        CsvError: The data is not compressed in this way, is truncated, or is corrupt.
    """
    if compression is None:
        yield
        return
    try:
        yield
    except CsvError:
        raise
    except (EOFError, zlib.error) as error:
        raise _make_error(name, compression, error) from error
    except OSError as error:
        # gzip and bz2 raise errors of the system without a number.
        if error.errno is not None:
            raise
        raise _make_error(name, compression, error) from error
    except Exception as error:
        if compression is not ZSTD or not isinstance(error, load_zstd().ZstdError):
            raise
        raise _make_error(name, compression, error) from error


_FOREIGN: Final = ("Not a gzipped file", "Invalid data stream", "Unknown frame descriptor")
"""In the messages for data that is not compressed so, or is followed by other data."""


def _make_error(name: str, compression: Compression, error: Exception) -> CsvError:
    suffix, kind = compression.suffix, compression.name
    if isinstance(error, EOFError):
        message = f"the {kind} file is truncated"
    elif any(each in str(error) for each in _FOREIGN):
        message = f"the file name ends in {suffix}, but the content is not {kind}, or not all of it"
    else:
        message = f"the {kind} file is corrupt"
    return CsvError(
        message,
        name=name,
        help=f"compress the file again, or remove {suffix} from its name if it is plain CSV",
    )
