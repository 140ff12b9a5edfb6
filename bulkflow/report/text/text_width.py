"""Measures and fits text in the cells of a terminal. Text must be escaped before."""

from __future__ import annotations

from typing import Final

from bulkflow.report.text.escape import escape_character

_TAB_WIDTH: Final = 4


def count_cells(text: str) -> int:
    """Count the cells that text takes."""
    if text.isascii():
        return len(text)
    # Imported here because rich is needed only for a terminal, or for text beyond ASCII.
    from rich.cells import cell_len

    return cell_len(text)


def pad_to_width(text: str, width: int) -> str:
    """Append spaces up to a width in cells."""
    return text + " " * max(0, width - count_cells(text))


def wrap_words(text: str, width: int | None) -> list[str]:
    """Break text at spaces into lines of at most `width` cells; None for a single line.

    A word that is wider is a line of its own.
    """
    lines: list[str] = []
    for word in text.split(" "):
        if lines and (width is None or count_cells(lines[-1]) + 1 + count_cells(word) <= width):
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def expand_line(line: str, encoding: str = "utf-8") -> tuple[list[str], list[int]]:
    """Escape a source line and expand its tabs, character by character.

    Returns:
        What is drawn for each character, and the cell where each begins. The second list has one
        more entry: the cell after the last character. Tabs extend to the next multiple of four.
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
