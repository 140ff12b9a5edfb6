"""How a file separates its columns and ends its lines, in the API's own names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping

DELIMITERS: Final[Mapping[str, str]] = {
    "COMMA": ",",
    "SEMICOLON": ";",
    "PIPE": "|",
    "TAB": "\t",
    "CARET": "^",
    "BACKQUOTE": "`",
}
"""The values of an ingest job's `columnDelimiter` (guide v66), and what they stand for."""

LINE_ENDINGS: Final[Mapping[str, str]] = {"LF": "\n", "CRLF": "\r\n"}
"""The values of an ingest job's `lineEnding` (guide v66), and what they stand for."""

_DELIMITER: Final = r"[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x7f]"
"""ASCII without NUL, quotes and line ends. A class that excludes all the rest takes `re` long."""
_NAMES: Final = {character: name for name, character in DELIMITERS.items()}


@attrs.frozen
class Dialect:
    """What an ingest job must be told so that Salesforce reads the file as it is.

    Attributes:
        delimiter: A character of one byte; Salesforce reads those in `DELIMITERS`.
        line_ending: "LF" or "CRLF", the same inside quoted values and outside.
        bom: The file starts with a UTF-8 byte order mark, which no part carries.
    """

    delimiter: str = attrs.field(default=",", validator=attrs.validators.matches_re(_DELIMITER))
    line_ending: str = attrs.field(default="LF", validator=attrs.validators.in_(list(LINE_ENDINGS)))
    bom: bool = False

    @property
    def column_delimiter(self) -> str:
        """The job property `columnDelimiter`: "COMMA", "SEMICOLON" and so on."""
        return _NAMES[self.delimiter]

    @property
    def is_known(self) -> bool:
        """Whether Salesforce reads files with this delimiter."""
        return self.delimiter in _NAMES

    @property
    def line_end(self) -> bytes:
        r"""The bytes that end a line: `\n` or `\r\n`."""
        return LINE_ENDINGS[self.line_ending].encode()
