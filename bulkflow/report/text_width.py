"""How text is drawn in a terminal's cells.

A server's words, a file's lines and a path's name may hold anything; what leaves this room holds no
character that a terminal acts upon, and its width is known.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_JOINERS: Final = "\u200c\u200d"
"""Format characters that belong to ordinary writing: parts of emoji and of several scripts."""

_TAB_WIDTH: Final = 4

_LINE_ENDS: Final = re.compile(r"[\t\r\n]+")


@lru_cache(maxsize=4096)
def escape_character(character: str, encoding: str = "utf-8") -> str:
    r"""A character as it is drawn: itself, or its escape where it must not reach a terminal.

    Escaped, as `\x1b`, `\u202e` or `\U000e0001`, are control characters, surrogates, line
    separators, format characters such as those that turn the direction of writing, and what the
    encoding lacks.
    """
    category = unicodedata.category(character)
    hidden = category in {"Cc", "Cs", "Zl", "Zp"} or (
        category == "Cf" and character not in _JOINERS
    )
    if not hidden:
        try:
            character.encode(encoding)
        except UnicodeEncodeError:
            pass  # escaped below: what the encoding lacks must still be readable
        else:
            return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def escape_line(text: str, encoding: str = "utf-8") -> str:
    """One line of drawn text: tabs and line ends become a space, the rest goes through `drawn`."""
    joined = _LINE_ENDS.sub(" ", text)
    if joined.isascii() and joined.isprintable():
        return joined
    return "".join(escape_character(character, encoding) for character in joined)


def escape_text(text: str, encoding: str = "utf-8") -> str:
    """Text as it is, its tabs and line feeds too, but for what must not reach a terminal."""
    return "".join(
        character if character in "\t\n" else escape_character(character, encoding)
        for character in text
    )


def escape_lines(text: str, encoding: str = "utf-8") -> list[str]:
    """The lines of a text that may have several, each drawn; blank ones are left out."""
    lines = (escape_line(line.strip(), encoding) for line in text.splitlines())
    return [line for line in lines if line]


def wrap_words(text: str, width: int | None) -> list[str]:
    """Drawn text in lines of at most so many cells, if its words let it; None for one line."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and (width is None or count_cells(lines[-1]) + 1 + count_cells(word) <= width):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def count_cells(text: str) -> int:
    """How many cells drawn text takes."""
    return len(text) if text.isascii() else sum(map(_character_cells, text))


def expand_line(line: str, encoding: str = "utf-8") -> tuple[list[str], list[int]]:
    """A source line, character by character: what is drawn, and the cell where each begins.

    Tabs reach to the next multiple of four cells. The second list has one entry more than the
    line has characters: the cell after the last.
    """
    shown: list[str] = []
    starts = [0]
    at = 0
    for character in line:
        piece = " " * (_TAB_WIDTH - at % _TAB_WIDTH) if character == "\t" else character
        if character != "\t":
            piece = escape_character(character, encoding)
        at += count_cells(piece)
        shown.append(piece)
        starts.append(at)
    return shown, starts


def pad_to_width(text: str, width: int) -> str:
    """The text with spaces behind it, up to a width in cells."""
    return text + " " * max(0, width - count_cells(text))


@lru_cache(maxsize=4096)
def _character_cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    if "\u1160" <= character <= "\u11ff":  # vowels and finals join the Hangul syllable before
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
