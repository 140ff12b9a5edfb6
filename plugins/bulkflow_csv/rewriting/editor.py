"""Records written anew, a block at a time: what is cut out of their bytes, and what is put in.

The values of a block are columns of positions: where each begins, and where it ends. Every change
is an edit, a stretch of bytes and what takes its place, and edits are made for whole columns at
once. Bytes that no edit touches are copied as they are: a value that stays keeps its very bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import attrs
import numpy as np
from numpy.typing import NDArray

from bulkflow_csv.rewriting.columns import NULL, spell
from bulkflow_csv.scanning import bitset

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bulkflow_csv.dialect import Dialect
    from bulkflow_csv.rewriting.columns import Layout
    from bulkflow_csv.rewriting.delimiter_alias import Fold

Bytes: TypeAlias = NDArray[np.uint8]
Positions: TypeAlias = NDArray[np.int64]
"""Places in a block: one for each record, or a row of one for each value."""

Edit: TypeAlias = tuple[Positions, Positions, int]
"""Where stretches begin, where they end, and the number of the text that replaces each."""

_LF: Final = 10
_QUOTE: Final = 34
_TEXTS: Final = (b'"', b'""', NULL.encode())
_MARK, _EMPTY, _NULL = range(3)


class NotRecordsError(ValueError):
    """The bytes are no records of as many columns as the file has."""


@attrs.frozen
class _Edge:
    """Where a column's values begin, or where they end."""

    column: int
    end: bool

    def of(self, starts: Positions, ends: Positions) -> Positions:
        chosen: Positions = (ends if self.end else starts)[:, self.column]
        return chosen


class Editor:
    """Writes blocks of records anew, which a scan has seen to be whole and sound.

    Args:
        layout: What the records become.
        dialect: How the file is written.
        columns: How many columns it has.
        fold: What one character of the file stands for, if it is a folded copy.
    """

    def __init__(self, layout: Layout, dialect: Dialect, columns: int, fold: Fold | None) -> None:
        self._columns = columns
        self._delimiter = ord(dialect.delimiter)
        self._new_delimiter = ord(layout.delimiter)
        self._returns = int(dialect.line_ending == "CRLF")
        self._fold = fold
        self._sole = len(layout.columns) == 1
        self._kept = [each.place for each in layout.columns if each.place is not None]
        self._texts = list(_TEXTS)
        self._cuts = list(self._regular(layout, dialect.line_end))
        self._forms = list(dict.fromkeys(_forms(layout, dialect, fold)))

    def write(self, data: bytes) -> tuple[bytes, int]:
        """The whole records of the data as they are to be, and how many bytes they had.

        Args:
            data: Bytes that begin with a record.

        Raises:
            NotRecordsError: These are no records of so many columns.
        """
        source = np.frombuffer(data, np.uint8)
        marks, outside = self._marks(source)
        feeds = np.flatnonzero(source[marks] == _LF)
        if not len(feeds):
            return b"", 0
        marks = marks[: feeds[-1] + 1]
        used = int(marks[-1]) + 1
        source = source[:used]
        if len(marks) % self._columns:
            raise NotRecordsError(f"{len(marks)} values do not fill records of {self._columns}")
        ends = marks.reshape(-1, self._columns).copy()
        starts = np.empty_like(ends)
        starts.reshape(-1)[0] = 0
        starts.reshape(-1)[1:] = marks[:-1] + 1
        ends[:, -1] -= self._returns
        if self._new_delimiter != self._delimiter:
            source = source.copy()
            source[ends[:, :-1]] = self._new_delimiter
        before, behind = (
            [
                (first.of(starts, ends), last.of(starts, ends), text)
                for first, last, text in self._cuts
                if first.end == end
            ]
            for end in (False, True)
        )
        found = self._irregular(data, source, starts, ends, outside)
        single = [edit for edit in found if len(edit[0])]
        # Of edits that begin at one place, all but the last are empty stretches: constants before a
        # value, what is done to the value, its closing quote, what is done behind the last value.
        edits = [*before, *single, *behind]
        if edits:
            written = _edited(source, *_sorted(edits, regular=not single), self._texts)
        else:
            written = source.tobytes()
        return (written if self._fold is None else self._fold.undo(written)), used

    def _marks(self, source: Bytes) -> tuple[Positions, bitset.Words]:
        """Where values end, at a delimiter or a line feed; and all positions outside of quotes."""
        quotes = _where(source == _QUOTE)
        found = source == self._delimiter
        found |= source == _LF
        inside, _ = bitset.between(quotes, np.empty(len(quotes) + 1, np.uint64), 0)
        outside = ~inside
        return bitset.positions(_where(found) & outside), outside

    def _regular(self, layout: Layout, line_end: bytes) -> Iterator[tuple[_Edge, _Edge, int]]:
        """The edits of every record: columns left out, and constants put in."""
        before = -1
        pending: list[bytes] = []
        delimiter = layout.delimiter.encode()
        for column in layout.columns:
            if column.place is None:
                pending.append(spell(column.constant, layout.delimiter, line_end, sole=self._sole))
                continue
            if pending or column.place > before + 1:
                text = b"".join(each + delimiter for each in pending)
                yield _Edge(before + 1, False), _Edge(column.place, False), self._text(text)
            before, pending = column.place, []
        last = _Edge(self._columns - 1, True)
        if before < 0:
            yield _Edge(0, False), last, self._text(delimiter.join(pending))
        elif pending or before < self._columns - 1:
            text = b"".join(delimiter + each for each in pending)
            yield _Edge(before, True), last, self._text(text)

    def _text(self, text: bytes) -> int:
        self._texts.append(text)
        return len(self._texts) - 1

    def _irregular(
        self, data: bytes, source: Bytes, starts: Positions, ends: Positions, outside: bitset.Words
    ) -> Iterator[Edit]:
        """The edits of single values of the columns that stay."""
        if not self._kept:
            return
        nulls = [
            np.concatenate(found)
            for found in zip(*self._found(data, source, starts, ends), strict=True)
        ]
        if nulls:
            yield nulls[0], nulls[1], _NULL
        if self._sole and b"" not in self._forms:
            column = self._kept[0]
            blank = starts[:, column][starts[:, column] == ends[:, column]]
            # A record of one blank value would be a blank line.
            yield blank, blank, _EMPTY
        if self._new_delimiter != self._delimiter:
            yield from self._wrapped(data, starts, ends, outside, nulls[0] if nulls else None)

    def _found(
        self, data: bytes, source: Bytes, starts: Positions, ends: Positions
    ) -> Iterator[tuple[Positions, Positions]]:
        """Where values stand that become null."""
        forms = [form for form in self._forms if form in data]
        if not forms:
            return
        lengths = (ends - starts)[:, self._kept]
        firsts = starts[:, self._kept]
        for form in forms:
            found = firsts[lengths == len(form)]
            for place, byte in enumerate(form):
                found = found[source[found + place] == byte]
            yield found, found + len(form)

    def _wrapped(
        self,
        data: bytes,
        starts: Positions,
        ends: Positions,
        outside: bitset.Words,
        nulls: Positions | None,
    ) -> Iterator[Edit]:
        """Quotes around values that hold the new delimiter."""
        source = np.frombuffer(data, np.uint8)
        places = bitset.positions(_where(source == self._new_delimiter) & outside)
        values = np.unique(np.searchsorted(ends.reshape(-1), places))
        values = values[values < ends.size]
        values = values[np.isin(values % self._columns, self._kept)]
        if nulls is not None:
            values = values[~np.isin(starts.reshape(-1)[values], nulls)]
        for edges in (starts, ends):
            at = edges.reshape(-1)[values]
            yield at, at, _MARK


def _forms(layout: Layout, dialect: Dialect, fold: Fold | None) -> Iterator[bytes]:
    """How the values that become null may be written in the file."""
    for value in layout.nulls:
        plain = value.replace("\r\n", "\n").replace("\r", "\n")
        text = plain.encode().replace(b"\n", dialect.line_end)
        if not any(sign in plain for sign in (dialect.delimiter, '"', "\n")):
            yield text
        quoted = b'"' + text.replace(b'"', b'""') + b'"'
        yield quoted if fold is None else fold.do(quoted)


def _where(found: NDArray[np.bool_]) -> bitset.Words:
    packed = np.packbits(found, bitorder="little")
    if len(packed) % 8:
        packed = np.concatenate([packed, np.zeros(-len(packed) % 8, np.uint8)])
    return packed.view(np.uint64)


def _sorted(edits: Sequence[Edit], *, regular: bool) -> tuple[Positions, Positions, Positions]:
    """All edits in the order of their places, equal places in the order given.

    Regular ones have a stretch in each record, in the order given.
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


def _edited(
    source: Bytes, starts: Positions, ends: Positions, numbers: Positions, texts: Sequence[bytes]
) -> bytes:
    """The bytes with texts of these numbers in the place of the stretches."""
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
    written[~made] = _joined(numbers, texts)
    return written.tobytes()


def _joined(numbers: Positions, texts: Sequence[bytes]) -> Bytes:
    """The texts of these numbers, one behind the other."""
    first = int(numbers[0])
    if (numbers == first).all():
        return np.frombuffer(texts[first] * len(numbers), np.uint8)
    lengths = np.array([len(text) for text in texts])
    behind = np.cumsum(lengths)
    own = lengths[numbers]
    shifts = (behind - lengths)[numbers] - (np.cumsum(own) - own)
    at = np.repeat(shifts, own) + np.arange(int(own.sum()))
    joined: Bytes = np.frombuffer(b"".join(texts), np.uint8)[at]
    return joined
