"""Decompresses gzip as a stream, in constant memory, and checks that it is complete.

urllib3 can decode gzip, but ignores that the data stop before the trailer, so rows could get lost
silently. It also decodes chunked responses only if asked for each read.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS


class DamagedGzipError(Exception):
    """The stream is not gzip, is damaged, or is incomplete. Does not leave this package."""


def inflate(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Decompress a gzip stream of one or more members into pieces of at most `size` bytes.

    Args:
        chunks: The stream, split anywhere. Without any bytes, the content is empty.
        size: The maximum size of a piece, and so of the memory in use, whatever the compression.

    Raises:
        DamagedGzipError: The stream is damaged. The pieces before the damage were yielded.
    """
    member = None
    for chunk in chunks:
        data = chunk
        while data:
            if member is None:
                member = zlib.decompressobj(_GZIP)
            try:
                piece = member.decompress(data, size)
            except zlib.error as error:
                raise DamagedGzipError(str(error)) from error
            if piece:
                yield piece
            if member.eof:
                data, member = member.unused_data, None
            else:
                # Output that zlib still holds comes with the next input; the trailer is last.
                data = member.unconsumed_tail
    if member is not None:
        raise DamagedGzipError("the gzip data end before their trailer")
