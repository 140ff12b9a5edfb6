"""One fate for each source row, from the pairs, the doubts and what was sent again."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow_ingest.fates.errors import FatesError
from bulkflow_ingest.fates.reading import csv_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.fates.database import Database
    from bulkflow_ingest.fates.inputs import SourceFile
    from bulkflow_ingest.fates.matching import Batch

LOADED = 0
FAILED = 1
UNPROCESSED = 2

DIFFERENT_FATES = 1
"""The doubt about a row that has equals of another outcome: any of them may be the one."""
UNKNOWN = 2
"""The doubt about a row that cannot be told from others, unlike it, of another outcome; or that is
unprocessed in a part with results that are nobody's."""

_TABLE = """
CREATE TABLE {} (
    row BIGINT, p BIGINT, line BIGINT, kind TINYINT, id VARCHAR, created VARCHAR, error VARCHAR,
    doubt TINYINT
)
"""


def settle(database: Database, batches: Sequence[Batch]) -> None:
    """Make the tables `fates`, a row for each source row in their order, and `strays` (p, n).

    Strays are results that are no source row's.
    """
    database.run(
        """
        CREATE TABLE strays AS
        SELECT p, count(*) AS n FROM result_rows ANTI JOIN pairs USING (res) GROUP BY p
        """
    )
    # Rows of which not all columns agree can be each other's, unless every one has a result.
    database.run(
        """
        CREATE TABLE loose_parts AS
        SELECT p FROM pairs JOIN result_rows USING (res)
        WHERE loose AND p NOT IN (
            SELECT p FROM slices JOIN (
                SELECT p, count(*) AS n FROM result_rows GROUP BY p
            ) USING (p) WHERE n = rows
        ) GROUP BY p
        """
    )
    database.run(_TABLE.format("fates"))
    for batch in batches:
        database.run(
            f"""
            CREATE OR REPLACE TEMP TABLE settled AS
            SELECT rows.row, slices.p, rows.line, rows.h, rows.k, coalesce(told.o, 0) AS o,
                CASE WHEN told.res IS NULL THEN {UNPROCESSED} WHEN told.failed THEN {FAILED}
                    ELSE {LOADED} END AS kind,
                coalesce(told.id, '') AS id, coalesce(told.created, '') AS created,
                coalesce(told.error, '') AS error,
                CASE WHEN doubted.row IS NOT NULL
                        OR (told.res IS NULL AND strays.p IS NOT NULL)
                        OR (coalesce(pairs.loose, true) AND loose.p IS NOT NULL)
                    THEN {UNKNOWN} ELSE 0 END AS doubt
            FROM (SELECT * FROM source_rows WHERE {batch.rows()}) AS rows
            ASOF JOIN slices ON rows.row >= slices.first
            LEFT JOIN (SELECT * FROM pairs WHERE {batch.rows()}) AS pairs USING (row)
            LEFT JOIN (SELECT * FROM result_rows WHERE {batch.slices()}) AS told USING (res)
            LEFT JOIN (SELECT DISTINCT row FROM doubts WHERE {batch.rows()}) AS doubted USING (row)
            LEFT JOIN strays ON strays.p = slices.p
            LEFT JOIN loose_parts AS loose ON loose.p = slices.p
            """
        )
        database.run(
            f"""
            INSERT INTO fates
            SELECT row, p, line, kind, id, created, error,
                greatest(doubt, CASE WHEN mixed.h IS NULL THEN 0 ELSE {DIFFERENT_FATES} END)
            FROM settled
            LEFT JOIN (
                SELECT p, h, k FROM settled GROUP BY ALL
                HAVING min(o) <> max(o)
            ) AS mixed USING (p, h, k)
            ORDER BY row
            """
        )


def settle_again(database: Database, files: Sequence[SourceFile], batches: Sequence[Batch]) -> None:
    """Put the outcomes of rows that were sent again in the place of the earlier ones.

    A row that was not processed again keeps the outcome that it had. The table `fates` has the
    first rows only from here on.
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
        SELECT origin, arg_max(fates, fates.row) AS told, max(doubt) AS doubt
        FROM fates JOIN origins USING (row)
        WHERE kind <> {UNPROCESSED} OR doubt = {UNKNOWN}
        GROUP BY origin
        """
    )
    database.run(_TABLE.format("final"))
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
                    coalesce(latest.told.kind <> {UNPROCESSED}, false) AS newer
                FROM (SELECT * FROM fates WHERE {batch.rows()} AND row < {end}) AS fates
                LEFT JOIN latest ON latest.origin = fates.row
            )
            ORDER BY row
            """
        )
    database.run("DROP TABLE fates")
    database.run("ALTER TABLE final RENAME TO fates")
