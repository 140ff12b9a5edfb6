"""Replaces the outcomes of resent rows."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_ingest.reconcile.assign_outcomes import UNCERTAIN
from bulkflow_ingest.reconcile.errors import ReconcileError
from bulkflow_ingest.reconcile.outcomes import Outcome
from bulkflow_ingest.reconcile.read_csv import csv_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.reconcile.batches import Batch
    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.inputs import SlicedFile

_FIRST: Final = 1 << 62
"""More than any row's number."""


def merge_retries(
    database: ReconcileDatabase, files: Sequence[SlicedFile], batches: Sequence[Batch]
) -> None:
    """Replace the outcomes of resent rows by the later ones.

    A row that was not resent, or not processed, keeps its outcome. A row that any attempt has
    loaded is loaded, whatever a later one reports. From here on, the table `outcomes` has only the
    first rows.
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
            SELECT reported.row, slices.first + reported.origin
            FROM (
                SELECT row_number() OVER () - 1 + {file.first} AS row, CAST(c0 AS BIGINT) AS part,
                    CAST(c1 AS BIGINT) AS origin
                FROM {csv_files([origin], 2, ",")}
            ) AS reported
            JOIN slices ON slices.part = reported.part
            ORDER BY reported.row
            """
        )
        if database.number("SELECT count(*) FROM origins") - found != file.rows:
            raise ReconcileError(f"{origin} does not map all rows of {file.name} to their origin")
    database.run(
        f"""
        CREATE TABLE latest AS
        SELECT origin, max(doubt) AS doubt,
            arg_max(
                outcomes,
                outcomes.row + CASE WHEN kind = {Outcome.LOADED} THEN {_FIRST} ELSE 0 END
            ) AS reported
        FROM outcomes JOIN origins USING (row)
        WHERE NOT {_not_tried("kind")} OR doubt = {UNCERTAIN}
        GROUP BY origin
        """
    )
    database.run("CREATE TABLE final AS FROM outcomes LIMIT 0")
    end = again[0].first
    for batch in batches:
        database.run(
            f"""
            INSERT INTO final
            SELECT row, p, line,
                CASE WHEN newer THEN reported.kind ELSE kind END,
                CASE WHEN newer THEN reported.id ELSE id END,
                CASE WHEN newer THEN reported.created ELSE created END,
                CASE WHEN newer THEN reported.error ELSE error END,
                CASE WHEN newer THEN reported.doubt ELSE greatest(doubt, coalesce(again, 0)) END
            FROM (
                SELECT outcomes.*, latest.reported, latest.doubt AS again,
                    latest.reported IS NOT NULL AND NOT {_not_tried("latest.reported.kind")}
                        AND (kind <> {Outcome.LOADED} OR latest.reported.kind = {Outcome.LOADED})
                        AS newer
                FROM (SELECT * FROM outcomes WHERE {batch.rows()} AND row < {end}) AS outcomes
                LEFT JOIN latest ON latest.origin = outcomes.row
            )
            ORDER BY row
            """
        )
    database.run("DROP TABLE outcomes")
    database.run("ALTER TABLE final RENAME TO outcomes")


def _not_tried(kind: str) -> str:
    """Return the SQL condition for an outcome of an attempt that did not try the row."""
    return f"({kind} IN ({Outcome.UNPROCESSED}, {Outcome.WITHHELD}))"
