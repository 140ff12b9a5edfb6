"""Reads the rows of the result files, numbered, with their outcomes."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from bulkflow_csv import CsvError, is_gzip, read_rows
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.reconcile.errors import ReconcileError, UnreadableError, WrongFilesError
from bulkflow_ingest.reconcile.read_csv import csv_files, plain_copy
from bulkflow_ingest.reconcile.row_keys import Form, key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.inputs import ResultFile

_LONGEST_EXCERPT: Final = 200
"""The maximum length of a header that a message quotes."""
_NO_KEYS: Final = (
    "SELECT 0::BIGINT AS res, 0::BIGINT AS p, 0::UBIGINT AS h, 0::UBIGINT AS k WHERE false"
)
_NO_RESULTS: Final = """
    SELECT 0::BIGINT AS res, 0::BIGINT AS p, false AS failed, '' AS id, '' AS created, '' AS error,
        0::UBIGINT AS h, 0::UBIGINT AS k
    WHERE false
"""


@frozen
class ResultGroup:
    """Result files of one form, read together.

    Attributes:
        files: The files.
        positions: For each, the number of its part's slice.
        header: The names of the columns.
        relation: The SQL for their rows.
        first: The number of their first row among all result rows.
    """

    files: tuple[ResultFile, ...]
    positions: tuple[int, ...]
    header: tuple[str, ...]
    relation: str
    first: int = 0

    @property
    def failed(self) -> bool:
        """Whether these are failed rows."""
        return self.files[0].kind is ResultKind.FAILED

    @property
    def slice_(self) -> str:
        """The SQL for the number of the slice that a row's file belongs to."""
        return f"list_extract({list(self.positions)}, CAST(file_index AS BIGINT) + 1) AS p"

    def own(self, name: str) -> str:
        """Return the SQL for a column that Salesforce added; blank if it is missing."""
        for index, column in enumerate(self.header):
            if column.lower() == name:
                return f"c{index}"
        return "''"

    def places(self, columns: Sequence[str]) -> dict[int, str]:
        """Map the places of the source's columns that the files have to the SQL for them.

        Names are first compared exactly, then without regard to case: the files repeat the uploaded
        header, or name the fields as the object does.
        """
        exact = {name: index for index, name in enumerate(self.header)}
        folded = {name.lower(): index for index, name in enumerate(self.header)}
        found = {
            place: exact.get(name, folded.get(name.lower())) for place, name in enumerate(columns)
        }
        return {place: f"c{index}" for place, index in found.items() if index is not None}


@define(eq=False)
class ResultRows:
    """All rows of the successful and failed results.

    Makes the view `result_rows` (res, p, failed, id, created, error; h, k: the key with the shared
    columns compared as text), over a table for each group.
    """

    database: ReconcileDatabase
    columns: Sequence[str]
    _groups: list[ResultGroup] = field(factory=list, init=False, repr=False)
    _shared: dict[int, Form] = field(factory=dict, init=False, repr=False)

    def read(self, files: Iterable[ResultFile], positions: Mapping[int, int]) -> None:
        """Read all files once.

        Args:
            files: The files; unprocessed ones are ignored.
            positions: For each part, the number of its slice.

        Raises:
            WrongFilesError: A file does not look like a result file, or has another number of rows.
            ReconcileError: The disk is full.
        """
        reported = [each for each in files if each.kind is not ResultKind.UNPROCESSED]
        reported.sort(key=lambda each: positions[each.part])
        groups = self._grouped(reported, positions)
        held = [set(group.places(self.columns)) for group in groups]
        places = set.intersection(*held) if held else set(range(len(self.columns)))
        self._shared = dict.fromkeys(sorted(places), Form.TEXT)
        first = 0
        for group in groups:
            first += self._read(group, first)
        self._view("result_rows", _NO_RESULTS)
        self._check(reported, positions)

    @property
    def shared(self) -> dict[int, Form]:
        """The source's columns that all result files have, compared as text."""
        return self._shared

    def count(self) -> int:
        """How many there are."""
        return self.database.number("SELECT count(*) FROM result_rows")

    def write_keys(self, table: str, forms: Mapping[int, Form]) -> str:
        """Make a view of the rows' keys (res, p, h, k) with their columns compared in these forms.

        Returns:
            The table to use: `table`, or one that has the keys already.
        """
        if forms == self._shared:
            return "result_rows"
        for index, group in enumerate(self._groups):
            columns = f"{group.slice_}, {key(group.places(self.columns), forms)}"
            self.database.make_table(f"{table}_{index}", columns, group.relation)
        self._view(table, _NO_KEYS)
        return table

    def write_values(self, table: str, chosen: str, places: Sequence[int]) -> None:
        """Make a table of the values (c0, c1, ... by place) of the rows selected by number.

        Args:
            table: The table to make.
            chosen: A table of numbers `res`.
            places: The places in the source of the columns wanted.
        """
        names = ", ".join(f"c{place} VARCHAR" for place in places)
        self.database.run(f"CREATE OR REPLACE TEMP TABLE {table} (res BIGINT, {names})")
        for group in self._groups:
            held = group.places(self.columns)
            columns = ", ".join(f"{held[place]} AS v{place}" for place in places)
            self.database.run(
                f"INSERT INTO {table} SELECT * FROM ({self.numbered(group, columns)})"
                f" WHERE res IN (SELECT res FROM {chosen})"
            )

    def numbered(self, group: ResultGroup, columns: str) -> str:
        """Return the SQL for expressions of each row of a group, after the row's number `res`."""
        return (
            f"SELECT row_number() OVER () - 1 + {group.first} AS res, {columns}"
            f" FROM {group.relation}"
        )

    def _grouped(
        self, files: Sequence[ResultFile], positions: Mapping[int, int]
    ) -> list[ResultGroup]:
        def form(
            item: tuple[ResultFile, tuple[str, ...]],
        ) -> tuple[str, str, bool, tuple[str, ...]]:
            return item[0].kind, item[0].delimiter, is_gzip(item[0].path), item[1]

        known = [(each, header) for each in files if (header := _header(each))]
        # Sorting keeps the order of parts within each form.
        known.sort(key=form)
        return [
            ResultGroup(
                tuple(each for each, _ in members),
                tuple(positions[each.part] for each, _ in members),
                header,
                csv_files(
                    [each.path for each, _ in members], len(header), delimiter, packed=packed
                ),
            )
            for (_, delimiter, packed, header), items in groupby(known, form)
            if (members := list(items))
        ]

    def _read(self, group: ResultGroup, first: int) -> int:
        group = evolve(group, first=first)
        try:
            rows = self._write(group)
        except ReconcileError:
            group = self._plain(group)
            rows = self._write(group)
        self._groups.append(group)
        return rows

    def _view(self, name: str, empty: str) -> None:
        """Make a view of the tables of all groups, with the number of each row."""
        tables = [
            f"SELECT rowid + {group.first} AS res, * FROM {name}_{index}"
            for index, group in enumerate(self._groups)
        ]
        self.database.run(
            f"CREATE OR REPLACE VIEW {name} AS {' UNION ALL '.join((empty, *tables))}"
        )

    def _plain(self, group: ResultGroup) -> ResultGroup:
        copies = []
        for index, each in enumerate(group.files):
            copy = self.database.scratch(f"result-{len(self._groups)}-{index}.csv")
            try:
                plain_copy(each.path, copy, each.delimiter, len(group.header))
            except UnreadableError as error:
                raise WrongFilesError([each], [error.message]) from error
            copies.append(copy)
        return evolve(group, relation=csv_files(copies, len(group.header), ",", divided=False))

    def _write(self, group: ResultGroup) -> int:
        id_, created, error = map(group.own, ("sf__id", "sf__created", "sf__error"))
        if group.failed:
            created = "''"
        else:
            error = "''"
        columns = ", ".join(
            (
                group.slice_,
                f"{group.failed} AS failed",
                f"{id_} AS id",
                f"lower({created}) AS created",
                f"{error} AS error",
                key(group.places(self.columns), self._shared),
            )
        )
        table = f"result_rows_{len(self._groups)}"
        return self.database.make_table(table, columns, group.relation)

    def _check(self, files: Sequence[ResultFile], positions: Mapping[int, int]) -> None:
        found = {
            (p, failed): rows
            for p, failed, rows in self.database.rows(
                "SELECT p, failed, count(*) FROM result_rows GROUP BY ALL"
            )
        }
        wrong: list[ResultFile] = []
        notes: list[str] = []
        for each in files:
            failed = each.kind is ResultKind.FAILED
            rows = found.get((positions[each.part], failed), 0)
            if each.rows is not None and rows != each.rows:
                wrong.append(each)
                notes.append(
                    f"the {each.kind} results of part {each.part} have {rows} rows, but the job "
                    f"counts {each.rows}"
                )
        if wrong:
            raise WrongFilesError(wrong, notes)


def _header(file: ResultFile) -> tuple[str, ...]:
    """Return the names of a file's columns; none if it is missing, empty or has no rows.

    Raises:
        WrongFilesError: It does not look like a result file.
    """
    if not file.path.exists() or not file.path.stat().st_size:
        return ()
    try:
        rows = read_rows(file.path, delimiter=file.delimiter)
        row = next(rows, None)
        has_rows = next(rows, None) is not None
    except CsvError as error:
        raise WrongFilesError([file], [f"{error.place}: {error.message}"]) from error
    if row is None:
        return ()
    names = {name.lower() for name in row.values}
    needed = "sf__error" if file.kind is ResultKind.FAILED else "sf__created"
    if not {"sf__id", needed} <= names:
        raise WrongFilesError(
            [file],
            [
                f"the {file.kind} results of part {file.part} lack the columns of results",
                f"they begin with {', '.join(row.values[:3])[:_LONGEST_EXCERPT]}",
            ],
        )
    return tuple(row.values) if has_rows else ()
