"""Rows that were sent again: their outcomes in the place of the earlier ones."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_ingest.reconcile.assign_outcomes import UNCERTAIN
from bulkflow_ingest.reconcile.errors import FatesError
from bulkflow_ingest.reconcile.outcomes import Outcome
from bulkflow_ingest.reconcile.read_csv import csv_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.reconcile.batches import Batch
    from bulkflow_ingest.reconcile.database import Database
    from bulkflow_ingest.reconcile.inputs import SourceFile

_FIRST: Final = 1 << 62
"""More than any row's number."""


def settle_again(database: Database, files: Sequence[SourceFile], batches: Sequence[Batch]) -> None:
    """Put the outcomes of rows that were sent again in the place of the earlier ones.

    A row that was not sent again, or not processed, keeps the outcome that it had. One that any
    attempt has loaded is loaded, whatever a later one says. The table `fates` has the first rows
    only from here on.
    """
    again = [file for file in files if file.slices[0].origin is not None]
    if not again:
        return
    database.run("CREATE TABLE origins (row BIGINT, origin BIGINT)")
    for file in again:
        origin = file.slices[0].origin
        assert origin is not None
        found = database.number("SELECT count(*) FROM origins")
        database.run(
            f"""
            INSERT INTO origins
            SELECT told.row, slices.first + told.origin
            FROM (
                SELECT row_number() OVER () - 1 + {file.first} AS row, CAST(c0 AS BIGINT) AS part,
                    CAST(c1 AS BIGINT) AS origin
                FROM {csv_files([origin], 2, ",")}
            ) AS told
            JOIN slices ON slices.part = told.part
            ORDER BY told.row
            """
        )
        if database.number("SELECT count(*) FROM origins") - found != file.rows:
            raise FatesError(f"{origin} does not tell where the rows of {file.name} came from")
    database.run(
        f"""
        CREATE TABLE latest AS
        SELECT origin, max(doubt) AS doubt,
            arg_max(fates, fates.row + CASE WHEN kind = {Outcome.LOADED} THEN {_FIRST} ELSE 0 END)
                AS told
        FROM fates JOIN origins USING (row)
        WHERE NOT {_not_tried("kind")} OR doubt = {UNCERTAIN}
        GROUP BY origin
        """
    )
    database.run("CREATE TABLE final AS FROM fates LIMIT 0")
    end = again[0].first
    for batch in batches:
        database.run(
            f"""
            INSERT INTO final
            SELECT row, p, line,
                CASE WHEN newer THEN told.kind ELSE kind END,
                CASE WHEN newer THEN told.id ELSE id END,
                CASE WHEN newer THEN told.created ELSE created END,
                CASE WHEN newer THEN told.error ELSE error END,
                CASE WHEN newer THEN told.doubt ELSE greatest(doubt, coalesce(again, 0)) END
            FROM (
                SELECT fates.*, latest.told, latest.doubt AS again,
                    latest.told IS NOT NULL AND NOT {_not_tried("latest.told.kind")}
                        AND (kind <> {Outcome.LOADED} OR latest.told.kind = {Outcome.LOADED})
                        AS newer
                FROM (SELECT * FROM fates WHERE {batch.rows()} AND row < {end}) AS fates
                LEFT JOIN latest ON latest.origin = fates.row
            )
            ORDER BY row
            """
        )
    database.run("DROP TABLE fates")
    database.run("ALTER TABLE final RENAME TO fates")


def _not_tried(kind: str) -> str:
    """The SQL for an outcome that an attempt which never came to the row leaves."""
    return f"({kind} IN ({Outcome.UNPROCESSED}, {Outcome.WITHHELD}))"
