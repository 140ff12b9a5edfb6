"""Rows written anew where they cannot go as they are: other columns, or another delimiter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_csv.errors import CsvError, file_changed
from bulkflow_csv.rewriting.columns import spell_row
from bulkflow_csv.rewriting.temp_copy import written_anew
from bulkflow_csv.scanning.load_numpy import load_numpy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from bulkflow_csv.head import Head
    from bulkflow_csv.rewriting.columns import Layout
    from bulkflow_csv.rewriting.delimiter_alias import Fold
    from bulkflow_csv.source import ByteSource

BLOCK_BYTES: Final = 1 << 20


def rewrite(
    head: Head,
    directory: Path,
    layout: Layout,
    *,
    fold: Fold | None = None,
    block_size: int = BLOCK_BYTES,
) -> ByteSource:
    """Write the rows of a file anew, in their order, with the line end that they have.

    Args:
        head: What `read_head` said of the file; its rows must have been scanned.
        directory: An existing folder for the new file, which only its owner may read.
        layout: What the rows become.
        fold: What one character of the file stands for, if it is a folded copy.
        block_size: Bytes that are read at a time; memory is some ten times that, or as much as the
            longest record.

    Raises:
        CsvError: The file is not what it was when it was scanned, or the new one cannot be written.
    """

    def blocks(file: FileIO) -> Iterator[bytes]:
        load_numpy()
        from bulkflow_csv.rewriting.editor import Editor, NotRecordsError

        editor = Editor(layout, head.dialect, len(head.header.columns), fold)
        head.source.check(file, head.stamp)
        yield spell_row(layout.names, layout.delimiter, head.dialect.line_end)
        file.seek(head.start.offset)
        held, left = b"", head.end - head.start.offset
        while left:
            block = file.read(min(block_size, left))
            if not block:
                raise file_changed(head.source.name, "it is shorter than it was")
            left -= len(block)
            if not left and not block.endswith(b"\n"):
                block += head.dialect.line_end
            held += block
            try:
                written, used = editor.write(held)
            except NotRecordsError as error:
                raise file_changed(head.source.name, str(error)) from error
            held = held[used:]
            yield written
        if held:
            raise file_changed(head.source.name, "its last record is not whole")
        head.source.check(file, head.stamp)

    return written_anew(head.source, directory, blocks, prefix="rows-")


def told_of_original(error: CsvError) -> CsvError:
    """An error in rows that were written anew: with the record, whose line the user's file has.

    Lines and bytes of the new file would lead nowhere.
    """
    return CsvError(
        error.message,
        name=error.name,
        record=error.record,
        help=error.help,
        notes=[*error.notes, "it is so after the clauses of the job have changed the rows"],
    )
