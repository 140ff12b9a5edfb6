"""What results tell, the ids aside: mostly a few outcomes over and over, kept once each."""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field

from bulkflow_ingest.reconcile.outcomes import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bulkflow_ingest.reconcile.batches import Batch
    from bulkflow_ingest.reconcile.database import Database

FEW: Final = 1_000
"""Different outcomes of a job, up to which its errors are kept once each and not row by row."""


@define(eq=False)
class Sayings:
    """The different outcomes of results.

    Makes the table `sayings` (said, failed, created, error), numbered from 1: of the whole job
    where they are few, else of the batch that was read last. Makes the table `fates`, empty.

    Attributes:
        kinds: For each saying the outcome that it is; saying 0 is to have no result.
    """

    database: Database
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
                "SELECT error FROM sayings UNION ALL SELECT ''))"
            )
            error = "error_text"
        self.database.run(
            f"""
            CREATE TABLE fates (
                row BIGINT, p BIGINT, line BIGINT, kind TINYINT, id VARCHAR, created VARCHAR,
                error {error}, doubt TINYINT
            )
            """
        )

    def read(self, batch: Batch) -> None:
        """Look at the results of a batch."""
        if not self._few:
            self._find(batch.slices())
        told = self.database.arrays(
            f"""
            SELECT res, said FROM result_rows JOIN sayings USING (failed, created, error)
            WHERE {batch.slices()}
            """
        )
        order = np.argsort(told["res"])
        self._res, self._said = told["res"][order], told["said"][order]
        self._has_ids = bool(
            self.database.number(
                f"SELECT count(*) FROM result_rows WHERE {batch.slices()} AND id <> ''"
            )
        )

    def of_results(self, results: NDArray[np.int64]) -> NDArray[np.int64]:
        """What each result of the batch says, by the results' numbers."""
        return self._said[np.searchsorted(self._res, results)]

    def insert(self, settled: str, batch: Batch) -> None:
        """Append to `fates` what a table tells: row, p, line, kind, res, said, doubt."""
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
            sayings = self.database.rows("SELECT created, error FROM sayings ORDER BY said")
            created = "list_extract(?, said + 1)"
            error = "list_extract(CAST(? AS error_text[]), said + 1)"
            values = [["", *texts] for texts in zip(*sayings, strict=True)] or [[""], [""]]
        else:
            joins.append("LEFT JOIN sayings USING (said)")
        self.database.run(
            f"""
            INSERT INTO fates
            SELECT row, p, line, kind, {id_}, {created}, {error}, doubt
            FROM {settled} {" ".join(joins)} {"ORDER BY row" if joins else ""}
            """,
            *values,
        )

    def _find(self, where: str) -> None:
        self.database.run(
            f"""
            CREATE OR REPLACE TEMP TABLE sayings AS
            SELECT row_number() OVER () AS said, failed, created, error FROM (
                SELECT DISTINCT failed, created, error FROM result_rows WHERE {where}
            )
            """
        )
        found = self.database.arrays("SELECT said, failed FROM sayings")
        self.kinds = np.full(len(found["said"]) + 1, Outcome.UNKNOWN, np.int8)
        self.kinds[found["said"]] = np.where(found["failed"], Outcome.FAILED, Outcome.LOADED)
