"""Every row's fate: what became of each source row of a logical job.

The law: each source row is exactly one of loaded (with its id, created or updated), failed (with
code, message and fields) or unprocessed. Which one, is told from the result files, whose rows come
in another order, with values written anew, and with nothing that names the source row.
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from attrs import define, field, frozen

from bulkflow_ingest.drafts import draft
from bulkflow_ingest.fates.database import Database
from bulkflow_ingest.fates.errors import FatesError
from bulkflow_ingest.fates.inputs import SourceFile, source_files
from bulkflow_ingest.fates.matching import Matching
from bulkflow_ingest.fates.reading import text
from bulkflow_ingest.fates.result_rows import ResultRows
from bulkflow_ingest.fates.saving import (
    AMBIGUOUS,
    CREATED,
    ERROR,
    FILE,
    ID,
    LINE,
    OUTCOME,
    Added,
    Saving,
)
from bulkflow_ingest.fates.settling import (
    FAILED,
    LOADED,
    UNKNOWN,
    UNPROCESSED,
    settle,
    settle_again,
)
from bulkflow_ingest.fates.source_rows import SourceRows

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from bulkflow_ingest.fates.inputs import ResultFile, SourceSlice

MEMORY = 256 << 20
"""Bytes of memory that a join takes at the most, if it is not told otherwise."""

WORTH_SENDING = frozenset(
    {
        "UNABLE_TO_LOCK_ROW",
        "TOO_MANY_LOCK_FAILURE",
        "REQUEST_RUNNING_TOO_LONG",
        "SERVER_UNAVAILABLE",
        "INTERNAL_ERROR",
        "UNKNOWN_EXCEPTION",
    }
)
"""Error codes that say nothing about the row: another time it may be loaded."""

_SELECTIONS: dict[str, tuple[str, tuple[Added, ...]]] = {
    "successful": (f"kind = {LOADED}", (FILE, LINE, OUTCOME, ID, CREATED, AMBIGUOUS)),
    "failed": (f"kind = {FAILED}", (FILE, LINE, OUTCOME, ID, ERROR, AMBIGUOUS)),
    "unprocessed": (f"kind = {UNPROCESSED}", (FILE, LINE, OUTCOME, AMBIGUOUS)),
    "all": ("true", (FILE, LINE, OUTCOME, ID, CREATED, ERROR, AMBIGUOUS)),
}

_CODE = "split_part(error, ':', 1)"


@frozen
class FateCounts:
    """How many rows came to what.

    Attributes:
        rows: Source rows.
        loaded: Those that are in the org: created and updated together.
        created: Those that made a new record.
        updated: Those that changed or deleted one.
        failed: Those that Salesforce refused.
        unprocessed: Those that it never came to.
        ambiguous: Those of all of these whose fate is one of several rows', nobody knows whose.
        strays: Result rows that are no source row's.
    """

    rows: int = 0
    loaded: int = 0
    created: int = 0
    updated: int = 0
    failed: int = 0
    unprocessed: int = 0
    ambiguous: int = 0
    strays: int = 0


@frozen
class JobFates:
    """The counts of a logical job, and of each part by its number."""

    total: FateCounts
    parts: Mapping[int, FateCounts]


@frozen
class ErrorGroup:
    """Rows that failed for the same reason.

    Attributes:
        code: The error code, such as `REQUIRED_FIELD_MISSING`.
        fields: The fields that it names.
        rows: How many rows.
        message: The whole error of the first of them.
        file: The file of the first, as the user knows it.
        line: Its physical line.
    """

    code: str
    fields: tuple[str, ...]
    rows: int
    message: str
    file: str
    line: int


@frozen
class Resend:
    """A file of rows that are worth sending again, in the form of the file that they came from.

    Attributes:
        path: The file: the header's bytes as they were, then the rows in their order.
        mapping: A CSV file with a row for each: `part`, and `row`, its place in the part from 0.
        rows: How many.
        withheld: Rows of the same source file that were left out, because it is not known whether
            they were processed.
        delimiter: The column delimiter.
        line_ending: "LF" or "CRLF".
    """

    path: Path
    mapping: Path
    rows: int
    withheld: int
    delimiter: str
    line_ending: str


@define(eq=False)
class Fates:
    """The fates of all rows of a logical job; a context manager, since it holds a database."""

    _database: Database
    _files: Sequence[SourceFile]
    _saving: Saving = field(repr=False)

    @classmethod
    def of(
        cls,
        slices: Sequence[SourceSlice],
        results: Sequence[ResultFile],
        directory: Path,
        *,
        memory: int = MEMORY,
        threads: int | None = None,
    ) -> Fates:
        """Join the results of a job to its source rows.

        Args:
            slices: All parts of the job, those of rows that were sent again included.
            results: The result files that there are; the rows of a part without any are
                unprocessed.
            directory: A folder for the database, made if need be; it takes about 100 bytes a row
                while it is open, and the ids and errors.
            memory: How many bytes of memory to take at the most.
            threads: How many processors to use; None for all.

        Raises:
            FatesError: The files and the counts disagree, or there is no room.
        """
        files = source_files(slices)
        positions = {
            each.part: file.position + index
            for file in files
            for index, each in enumerate(file.slices)
        }
        unknown = {each.part for each in results} - set(positions)
        if unknown:
            raise FatesError(f"there are results of parts that are not known: {sorted(unknown)}")
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FatesError(f"cannot write {directory}: {error.strerror or error}") from error
        database = Database.open(directory, memory=memory, threads=threads)
        try:
            columns = slices[0].columns if slices else ()
            source = SourceRows(database, files, len(columns))
            source.read()
            told = ResultRows(database, columns)
            told.read(results, positions)
            matching = Matching(database, source, told)
            matching.run()
            settle(database, matching.batches)
            settle_again(database, files, matching.batches)
        except BaseException:
            database.close()
            raise
        return cls(database, files, Saving(database, source, columns))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove the database."""
        self._database.close()

    def counts(self) -> JobFates:
        """How many rows came to what, in all and by part."""
        found = self._database.rows(
            f"""
            SELECT slices.part, count(told.row), count_if(kind = {LOADED}),
                count_if(kind = {LOADED} AND created = 'true'),
                count_if(kind = {LOADED} AND created <> 'true'), count_if(kind = {FAILED}),
                count_if(kind = {UNPROCESSED}), count_if(doubt > 0), any_value(strays.n)
            FROM slices
            LEFT JOIN fates AS told ON told.p = slices.p
            LEFT JOIN strays ON strays.p = slices.p
            GROUP BY slices.part ORDER BY slices.part
            """
        )
        parts = {part: FateCounts(*(number or 0 for number in rest)) for part, *rest in found}
        fields = ("rows", "loaded", "created", "updated", "failed", "unprocessed", "ambiguous")
        total = {name: sum(getattr(each, name) for each in parts.values()) for name in fields}
        strays = sum(each.strays for each in parts.values())
        first = {each.part for file in self._files for each in file.slices if each.origin is None}
        return JobFates(
            FateCounts(**total, strays=strays),
            {part: each for part, each in parts.items() if part in first},
        )

    def save(self, selection: str, path: Path) -> int:
        """Write a selection of the rows, with what became of each.

        The source's columns and values as they are, then what applies of `_file`, `_line`,
        `_outcome`, `_id`, `_created`, `_error` and `_ambiguous`; in the order of the source.

        Args:
            selection: "successful", "failed", "unprocessed" or "all".
            path: The file; it takes its name when it is whole.

        Returns:
            How many rows.

        Raises:
            FatesError: The file cannot be written, or a source file changed.
        """
        where, added = _SELECTIONS[selection]
        return self._saving.save(path, where, added)

    def errors(self) -> list[ErrorGroup]:
        """The failed rows by code and fields, the most frequent first."""
        names = {
            file.position + index: file.name
            for file in self._files
            for index, _ in enumerate(file.slices)
        }
        return [
            ErrorGroup(code, tuple(fields.split()), rows, message, names[p], line)
            for code, fields, rows, message, p, line in self._database.rows(
                f"""
                SELECT {_CODE} AS code, regexp_extract(error, ':([^:]*?) ?--\\s*$', 1) AS fields,
                    count(*) AS n, arg_min(error, row), arg_min(p, row), arg_min(line, row)
                FROM fates WHERE kind = {FAILED}
                GROUP BY code, fields ORDER BY n DESC, code, fields
                """
            )
        ]

    def rows_to_send(
        self,
        folder: Path,
        *,
        codes: Collection[str] | None = WORTH_SENDING,
        matching: str | None = None,
        failed: bool = True,
        unprocessed: bool = True,
        name: str = "again",
    ) -> list[Resend]:
        """Write the rows that are worth sending again: a file for each source file that has any.

        Args:
            folder: Where to; made if need be.
            codes: The error codes that are worth it; None for all.
            matching: A regular expression (RE2) that the error must match somewhere.
            failed: Whether to send failed rows.
            unprocessed: Whether to send unprocessed rows.
            name: What the files' names begin with.

        Raises:
            FatesError: They cannot be written, or the pattern is none.
        """
        where = self._worth(codes, matching, failed=failed, unprocessed=unprocessed)
        sent: list[Resend] = []
        for file in self._files:
            if file.slices[0].origin is not None:
                continue
            chosen = f"row >= {file.first} AND row < {file.first + file.rows} AND ({where})"
            withheld = self._database.number(
                f"SELECT count(*) FROM fates WHERE {chosen} AND doubt = {UNKNOWN}"
            )
            path = folder / f"{name}-{len(sent) + 1}.csv"
            mapping = folder / f"{name}-{len(sent) + 1}-rows.csv"
            resend = self._resend(file, path, mapping, where, withheld)
            if resend.rows or withheld:
                sent.append(resend)
        return sent

    def _worth(
        self,
        codes: Collection[str] | None,
        matching: str | None,
        *,
        failed: bool,
        unprocessed: bool,
    ) -> str:
        conditions = []
        if failed:
            condition = f"kind = {FAILED}"
            if codes is not None:
                listed = ", ".join(text(code) for code in sorted(codes)) or "NULL"
                condition += f" AND ({_CODE} IN ({listed})"
                if "UNABLE_TO_LOCK_ROW" in codes:
                    # What a trigger met is told in its own error's message.
                    condition += " OR contains(error, 'UNABLE_TO_LOCK_ROW')"
                condition += ")"
            if matching is not None:
                condition += f" AND regexp_matches(error, {text(matching)})"
            conditions.append(f"({condition})")
        if unprocessed:
            conditions.append(f"kind = {UNPROCESSED}")
        return " OR ".join(conditions) or "false"

    def _resend(
        self, file: SourceFile, path: Path, mapping: Path, where: str, withheld: int
    ) -> Resend:
        only = file.slices[0]
        where = f"({where}) AND doubt <> {UNKNOWN}"
        line_end = "\r\n" if only.line_ending == "CRLF" else "\n"
        with draft(path, FatesError) as out:
            header = only.header.decode().rstrip("\r\n")
            out.write(header + line_end)
            rows = self._saving.copy(out, file, where, line_end)
        with draft(mapping, FatesError) as out:
            out.write("part,row\n")
            for block in self._database.stream(
                f"""
                SELECT slices.part || ',' || (fates.row - slices.first) || chr(10)
                FROM fates JOIN slices USING (p)
                WHERE fates.row >= {file.first} AND fates.row < {file.first + file.rows}
                    AND ({where})
                ORDER BY fates.row
                """,
                10_000,
            ):
                out.writelines(line for (line,) in block)
        if not rows:
            path.unlink()
            mapping.unlink()
        return Resend(path, mapping, rows, withheld, only.delimiter, only.line_ending)
