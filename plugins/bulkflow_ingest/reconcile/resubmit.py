"""Writes rows that are worth resending as files that can be loaded."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_ingest.output_files import draft
from bulkflow_ingest.reconcile.assign_outcomes import UNCERTAIN
from bulkflow_ingest.reconcile.errors import ReconcileError
from bulkflow_ingest.reconcile.outcomes import Outcome
from bulkflow_ingest.reconcile.read_csv import text
from bulkflow_ingest.reconcile.summary import CODE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.export import Saving
    from bulkflow_ingest.reconcile.inputs import SlicedFile

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
"""Error codes that do not depend on the row: another attempt may load it."""


@frozen
class Resend:
    """A file of rows that are worth resending, in the form of their source file.

    Attributes:
        path: The file: the header's unchanged bytes, then the rows in their order.
        mapping: A CSV file with a row for each: `part`, and `row`, its place in the part from 0.
        rows: How many.
        withheld: Rows of the same source file that were left out because it is not known whether
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


@frozen
class Resending:
    """Writes the selected rows."""

    database: ReconcileDatabase
    files: Sequence[SlicedFile]
    saving: Saving

    def write(self, folder: Path, where: str, name: str) -> list[Resend]:
        """Write a file for each source file that has such rows.

        Args:
            folder: The folder for the files, made if missing.
            where: The SQL condition on a row of `outcomes`.
            name: The prefix of the files' names.

        Raises:
            ReconcileError: They cannot be written, or the condition has an invalid pattern.
        """
        sent: list[Resend] = []
        for file in self.files:
            if file.slices[0].origin is not None:
                continue
            chosen = f"row >= {file.first} AND row < {file.first + file.rows} AND ({where})"
            withheld = self.database.number(
                f"SELECT count(*) FROM outcomes WHERE {chosen} AND doubt = {UNCERTAIN}"
            )
            path = folder / f"{name}-{len(sent) + 1}.csv"
            mapping = folder / f"{name}-{len(sent) + 1}-rows.csv"
            resend = self._resend(file, path, mapping, where, withheld)
            if resend.rows or withheld:
                sent.append(resend)
        return sent

    def _resend(
        self, file: SlicedFile, path: Path, mapping: Path, where: str, withheld: int
    ) -> Resend:
        only = file.slices[0]
        where = f"({where}) AND doubt <> {UNCERTAIN}"
        line_end = "\r\n" if only.line_ending == "CRLF" else "\n"
        with draft(path, ReconcileError) as out:
            header = only.header.decode().rstrip("\r\n")
            out.write(header + line_end)
            rows = self.saving.copy(out, file, where, line_end)
        with draft(mapping, ReconcileError) as out:
            out.write("part,row\n")
            for block in self.database.stream(
                f"""
                SELECT slices.part || ',' || (outcomes.row - slices.first) || chr(10)
                FROM outcomes JOIN slices USING (p)
                WHERE outcomes.row >= {file.first} AND outcomes.row < {file.first + file.rows}
                    AND ({where})
                ORDER BY outcomes.row
                """,
                10_000,
            ):
                out.writelines(line for (line,) in block)
        if not rows:
            path.unlink()
            mapping.unlink()
        return Resend(path, mapping, rows, withheld, only.delimiter, only.line_ending)


def worth_it(
    codes: Collection[str] | None,
    matching: str | None,
    *,
    failed: bool,
    unprocessed: bool,
) -> str:
    """Return the SQL condition for these rows; see `Reconciler.rows_to_send`."""
    conditions = []
    if failed:
        condition = f"kind = {Outcome.FAILED}"
        if codes is not None:
            listed = ", ".join(text(code) for code in sorted(codes)) or "NULL"
            condition += f" AND ({CODE} IN ({listed})"
            if "UNABLE_TO_LOCK_ROW" in codes:
                # The problem of a trigger is in its own error's message.
                condition += " OR contains(error, 'UNABLE_TO_LOCK_ROW')"
            condition += ")"
        if matching is not None:
            condition += f" AND regexp_matches(error, {text(matching)})"
        conditions.append(f"({condition})")
    if unprocessed:
        conditions.append(f"kind = {Outcome.UNPROCESSED}")
    return " OR ".join(conditions) or "false"
