"""Rewrite rows with other columns or another delimiter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_csv.errors import CsvError, make_changed_error
from bulkflow_csv.rewriting.columns import encode_row
from bulkflow_csv.rewriting.temp_copy import write_copy
from bulkflow_csv.scanning.load_numpy import load_numpy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from bulkflow_csv.head import Head
    from bulkflow_csv.rewriting.columns import Layout
    from bulkflow_csv.rewriting.delimiter_alias import DelimiterAlias
    from bulkflow_csv.source import ByteSource

BLOCK_BYTES: Final = 1 << 20


def rewrite(
    head: Head,
    directory: Path,
    layout: Layout,
    *,
    alias: DelimiterAlias | None = None,
    block_size: int = BLOCK_BYTES,
) -> ByteSource:
    """Write the rows of a file to a new file, in the same order and with the same line ends.

    Args:
        head: The head of the file, whose rows must have been scanned.
        directory: An existing folder for the new file, which only its owner can read.
        layout: The new columns and format.
        alias: The character that replaces the delimiter in `head.source`, if any.
        block_size: Bytes to read at a time. Peak memory is about ten times as much, or the size of
            the longest record.

    Raises:
        CsvError: The file changed since the scan, or the new file cannot be written.
    """

    def rewrite_blocks(file: FileIO) -> Iterator[bytes]:
        load_numpy()
        from bulkflow_csv.rewriting.editor import Editor, NotRecordsError

        editor = Editor(layout, head.dialect, len(head.header.columns), alias)
        head.source.check(file, head.stamp)
        yield encode_row(layout.names, layout.delimiter, head.dialect.line_end)
        file.seek(head.start.offset)
        held, left = b"", head.end - head.start.offset
        while left:
            block = file.read(min(block_size, left))
            if not block:
                raise make_changed_error(head.source.name, "it got shorter")
            left -= len(block)
            if not left and not block.endswith(b"\n"):
                block += head.dialect.line_end
            held += block
            try:
                written, used = editor.write(held)
            except NotRecordsError as error:
                raise make_changed_error(head.source.name, str(error)) from error
            held = held[used:]
            yield written
        if held:
            raise make_changed_error(head.source.name, "its last record is incomplete")
        head.source.check(file, head.stamp)

    return write_copy(head.source, directory, rewrite_blocks, prefix="rows-")


def drop_copy_position(error: CsvError, *, keep_record: bool = True) -> CsvError:
    """Return an error in rewritten rows without line and byte offset.

    These apply to the rewritten copy. The record number applies to the user's file too, if the copy
    has all its rows: `keep_record`.
    """
    return CsvError(
        error.message,
        name=error.name,
        record=error.record if keep_record else None,
        help=error.help,
        notes=[*error.notes, "this applies to the rows as changed by the clauses of the job"],
    )
