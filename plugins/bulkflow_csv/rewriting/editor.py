"""Rewrite records block by block by deleting and inserting bytes.

The values of a block are represented by two arrays, of their start and end positions. A change is
an edit: a byte range and its replacement. Edits are computed for whole columns. Bytes
outside of edits are copied, so a value that is kept stays byte-identical.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from bulkflow_csv.rewriting.columns import NULL, encode_value
from bulkflow_csv.scanning import bitset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_csv.dialect import Dialect
    from bulkflow_csv.rewriting.columns import Layout
    from bulkflow_csv.rewriting.delimiter_alias import DelimiterAlias

Bytes: TypeAlias = NDArray[np.uint8]
Positions: TypeAlias = NDArray[np.int64]
"""Positions in a block: one per record, or a row per record with one per value."""

Edit: TypeAlias = tuple[Positions, Positions, int]
"""Start and end positions of byte ranges, and the index of the text that replaces each."""

_LF: Final = 10
_QUOTE: Final = 34
_TEXTS: Final = (b'"', b'""', NULL.encode())
_DOUBLE_QUOTE, _EMPTY, _NULL = range(3)


class NotRecordsError(ValueError):
    """The bytes are not records with as many columns as the file has."""


@frozen
class _Edge:
    """The start or the end of a column's values."""

    column: int
    end: bool

    def select(self, starts: Positions, ends: Positions) -> Positions:
        chosen: Positions = (ends if self.end else starts)[:, self.column]
        return chosen


class Editor:
    """Rewrites blocks of complete records that a scan has validated.

    Args:
        layout: The new columns and format.
        dialect: The format of the file.
        columns: The number of its columns.
        alias: The character that replaces the delimiter in the file, if any.
    """

    def __init__(
        self, layout: Layout, dialect: Dialect, columns: int, alias: DelimiterAlias | None
    ) -> None:
        self._columns = columns
        self._delimiter = ord(dialect.delimiter)
        self._new_delimiter = ord(layout.delimiter)
        self._returns = int(dialect.line_ending == "CRLF")
        self._alias = alias
        self._sole = len(layout.columns) == 1
        self._kept = [each.index for each in layout.columns if each.index is not None]
        self._texts = list(_TEXTS)
        self._column_edits = list(self._plan_column_edits(layout, dialect.line_end))
        self._null_spellings = list(dict.fromkeys(_spell_nulls(layout, dialect, alias)))

    def write(self, data: bytes) -> tuple[bytes, int]:
        """Rewrite the complete records of the data.

        Args:
            data: Bytes that start with a record.

        Returns:
            The rewritten records, and the number of bytes of `data` that they were read from.

        Raises:
            NotRecordsError: The data are not records with this number of columns.
        """
        source = np.frombuffer(data, np.uint8)
        separators, outside = self._find_separators(source)
        feeds = np.flatnonzero(source[separators] == _LF)
        if not len(feeds):
            return b"", 0
        separators = separators[: feeds[-1] + 1]
        used = int(separators[-1]) + 1
        source = source[:used]
        if len(separators) % self._columns:
            raise NotRecordsError(
                f"{len(separators)} values do not fill records of {self._columns} columns"
            )
        ends = separators.reshape(-1, self._columns).copy()
        starts = np.empty_like(ends)
        starts.reshape(-1)[0] = 0
        starts.reshape(-1)[1:] = separators[:-1] + 1
        ends[:, -1] -= self._returns
        if self._new_delimiter != self._delimiter:
            source = source.copy()
            source[ends[:, :-1]] = self._new_delimiter
        before, after = (
            [
                (first.select(starts, ends), last.select(starts, ends), text)
                for first, last, text in self._column_edits
                if first.end == end
            ]
            for end in (False, True)
        )
        found = self._find_value_edits(data, source, starts, ends, outside)
        single = [edit for edit in found if len(edit[0])]
        # Of edits that start at the same position, all but the last insert without deleting:
        # constants before a value, the edit of the value, its closing quote, text after the record.
        edits = [*before, *single, *after]
        if edits:
            written = _apply(source, *_sort(edits, regular=not single), self._texts)
        else:
            written = source.tobytes()
        return (written if self._alias is None else self._alias.restore(written)), used

    def _find_separators(self, source: Bytes) -> tuple[Positions, bitset.Words]:
        """Find the delimiters and line feeds that end values, and all positions outside quotes."""
        quotes = _pack(source == _QUOTE)
        found = source == self._delimiter
        found |= source == _LF
        inside, _ = bitset.fill_between(quotes, np.empty(len(quotes) + 1, np.uint64), 0)
        outside = ~inside
        return bitset.list_positions(_pack(found) & outside), outside

    def _plan_column_edits(
        self, layout: Layout, line_end: bytes
    ) -> Iterator[tuple[_Edge, _Edge, int]]:
        """Plan the edits of every record: dropped columns and inserted constants."""
        before = -1
        pending: list[bytes] = []
        delimiter = layout.delimiter.encode()
        for column in layout.columns:
            if column.index is None:
                pending.append(
                    encode_value(column.constant, layout.delimiter, line_end, sole=self._sole)
                )
                continue
            if pending or column.index > before + 1:
                text = b"".join(each + delimiter for each in pending)
                yield _Edge(before + 1, False), _Edge(column.index, False), self._add_text(text)
            before, pending = column.index, []
        last = _Edge(self._columns - 1, True)
        if before < 0:
            yield _Edge(0, False), last, self._add_text(delimiter.join(pending))
        elif pending or before < self._columns - 1:
            text = b"".join(delimiter + each for each in pending)
            yield _Edge(before, True), last, self._add_text(text)

    def _add_text(self, text: bytes) -> int:
        self._texts.append(text)
        return len(self._texts) - 1

    def _find_value_edits(
        self, data: bytes, source: Bytes, starts: Positions, ends: Positions, outside: bitset.Words
    ) -> Iterator[Edit]:
        """Find the edits of single values in the columns that are kept."""
        if not self._kept:
            return
        nulls = [
            np.concatenate(found)
            for found in zip(*self._find_nulls(data, source, starts, ends), strict=True)
        ]
        if nulls:
            yield nulls[0], nulls[1], _NULL
        if self._sole and b"" not in self._null_spellings:
            column = self._kept[0]
            blank = starts[:, column][starts[:, column] == ends[:, column]]
            # A record with a single blank value would be a blank line.
            yield blank, blank, _EMPTY
        if self._new_delimiter != self._delimiter:
            yield from self._quote_values(data, starts, ends, outside, nulls[0] if nulls else None)

    def _find_nulls(
        self, data: bytes, source: Bytes, starts: Positions, ends: Positions
    ) -> Iterator[tuple[Positions, Positions]]:
        """Find the values that become null."""
        spellings = [spelling for spelling in self._null_spellings if spelling in data]
        if not spellings:
            return
        lengths = (ends - starts)[:, self._kept]
        firsts = starts[:, self._kept]
        for spelling in spellings:
            found = firsts[lengths == len(spelling)]
            for index, byte in enumerate(spelling):
                found = found[source[found + index] == byte]
            yield found, found + len(spelling)

    def _quote_values(
        self,
        data: bytes,
        starts: Positions,
        ends: Positions,
        outside: bitset.Words,
        nulls: Positions | None,
    ) -> Iterator[Edit]:
        """Put quotes around values that contain the new delimiter."""
        source = np.frombuffer(data, np.uint8)
        found = bitset.list_positions(_pack(source == self._new_delimiter) & outside)
        values = np.unique(np.searchsorted(ends.reshape(-1), found))
        values = values[values < ends.size]
        values = values[np.isin(values % self._columns, self._kept)]
        if nulls is not None:
            values = values[~np.isin(starts.reshape(-1)[values], nulls)]
        for edges in (starts, ends):
            at = edges.reshape(-1)[values]
            yield at, at, _DOUBLE_QUOTE


def _spell_nulls(layout: Layout, dialect: Dialect, alias: DelimiterAlias | None) -> Iterator[bytes]:
    """Yield the spellings in the file of the values that become null: plain and quoted."""
    for value in layout.nulls:
        plain = value.replace("\r\n", "\n").replace("\r", "\n")
        text = plain.encode().replace(b"\n", dialect.line_end)
        if not any(character in plain for character in (dialect.delimiter, '"', "\n")):
            yield text
        quoted = b'"' + text.replace(b'"', b'""') + b'"'
        yield quoted if alias is None else alias.substitute(quoted)


def _pack(found: NDArray[np.bool_]) -> bitset.Words:
    packed = np.packbits(found, bitorder="little")
    if len(packed) % 8:
        packed = np.concatenate([packed, np.zeros(-len(packed) % 8, np.uint8)])
    return packed.view(np.uint64)


def _sort(edits: Sequence[Edit], *, regular: bool) -> tuple[Positions, Positions, Positions]:
    """Sort edits by position; those at the same position keep their order.

    Regular edits have one range in every record and are already ordered within a record.
    """
    starts = [first for first, _, _ in edits]
    ends = [last for _, last, _ in edits]
    numbers = [np.full(len(first), text) for first, _, text in edits]
    if regular:
        return (
            np.stack(starts, 1).reshape(-1),
            np.stack(ends, 1).reshape(-1),
            np.stack(numbers, 1).reshape(-1),
        )
    order = np.argsort(np.concatenate(starts), kind="stable")
    return (
        np.concatenate(starts)[order],
        np.concatenate(ends)[order],
        np.concatenate(numbers)[order],
    )


def _apply(
    source: Bytes, starts: Positions, ends: Positions, numbers: Positions, texts: Sequence[bytes]
) -> bytes:
    """Replace byte ranges with the texts of these indexes."""
    borders = np.empty(2 * len(starts) + 2, np.int64)
    borders[0], borders[-1] = 0, len(source)
    borders[1:-1:2], borders[2::2] = starts, ends
    lengths = np.diff(borders)
    kept = np.zeros(len(lengths), np.bool_)
    kept[::2] = True
    rest = source[np.repeat(kept, lengths)]
    lengths[1::2] = np.array([len(text) for text in texts])[numbers]
    if not lengths[1::2].any():
        return rest.tobytes()
    made = np.repeat(kept, lengths)
    written = np.empty(len(made), np.uint8)
    written[made] = rest
    written[~made] = _join(numbers, texts)
    return written.tobytes()


def _join(numbers: Positions, texts: Sequence[bytes]) -> Bytes:
    """Concatenate the texts of these indexes."""
    first = int(numbers[0])
    if (numbers == first).all():
        return np.frombuffer(texts[first] * len(numbers), np.uint8)
    lengths = np.array([len(text) for text in texts])
    text_ends = np.cumsum(lengths)
    own = lengths[numbers]
    shifts = (text_ends - lengths)[numbers] - (np.cumsum(own) - own)
    at = np.repeat(shifts, own) + np.arange(int(own.sum()))
    joined: Bytes = np.frombuffer(b"".join(texts), np.uint8)[at]
    return joined
