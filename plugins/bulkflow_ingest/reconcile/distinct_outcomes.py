"""Distinct outcomes of results, without ids: mostly a few outcomes many times, stored once each."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field

from bulkflow_ingest.reconcile.outcomes import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bulkflow_ingest.reconcile.batches import Batch
    from bulkflow_ingest.reconcile.database import ReconcileDatabase

FEW: Final = 1_000
"""The maximum number of distinct outcomes of a job that are stored once each and not row by row."""


@define(eq=False)
class DistinctOutcomes:
    """The distinct outcomes of results.

    Makes the table `distinct_outcomes` (said, failed, created, error), numbered from 1: for the
    whole job if they are few, otherwise for the last batch. Makes the empty table `outcomes`.

    Attributes:
        kinds: The outcome of each distinct outcome; number 0 means no result.
    """

    database: ReconcileDatabase
    kinds: NDArray[np.int8] = field(init=False)
    _few: bool = field(init=False)
    _has_ids: bool = field(default=False, init=False)
    _res: NDArray[np.int64] = field(init=False)
    _said: NDArray[np.int64] = field(init=False)

    def __attrs_post_init__(self) -> None:
        found = self.database.number(
            f"""
            SELECT count(*) FROM (
                SELECT DISTINCT failed, created, error FROM result_rows LIMIT {FEW + 1}
            )
            """
        )
        self._few = found <= FEW
        error = "VARCHAR"
        if self._few:
            self._find("true")
            self.database.run(
                "CREATE TYPE error_text AS ENUM (SELECT DISTINCT error FROM ("
                "SELECT error FROM distinct_outcomes UNION ALL SELECT ''))"
            )
            error = "error_text"
        self.database.run(
            f"""
            CREATE TABLE outcomes (
                row BIGINT, p BIGINT, line BIGINT, kind TINYINT, id VARCHAR, created VARCHAR,
                error {error}, doubt TINYINT
            )
            """
        )

    def read(self, batch: Batch) -> None:
        """Read the results of a batch."""
        if not self._few:
            self._find(batch.slices())
        reported = self.database.arrays(
            f"""
            SELECT res, said FROM result_rows JOIN distinct_outcomes USING (failed, created, error)
            WHERE {batch.slices()}
            """
        )
        order = np.argsort(reported["res"])
        self._res, self._said = reported["res"][order], reported["said"][order]
        self._has_ids = bool(
            self.database.number(
                f"SELECT count(*) FROM result_rows WHERE {batch.slices()} AND id <> ''"
            )
        )

    def of_results(self, results: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the distinct outcome of each result."""
        return self._said[np.searchsorted(self._res, results)]

    def insert(self, settled: str, batch: Batch) -> None:
        """Append rows of a table to `outcomes`: row, p, line, kind, res, said, doubt."""
        joins: list[str] = []
        values: list[object] = []
        id_, created, error = "''", "coalesce(created, '')", "coalesce(error, '')"
        if self._has_ids:
            id_ = "coalesce(id, '')"
            joins.append(
                "LEFT JOIN ("
                f"SELECT res, id FROM result_rows WHERE {batch.slices()} AND id <> ''"
                ") AS ids USING (res)"
            )
        if self._few:
            # Looked up and not joined, since a join loses the order.
            distinct_outcomes = self.database.rows(
                "SELECT created, error FROM distinct_outcomes ORDER BY said"
            )
            created = "list_extract(?, said + 1)"
            error = "list_extract(CAST(? AS error_text[]), said + 1)"
            values = [["", *texts] for texts in zip(*distinct_outcomes, strict=True)] or [
                [""],
                [""],
            ]
        else:
            joins.append("LEFT JOIN distinct_outcomes USING (said)")
        self.database.run(
            f"""
            INSERT INTO outcomes
            SELECT row, p, line, kind, {id_}, {created}, {error}, doubt
            FROM {settled} {" ".join(joins)} {"ORDER BY row" if joins else ""}
            """,
            *values,
        )

    def _find(self, where: str) -> None:
        self.database.run(
            f"""
            CREATE OR REPLACE TEMP TABLE distinct_outcomes AS
            SELECT row_number() OVER () AS said, failed, created, error FROM (
                SELECT DISTINCT failed, created, error FROM result_rows WHERE {where}
            )
            """
        )
        found = self.database.arrays("SELECT said, failed FROM distinct_outcomes")
        self.kinds = np.full(len(found["said"]) + 1, Outcome.UNKNOWN, np.int8)
        self.kinds[found["said"]] = np.where(found["failed"], Outcome.FAILED, Outcome.LOADED)
