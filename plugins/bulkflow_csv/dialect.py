"""A file's delimiter and line ending, under the names that the Bulk API uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import field, frozen, validators

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
"""Values of an ingest job's `columnDelimiter` (guide v66), with their characters."""

LINE_ENDINGS: Final[Mapping[str, str]] = {"LF": "\n", "CRLF": "\r\n"}
"""Values of an ingest job's `lineEnding` (guide v66), with their characters."""

_DELIMITER: Final = r"[\x01-\x09\x0b\x0c\x0e-\x21\x23-\x7f]"
"""ASCII without NUL, quotes and line breaks. A negated class takes `re` longer to compile."""
_NAMES: Final = {character: name for name, character in DELIMITERS.items()}


@frozen
class Dialect:
    """The file format that an ingest job must declare for Salesforce to parse the file.

    Attributes:
        delimiter: A one-byte character. Salesforce supports those in `DELIMITERS`.
        line_ending: "LF" or "CRLF", the same inside and outside quoted values.
        bom: Whether the file starts with a UTF-8 byte order mark. No part includes it.
    """

    delimiter: str = field(default=",", validator=validators.matches_re(_DELIMITER))
    line_ending: str = field(default="LF", validator=validators.in_(list(LINE_ENDINGS)))
    bom: bool = False

    @property
    def column_delimiter(self) -> str:
        """The job property `columnDelimiter`: "COMMA", "SEMICOLON" and so on."""
        return _NAMES[self.delimiter]

    @property
    def is_known(self) -> bool:
        """Whether Salesforce supports this delimiter."""
        return self.delimiter in _NAMES

    @property
    def line_end(self) -> bytes:
        r"""The bytes that end a line: `\n` or `\r\n`."""
        return LINE_ENDINGS[self.line_ending].encode()
