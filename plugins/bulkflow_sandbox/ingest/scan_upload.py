"""Checks all bytes of an upload before its first row is processed.

Line endings and quotes are checked in the bytes, because a CSV parser accepts what Salesforce
refuses: the wrong line ending within quotes, or a quote in the middle of a value.
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
    """The result of a scan.

    `problem` is the job's `errorMessage` if it fails. `stray_spaces` is set if there is a space
    between a delimiter and a quote, so the rows must be checked for it.
    """

    problem: str | None
    stray_spaces: bool = False


def scan_upload(
    path: Path, job: BulkJob, choices: Choices, *, block_size: int = _BLOCK
) -> UploadScan:
    """Scan the upload of a job, `block_size` bytes at a time."""
    quotes = _QuoteChecker(ord(job.column_delimiter.text))
    last = b""
    with path.open("rb") as file:
        while block := file.read(block_size):
            if _has_other_line_endings(last, block, job.line_ending):
                return UploadScan(choices.line_ending_text.format(name=job.line_ending))
            if not quotes.check(last, block):
                return UploadScan(choices.unescaped_quote_text)
            last = block[-1:]
    if job.line_ending is LineEnding.CRLF and last == b"\r":
        return UploadScan(choices.line_ending_text.format(name=job.line_ending))
    if quotes.inside:
        return UploadScan(choices.unescaped_quote_text)
    return UploadScan(None, stray_spaces=quotes.stray_spaces)


def _has_other_line_endings(last: bytes, block: bytes, wanted: LineEnding) -> bool:
    if wanted is LineEnding.LF:
        return b"\r" in block
    # A CR at the end of the block is checked together with the next block.
    block = last + block if last == b"\r" else block
    held = block.endswith(b"\r")
    pairs = block.count(b"\r\n")
    return block.count(b"\n") != pairs or block.count(b"\r") - held != pairs


class _QuoteChecker:
    """Checks the quotes of a text that arrives in blocks, each by the bytes next to it."""

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

    def check(self, last: bytes, block: bytes) -> bool:
        """Check the quotes of a block; `False` if one is misplaced."""
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
        return self._check_opening(data, block, opening)

    def _check_opening(
        self, data: np.ndarray[tuple[int], np.dtype[np.uint8]], block: bytes, opening: np.ndarray
    ) -> bool:
        good = True
        if len(opening) and opening[0] == 0:
            good = self._before[self._tail[-1]] or self._is_after_spaces(block, 0)
            opening = opening[1:]
        wrong = opening[~self._before[data[opening - 1]]]
        good = good and all(self._is_after_spaces(block, int(place)) for place in wrong)
        self._tail = (self._tail + block)[-64:] if len(block) < 64 else block[-64:]
        return good

    def _is_after_spaces(self, block: bytes, place: int) -> bool:
        """Check that there are only spaces between the start of the value and the quote."""
        text = self._tail + block[:place] if place < 64 else block[place - 64 : place]
        stripped = text.rstrip(b" ")
        spaced = len(stripped) < len(text) and bool(stripped) and stripped[-1] in self._ends
        self.stray_spaces |= spaced
        return spaced
