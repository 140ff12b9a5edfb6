"""The result of a query job: its rows in one file, and where each of them ends in another.

Rows are kept as they are sent. With the ends, any page can be found without reading what is
before it, so a page can be asked for again and in any order.
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
    """The folder of a query job."""

    folder: Path

    @property
    def header(self) -> Path:
        """The header line."""
        return self.folder / "header.csv"

    @property
    def rows(self) -> Path:
        """The rows, without the header."""
        return self.folder / "rows.csv"

    @property
    def ends(self) -> Path:
        """For each row, the offset of its end in the file of rows: 8 bytes, little-endian."""
        return self.folder / "rows.ends"

    def remove(self) -> None:
        """Removes the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def count(self) -> int:
        """How many rows there are."""
        return self.ends.stat().st_size // _END.size

    def page(self, first: int, count: int) -> Iterator[bytes]:
        """The header and some of the rows, in blocks.

        Args:
            first: The number of the first row, from 0.
            count: How many rows; those must exist.
        """
        header = [self.header.read_bytes()]
        if count == 0:
            return iter(header)
        start, end = self._end_of(first - 1), self._end_of(first + count - 1)
        return chain(header, read_blocks(self.rows, start, end))

    def _end_of(self, row: int) -> int:
        if row < 0:
            return 0
        with self.ends.open("rb") as file:
            file.seek(row * _END.size)
            (end,) = _END.unpack(file.read(_END.size))
        return int(end)


class ResultWriter:
    """Writes the result of a job from its beginning.

    Args:
        files: Where to.
        job: The job, for how its CSV looks.
        outputs: The columns, in the order of the rows' values.
        choices: How values look.
    """

    def __init__(
        self, files: QueryFiles, job: BulkJob, outputs: Sequence[Output], choices: Choices
    ) -> None:
        files.folder.mkdir(parents=True, exist_ok=True)
        self._writers = {
            index: write
            for index, output in enumerate(outputs)
            if (write := _writer_of(output.field_type, choices)) is not None
        }
        with files.header.open("wb") as header:
            _Rows(job, header).add([[output.label for output in outputs]])
        self._rows_file = files.rows.open("wb")
        self._ends_file = files.ends.open("wb")
        self._rows = _Rows(job, self._rows_file, self._ends_file)

    @property
    def size(self) -> int:
        """How many bytes the rows have so far."""
        return self._rows.size

    def write(self, rows: Sequence[Sequence[Value]]) -> None:
        """Adds rows; a value for each column, in the store's form."""
        if self._writers and rows:
            columns: list[Sequence[Value]] = list(zip(*rows, strict=True))
            for index, write in self._writers.items():
                columns[index] = [
                    None if value is None else write(value) for value in columns[index]
                ]
            rows = list(zip(*columns, strict=True))
        self._rows.add(rows)

    def close(self) -> None:
        """Closes the files."""
        self._rows_file.close()
        self._ends_file.close()


class _Rows:
    """CSV on its way to a file. A CSV writer hands over one whole row at a time."""

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


def _writer_of(kind: FieldType, choices: Choices) -> Callable[[Value], str] | None:
    """How the values of a type are written, where it is not as the store has them."""
    if kind is FieldType.BOOLEAN:
        return lambda value: "true" if value else "false"
    if kind in NUMBERS:
        if choices.query_doubles_as_java:
            return lambda value: format_java_double(float(value or 0))
        return lambda value: f"{float(value or 0):.15g}"
    return None
