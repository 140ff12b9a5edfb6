"""Reads the rows of an upload, a few at a time."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow_sandbox.jobs.job import BulkJob

LONGEST_VALUE: Final = 131_072
"""Characters. The csv module has the same limit, but for the whole process. If the sandbox runs
inside of its client, the client may have raised it."""


class UploadRows:
    """Reads the header of an upload, then its rows.

    Bytes that are not UTF-8 become U+FFFD, as with Java's decoder. Blank lines at the end are
    ignored. Other blank lines are rows without values. The file must have passed `scan_upload`, so
    each line ends with a line feed.

    Args:
        path: The upload.
        job: Its job.

    Raises:
        csv.Error: A name in the header is longer than 131,072 characters.
    """

    def __init__(self, path: Path, job: BulkJob) -> None:
        self._path = path
        self._file = path.open(encoding="utf-8", errors="replace", newline="")
        try:
            self._reader = csv.reader(self._file, delimiter=job.column_delimiter.text, strict=True)
            self.header = next(self._reader, [])
            _check(self.header)
        except BaseException:
            self._file.close()
            raise
        self._header_lines = self._reader.line_num
        self._lines_ahead = 0
        self._rows = self._skip_final_blanks()
        self.ended = False

    def take(self, count: int) -> list[list[str]]:
        """Read the next rows, fewer than `count` only at the end.

        Raises:
            csv.Error: A value is longer than 131,072 characters.
        """
        rows = list(islice(self._rows, count))
        for row in rows:
            _check(row)
        self.ended = len(rows) < count
        return rows

    def skip(self, count: int) -> None:
        """Skip rows that have been processed."""
        for _ in islice(self._rows, count):
            pass

    def read_header_bytes(self) -> bytes:
        """Read the header as it was uploaded, without its line ending."""
        with self._path.open("rb") as file:
            return b"".join(islice(file, self._header_lines)).rstrip(b"\r\n")

    def find_offset(self) -> int:
        """Find the offset in bytes of the first row that has not been read."""
        with self._path.open("rb") as file:
            return sum(map(len, islice(file, self._reader.line_num - self._lines_ahead)))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _skip_final_blanks(self) -> Iterator[list[str]]:
        blanks = 0
        lines = self._header_lines
        for row in self._reader:
            if not row:
                blanks += 1
            else:
                if blanks:
                    row_lines = self._reader.line_num - lines
                    for left in range(blanks - 1, -1, -1):
                        self._lines_ahead = left + row_lines
                        yield []
                    self._lines_ahead = 0
                    blanks = 0
                yield row
            lines = self._reader.line_num


def _check(row: list[str]) -> None:
    if max(map(len, row), default=0) > LONGEST_VALUE:
        raise csv.Error(f"field larger than field limit ({LONGEST_VALUE})")
