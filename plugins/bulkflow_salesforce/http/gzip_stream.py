"""Gzip taken apart as a stream, in steady memory, with its end checked.

urllib3 can decode gzip, but says nothing when the data stop before the trailer; rows would be lost
without a word. It also decodes chunked answers only when told so for each read.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_GZIP = 16 + zlib.MAX_WBITS


class DamagedGzipError(Exception):
    """The stream is not gzip, is damaged, or ends too soon. Does not leave this package."""


def inflate(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The content of a gzip stream of one or more members, in pieces of at most `size` bytes.

    Args:
        chunks: The stream, cut anywhere.
        size: The most bytes of a piece, and so of what is held, however well the data were packed.

    Raises:
        DamagedGzipError: After the pieces that could be read. No bytes at all are an empty content.
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
                # Output that zlib still holds comes with the next input; the trailer is the last.
                data = member.unconsumed_tail
    if member is not None:
        raise DamagedGzipError("the gzip data end before their trailer")
