"""The format of a file of saved rows: that of the file that the rows come from."""

from __future__ import annotations

import csv
import io
import re
from codecs import BOM_UTF8, getincrementalencoder
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from bulkflow_csv import DelimiterAlias

_COPY_CHARACTERS: Final = 1 << 20
_START_BYTES: Final = 1 << 16
_LONE_LF: Final = re.compile(r"(?<!\r)\n")


@frozen
class SavedFormat:
    """How saved rows are written.

    Attributes:
        delimiter: The column delimiter, one character.
        line_end: What ends a line.
        encoding: The codec of the file.
        marked: Whether it begins with a byte order mark. A codec such as `utf-16` writes its own.
        alias: The character that replaces a longer delimiter until the file is written.
    """

    delimiter: str = ","
    line_end: str = "\n"
    encoding: str = "utf-8"
    marked: bool = False
    alias: DelimiterAlias | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the text of the database is written as it is."""
        return self == SavedFormat(self.delimiter)

    def format_header(self, names: Sequence[str]) -> str:
        """Return the line of the header."""
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self.delimiter, lineterminator="\n").writerow(names)
        return out.getvalue()

    def encode(self, texts: Iterable[str]) -> Iterator[bytes]:
        """Encode the text of a file, in which LF ends a line.

        Characters that the encoding lacks become `?`. The values of the source have none.
        """
        encode = getincrementalencoder(self.encoding)(errors="replace").encode
        if self.marked:
            yield BOM_UTF8
        held = ""
        for text in texts:
            whole = held + text
            # The last character is kept back, so that a CR is together with its LF.
            held = whole[-1:]
            yield encode(self._finish(whole[:-1]))
        yield encode(self._finish(held), final=True)

    def _finish(self, text: str) -> str:
        if self.line_end == "\r\n":
            text = _LONE_LF.sub("\r\n", text)
        if self.alias is not None:
            text = text.replace(self.alias.sign, self.alias.text)
        return text


def find_format(
    path: Path, delimiter: str, encoding: str | None, alias: DelimiterAlias | None
) -> SavedFormat:
    """Find the format of a file, for rows that are saved from it.

    Args:
        path: The file that the rows are read from, in UTF-8.
        delimiter: Its column delimiter, one character.
        encoding: The encoding of the user's file, if it is not UTF-8.
        alias: The character that replaces the delimiter in the file.
    """
    start = b""
    with suppress(OSError), path.open("rb") as file:
        start = file.read(_START_BYTES)
    line_end = "\r\n" if start.partition(b"\n")[0].endswith(b"\r") else "\n"
    marked = encoding is None and start.startswith(BOM_UTF8)
    return SavedFormat(delimiter, line_end, encoding or "utf-8", marked, alias)


def read_texts(path: Path) -> Iterator[str]:
    """Yield the text of a UTF-8 file as it is."""
    with path.open(encoding="utf-8", newline="") as file:
        while text := file.read(_COPY_CHARACTERS):
            yield text
