"""Assigns one outcome to each source row, from pairs and doubts.

numpy puts numbers into the order of the rows; only ids, and errors if there are many, are joined in
SQL.
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from attrs import define

from bulkflow_ingest.reconcile.distinct_outcomes import DistinctOutcomes
from bulkflow_ingest.reconcile.outcomes import Outcome
from bulkflow_ingest.reconcile.unique_matcher import repeated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bulkflow_ingest.reconcile.batches import Batch
    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.source_rows import SourceRowTable

DIFFERENT_FATES = 1
"""The doubt about a row with equal rows of another outcome: the outcome may be that of any of them.
"""
UNCERTAIN = 2
"""The doubt about a row that cannot be distinguished from unlike rows of another outcome, or that
has no result in a part with results of unknown rows."""


def settle(database: ReconcileDatabase, source: SourceRowTable, batches: Sequence[Batch]) -> None:
    """Make the tables `outcomes`, a row for each source row in their order, and `strays` (p, n).

    Strays are results that belong to no source row.
    """
    database.run("CREATE TABLE strays (p BIGINT, n BIGINT)")
    if database.number("SELECT (SELECT count(*) FROM result_rows) - (SELECT count(*) FROM pairs)"):
        database.run(
            """
            INSERT INTO strays
            SELECT p, count(*) AS n FROM result_rows ANTI JOIN pairs USING (res) GROUP BY p
            """
        )
    # Rows of which not all columns agree can be each other's, unless every one has a result.
    database.run("CREATE TABLE loose_parts (p BIGINT)")
    if database.number("SELECT count(*) FROM pairs WHERE loose"):
        database.run(
            """
            INSERT INTO loose_parts
            SELECT p FROM pairs JOIN result_rows USING (res)
            WHERE loose AND p NOT IN (
                SELECT p FROM slices JOIN (
                    SELECT p, count(*) AS n FROM result_rows GROUP BY p
                ) USING (p) WHERE n = rows
            ) GROUP BY p
            """
        )
    settling = _Settling(
        database,
        source,
        DistinctOutcomes(database),
        database.arrays("SELECT DISTINCT p FROM strays")["p"],
        database.arrays("SELECT DISTINCT p FROM loose_parts")["p"],
        np.array([each.without_result for file in source.files for each in file.slices], np.int8),
    )
    for batch in batches:
        settling.settle(batch)


@define(eq=False)
class _Settling:
    """Assigns outcomes batch by batch; `strays` and `loose` are the slices in these tables."""

    database: ReconcileDatabase
    source: SourceRowTable
    distinct_outcomes: DistinctOutcomes
    strays: NDArray[np.int64]
    loose: NDArray[np.int64]
    without_result: NDArray[np.int8]
    """For each slice, the outcome of a row without a result."""

    def settle(self, batch: Batch) -> None:
        """Append the outcomes of a batch."""
        self.distinct_outcomes.read(batch)
        mixed = self._mixed(batch)
        for piece in batch.pieces():
            self._append(piece, mixed)

    def _append(self, piece: Batch, mixed: NDArray[np.int64]) -> None:
        arrays = self.database.arrays
        rows = arrays(f"SELECT row, line FROM source_rows WHERE {piece.rows()}")
        pairs = arrays(f"SELECT row, res, loose FROM pairs WHERE {piece.rows()}")
        doubted = arrays(f"SELECT row FROM doubts WHERE {piece.rows()}")["row"]
        listed = arrays(f"SELECT row FROM listed WHERE {piece.rows()}")["row"]
        row, p = rows["row"], self.source.find_slices(rows["row"])
        places = np.searchsorted(row, pairs["row"])
        res = np.full(len(row), -1, np.int64)
        res[places] = pairs["res"]
        loose = np.ones(len(row), np.bool_)
        loose[places] = pairs["loose"]
        said = np.zeros(len(row), np.int64)
        said[places] = self.distinct_outcomes.of_results(pairs["res"])
        kind = np.where(res < 0, self.without_result[p], self.distinct_outcomes.kinds[said])
        kind[np.searchsorted(row, listed)] = Outcome.UNPROCESSED
        uncertain = np.isin(row, doubted)
        if len(self.strays):
            uncertain |= (res < 0) & np.isin(p, self.strays)
        if len(self.loose):
            uncertain |= loose & np.isin(p, self.loose)
        doubt = np.zeros(len(row), np.int8)
        doubt[np.isin(row, mixed)] = DIFFERENT_FATES
        doubt[uncertain] = UNCERTAIN
        columns = {
            "row": row,
            "p": p,
            "line": rows["line"],
            "kind": kind,
            "res": res,
            "said": said,
            "doubt": doubt,
        }
        with self.database.lent("settled", columns):
            self.distinct_outcomes.insert("settled", piece)

    def _mixed(self, batch: Batch) -> NDArray[np.int64]:
        """Find the rows with equal rows of another outcome."""
        found: list[NDArray[np.int64]] = []
        for some in batch.hashes():
            hashes = self.database.arrays(
                f"SELECT h FROM source_rows WHERE {batch.rows()} AND {some}"
            )
            again = repeated(hashes["h"])
            if len(again):
                with self.database.lent("repeated", {"h": again}):
                    found.append(self._find_mixed(batch))
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def _find_mixed(self, batch: Batch) -> NDArray[Any]:
        self.database.run(
            f"""
            CREATE OR REPLACE TEMP TABLE equals AS
            SELECT rows.row, slices.p, rows.h, rows.k,
                CASE WHEN reported.res IS NOT NULL THEN hash(reported.failed, reported.error)
                    WHEN listed.row IS NOT NULL THEN 1 ELSE 0 END AS o
            FROM (SELECT row, h, k FROM source_rows WHERE {batch.rows()}) AS rows
            SEMI JOIN repeated USING (h)
            ASOF JOIN slices ON rows.row >= slices.first
            LEFT JOIN (SELECT row, res FROM pairs WHERE {batch.rows()}) AS pairs USING (row)
            LEFT JOIN (
                SELECT res, failed, error FROM result_rows WHERE {batch.slices()}
            ) AS reported USING (res)
            LEFT JOIN (SELECT row FROM listed WHERE {batch.rows()}) AS listed USING (row)
            """
        )
        return self.database.arrays(
            """
            SELECT row FROM equals SEMI JOIN (
                SELECT p, h, k FROM equals GROUP BY ALL HAVING min(o) <> max(o)
            ) USING (p, h, k)
            """
        )["row"]
