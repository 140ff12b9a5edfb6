"""Escapes text for a terminal.

Messages of servers, lines of files and names of paths can contain anything. No character that a
terminal would interpret may be written to one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Format characters of ordinary text: parts of emoji and of several scripts."""

_LINE_ENDS: Final = re.compile(r"[\t\r\n]+")


@lru_cache(maxsize=4096)
def escape_character(character: str, encoding: str = "utf-8") -> str:
    r"""Return the character, or its escape if it must not reach a terminal.

    Escaped, as `\x1b`, `\u202e` or `\U000e0001`, are control characters, surrogates, line
    separators, format characters (some change the text direction), and characters that the encoding
    lacks.
    """
    category = unicodedata.category(character)
    hidden = category in {"Cc", "Cs", "Zl", "Zp"} or (
        category == "Cf" and character not in _JOINERS
    )
    if not hidden:
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            pass  # escaped below
        else:
            return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def escape_line(text: str, encoding: str = "utf-8") -> str:
    """Escape text as one line: tabs and line ends become a space."""
    joined = _LINE_ENDS.sub(" ", text)
    if joined.isascii() and joined.isprintable():
        return joined
    return "".join(escape_character(character, encoding) for character in joined)


def escape_text(text: str, encoding: str = "utf-8") -> str:
    """Escape text, but keep its tabs and line feeds."""
    return "".join(
        character if character in "\t\n" else escape_character(character, encoding)
        for character in text
    )


def escape_lines(text: str, encoding: str = "utf-8") -> list[str]:
    """Escape each line of a text. Blank lines are omitted."""
    lines = (escape_line(line.strip(), encoding) for line in text.splitlines())
    return [line for line in lines if line]
