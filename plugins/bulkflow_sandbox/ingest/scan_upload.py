"""A look at all bytes of an upload before any of its rows is processed.

Line ends and quotes are judged on the bytes, because a CSV parser forgives what Salesforce does
not: a line end of the other kind within quotes, or a quote in the middle of a value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import frozen

from bulkflow_sandbox.jobs.job import LineEnding

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.jobs.job import BulkJob

_BLOCK: Final = 1 << 20
_QUOTE: Final = ord('"')
_SPACE: Final = ord(" ")
_CR: Final = ord("\r")
_LF: Final = ord("\n")


@frozen
class UploadScan:
    """What was found: the job's `errorMessage` if it fails, and whether rows need a closer look.

    `stray_spaces` says that somewhere a space stands between a delimiter and a quote.
    """

    problem: str | None
    stray_spaces: bool = False


def scan_upload(
    path: Path, job: BulkJob, choices: Choices, *, block_size: int = _BLOCK
) -> UploadScan:
    """Looks at the upload of a job, `block_size` bytes at a time."""
    quotes = _Quotes(ord(job.column_delimiter.text))
    last = b""
    with path.open("rb") as file:
        while block := file.read(block_size):
            if _breaks_lines_otherwise(last, block, job.line_ending):
                return UploadScan(choices.line_ending_text.format(name=job.line_ending))
            if not quotes.take(last, block):
                return UploadScan(choices.unescaped_quote_text)
            last = block[-1:]
    if job.line_ending is LineEnding.CRLF and last == b"\r":
        return UploadScan(choices.line_ending_text.format(name=job.line_ending))
    if quotes.inside:
        return UploadScan(choices.unescaped_quote_text)
    return UploadScan(None, stray_spaces=quotes.stray_spaces)


def _breaks_lines_otherwise(last: bytes, block: bytes, wanted: LineEnding) -> bool:
    if wanted is LineEnding.LF:
        return b"\r" in block
    # A CR at the end of the block is judged together with the next block.
    block = last + block if last == b"\r" else block
    held = block.endswith(b"\r")
    pairs = block.count(b"\r\n")
    return block.count(b"\n") != pairs or block.count(b"\r") - held != pairs


class _Quotes:
    """Judges the quotes of a text that comes in blocks, each by the bytes beside it."""

    def __init__(self, delimiter: int) -> None:
        self.inside = False
        self.stray_spaces = False
        self._before = np.zeros(256, dtype=bool)
        self._before[[delimiter, _LF, _QUOTE]] = True
        self._after = self._before.copy()
        self._after[_CR] = True
        self._ends = {delimiter, _LF}
        self._tail = b"\n"
        self._closed_at_end = False

    def take(self, last: bytes, block: bytes) -> bool:
        """Judges the quotes of a block; `False` when one is in the wrong place."""
        if self._closed_at_end and not self._after[block[0]]:
            return False
        self._closed_at_end = False
        if _QUOTE not in block:
            self._tail = (self._tail + block)[-64:] if len(block) < 64 else block[-64:]
            return True
        data = np.frombuffer(block, dtype=np.uint8)
        places = np.flatnonzero(data == _QUOTE)
        first = 1 if self.inside else 0
        opening, closing = places[first::2], places[1 - first :: 2]
        self.inside ^= bool(len(places) & 1)
        if len(closing) and closing[-1] == len(block) - 1:
            self._closed_at_end = True
            closing = closing[:-1]
        if not self._after[data[closing + 1]].all():
            return False
        return self._judge_opening(data, block, opening)

    def _judge_opening(
        self, data: np.ndarray[tuple[int], np.dtype[np.uint8]], block: bytes, opening: np.ndarray
    ) -> bool:
        good = True
        if len(opening) and opening[0] == 0:
            good = self._before[self._tail[-1]] or self._spaced(block, 0)
            opening = opening[1:]
        wrong = opening[~self._before[data[opening - 1]]]
        good = good and all(self._spaced(block, int(place)) for place in wrong)
        self._tail = (self._tail + block)[-64:] if len(block) < 64 else block[-64:]
        return good

    def _spaced(self, block: bytes, place: int) -> bool:
        """Whether nothing but spaces stands between the start of the value and the quote."""
        text = self._tail + block[:place] if place < 64 else block[place - 64 : place]
        stripped = text.rstrip(b" ")
        spaced = len(stripped) < len(text) and bool(stripped) and stripped[-1] in self._ends
        self.stray_spaces |= spaced
        return spaced
