"""The result of a query job: a file of rows, and a file with the end offset of each row.

Rows are stored as they are sent. The offsets find any page without reading the pages before it, so
clients can fetch pages repeatedly and in any order.
"""

from __future__ import annotations

import csv
import shutil
import struct
from itertools import chain
from typing import TYPE_CHECKING, BinaryIO, Final

from attrs import frozen

from bulkflow_sandbox.core.dates import format_java_double
from bulkflow_sandbox.ingest.files import read_blocks
from bulkflow_sandbox.schema.fields import NUMBERS, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.jobs.job import BulkJob
    from bulkflow_sandbox.schema.rules import Value
    from bulkflow_sandbox.soql.sql_query import Output

_END: Final = struct.Struct("<Q")


@frozen
class QueryFiles:
    """The files of a query job."""

    folder: Path

    @property
    def header(self) -> Path:
        """The file with the header line."""
        return self.folder / "header.csv"

    @property
    def rows(self) -> Path:
        """The file with the rows, without the header."""
        return self.folder / "rows.csv"

    @property
    def ends(self) -> Path:
        """The file with the end offset of each row in `rows`: 8 bytes, little-endian."""
        return self.folder / "rows.ends"

    def remove(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def count(self) -> int:
        """Count the rows."""
        return self.ends.stat().st_size // _END.size

    def read_page(self, first: int, count: int) -> Iterator[bytes]:
        """Read the header and some rows, in blocks.

        Args:
            first: The index of the first row.
            count: The number of rows, all of which exist.
        """
        header = [self.header.read_bytes()]
        if count == 0:
            return iter(header)
        start, end = self._find_end(first - 1), self._find_end(first + count - 1)
        return chain(header, read_blocks(self.rows, start, end))

    def _find_end(self, row: int) -> int:
        if row < 0:
            return 0
        with self.ends.open("rb") as file:
            file.seek(row * _END.size)
            (end,) = _END.unpack(file.read(_END.size))
        return int(end)


class ResultWriter:
    """Writes the result of a job, replacing earlier files.

    Args:
        files: The files to write.
        job: The job, which has the CSV format.
        outputs: The columns, in the order of the values in each row.
        choices: The format of values.
    """

    def __init__(
        self, files: QueryFiles, job: BulkJob, outputs: Sequence[Output], choices: Choices
    ) -> None:
        files.folder.mkdir(parents=True, exist_ok=True)
        self._writers = {
            index: write
            for index, output in enumerate(outputs)
            if (write := _find_formatter(output.field_type, choices)) is not None
        }
        with files.header.open("wb") as header:
            _RowFile(job, header).add([[output.label for output in outputs]])
        self._rows_file = files.rows.open("wb")
        self._ends_file = files.ends.open("wb")
        self._rows = _RowFile(job, self._rows_file, self._ends_file)

    @property
    def size(self) -> int:
        """The number of bytes of rows so far."""
        return self._rows.size

    def write(self, rows: Sequence[Sequence[Value]]) -> None:
        """Write rows with a value for each column, in the form of the database."""
        if self._writers and rows:
            columns: list[Sequence[Value]] = list(zip(*rows, strict=True))
            for index, write in self._writers.items():
                columns[index] = [
                    None if value is None else write(value) for value in columns[index]
                ]
            rows = list(zip(*columns, strict=True))
        self._rows.add(rows)

    def close(self) -> None:
        """Close the files."""
        self._rows_file.close()
        self._ends_file.close()


class _RowFile:
    """Encodes rows as CSV into a file; `csv.writer` calls `write` once per row."""

    def __init__(self, job: BulkJob, file: BinaryIO, ends: BinaryIO | None = None) -> None:
        self._file = file
        self._ends = ends
        self._csv = csv.writer(
            self,
            delimiter=job.column_delimiter.text,
            lineterminator=job.line_ending.text,
            quoting=csv.QUOTE_ALL,
        )
        self.size = 0

    def add(self, rows: Sequence[Sequence[Value]]) -> None:
        self._csv.writerows(rows)

    def write(self, text: str) -> None:
        self.size += self._file.write(text.encode())
        if self._ends is not None:
            self._ends.write(_END.pack(self.size))


def _find_formatter(kind: FieldType, choices: Choices) -> Callable[[Value], str] | None:
    """Find the formatter of a type; `None` if values are written as stored."""
    if kind is FieldType.BOOLEAN:
        return lambda value: "true" if value else "false"
    if kind in NUMBERS:
        if choices.query_doubles_as_java:
            return lambda value: format_java_double(float(value or 0))
        return lambda value: f"{float(value or 0):.15g}"
    return None
