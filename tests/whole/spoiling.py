"""Cases that are to be refused: a case at random, with one fault put into it."""

from __future__ import annotations

import random
from collections.abc import Callable

from attrs import evolve

from whole.case import Case, Cell, Row
from whole.drawing import draw
from whole.reference import rows_of

OTHER = {"\n": "\r\n", "\r\n": "\n"}

Spoiler = Callable[["_Fault"], "str | None"]


def draw_spoilt(seed: int) -> Case:
    """The case of a seed, to be refused."""
    chance = random.Random(f"spoilt {seed}")
    while True:
        case = draw(chance.randint(0, 1 << 30))
        if case.mend:
            continue
        case = evolve(case, locks=0.0, failing=None, faults=(), hidden=None, ways=case.ways[:1])
        fault = _Fault(case, chance)
        names = list(SPOILERS)
        name = chance.choice(names)
        if (text := SPOILERS[name](fault)) is not None:
            return fault.made(name, text)


class _Fault:
    """A case that is being spoilt: one file of it, and one row of that."""

    def __init__(self, case: Case, chance: random.Random) -> None:
        self.case, self.chance = case, chance
        self.at = chance.randrange(len(case.files))
        self.file = case.files[self.at]
        self.end = self.file.header.end
        rows = len(rows_of(self.file))
        self.row = chance.randrange(rows) if rows else None
        self.placed = False

    @property
    def single(self) -> bool:
        return len(self.file.header.cells) == 1

    def spelled(self) -> str | None:
        """The row as it stands, without its line end."""
        if self.row is None:
            return None
        found = self.file.rows[self.row]
        return Row(found.cells, "").spelled(self.case.delimiter)

    def instead(self, text: str | None, end: str | None = None) -> str | None:
        """The file with another row."""
        if self.row is None or text is None or not self.end:
            return None
        rows = self.file.rows
        if end is None:
            end = rows[self.row].end or self.end
        delimiter = self.case.delimiter
        before = "".join(each.spelled(delimiter) for each in (self.file.header, *rows[: self.row]))
        behind = "".join(each.spelled(delimiter) for each in rows[self.row + 1 :])
        self.placed = True
        return before + text + end + behind + self.file.blank

    def of_first(self, change: Callable[[str], str]) -> str | None:
        """The file with the first value of the row changed, as text."""
        if self.row is None:
            return None
        first, *others = [
            cell.spelled(self.case.delimiter) for cell in self.file.rows[self.row].cells
        ]
        return self.instead(self.case.delimiter.join([change(first), *others]))

    def headed(self, *cells: Cell) -> str | None:
        header = Row(cells, self.end).spelled(self.case.delimiter)
        rows = "".join(each.spelled(self.case.delimiter) for each in self.file.rows)
        return header + rows + self.file.blank if self.end else None

    def made(self, name: str, text: str) -> Case:
        data = text.encode(self.case.encoding or "utf-8", "surrogateescape")
        place = None
        if self.placed:
            assert self.row is not None
            records = (self.file.header, *self.file.rows[: self.row])
            before = "".join(each.spelled(self.case.delimiter) for each in records)
            place = f"{self.file.name}:line {1 + before.count(chr(10))}"
        files = list(self.case.files)
        files[self.at] = evolve(self.file, spoilt=data)
        return evolve(self.case, files=tuple(files), fault=name, place=place)


def _short(fault: _Fault) -> str | None:
    if fault.row is None or fault.single:
        return None
    cells = fault.file.rows[fault.row].cells[:-1]
    # In quotes, so that one blank value that is left is no blank line.
    short = (*cells[:-1], Cell(cells[-1].value, quoted=True))
    return fault.instead(Row(short, "").spelled(fault.case.delimiter))


def _long(fault: _Fault) -> str | None:
    spelled = fault.spelled()
    return None if spelled is None else fault.instead(f"{spelled}{fault.case.delimiter}x")


def _blank_line(fault: _Fault) -> str | None:
    spelled = fault.spelled()
    if spelled is None or fault.single:
        return None
    return fault.instead(fault.end + spelled)


def _other_end(fault: _Fault) -> str | None:
    spelled = fault.spelled()
    if spelled is None or "\n" in spelled:
        return None
    return fault.instead(spelled + OTHER.get(fault.end, ""), "")


def _other_break(fault: _Fault) -> str | None:
    return fault.of_first(lambda _: f'"a{OTHER[fault.end]}b"') if fault.end else None


def _western(fault: _Fault) -> str | None:
    if fault.case.encoding:
        return None
    return fault.of_first(lambda _: "Jos\udce9")


def _undefined(fault: _Fault) -> str | None:
    if not fault.case.encoding:
        return None
    return fault.of_first(lambda _: "Jos\udc81")


def _twice(fault: _Fault) -> str | None:
    cells = fault.file.header.cells
    if len(cells) < 2:
        return None
    return fault.headed(*cells[:-1], Cell(cells[0].value.lower(), quoted=True))


def _nameless(fault: _Fault) -> str | None:
    cells = fault.file.header.cells
    return fault.headed(Cell("", quoted=True), *cells[1:])


def _empty(fault: _Fault) -> str | None:
    return fault.chance.choice(("", "\n", "\r\n\r\n"))


def _unclosed(fault: _Fault) -> str | None:
    if fault.row is None:
        return None
    spelled = fault.file.text(fault.case.delimiter)
    return spelled.rstrip("\r\n") + fault.end + '"open' if fault.end else None


SPOILERS: dict[str, Spoiler] = {
    "a value too few": _short,
    "a value too many": _long,
    "a blank line": _blank_line,
    "a quote in a value": lambda fault: fault.of_first(lambda _: 'x"y"'),
    "text behind a quote": lambda fault: fault.of_first(lambda _: '"x"y'),
    "a quote that is never closed": _unclosed,
    "another line end": _other_end,
    "another line break in quotes": _other_break,
    "a lone CR in quotes": lambda fault: fault.of_first(lambda _: '"a\rb"'),
    "no UTF-8": _western,
    "no windows-1252": _undefined,
    "a NUL": lambda fault: fault.of_first(lambda _: "a\0b"),
    "a value too long": lambda fault: fault.of_first(lambda _: "x" * 131_073),
    "a column twice": _twice,
    "a column without a name": _nameless,
    "an empty file": _empty,
}
