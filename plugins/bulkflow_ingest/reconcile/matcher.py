"""Which result row is which source row's: the match, part by part, with multiplicity.

Rounds go from the finest comparison to the coarsest, and each looks only at what is left. In a
round, the source rows and the result rows of one part with the same key form a class. Their members
are paired in order; when there are more results than rows, the class waits for a coarser round, in
which the rows may turn up that the rest belong to. Pairing within a class is arbitrary. That does
not matter for equal rows of equal outcome; all else is noted as a doubt.
"""

# ruff: noqa: S608 - all of it is SQL, made of numbers, names of our own and quoted texts

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from attrs import define, field

from bulkflow_ingest.reconcile.batches import build_batches
from bulkflow_ingest.reconcile.errors import UnsuitedError
from bulkflow_ingest.reconcile.row_keys import Form, Forms, compared
from bulkflow_ingest.reconcile.unique_matcher import singles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_ingest.reconcile.batches import Batch
    from bulkflow_ingest.reconcile.database import ReconcileDatabase
    from bulkflow_ingest.reconcile.result_rows import ResultRows
    from bulkflow_ingest.reconcile.source_rows import SourceRowTable

_SAMPLE_ROWS: Final = 2_000
_SAMPLE_BATCHES: Final = 4


@define(eq=False)
class Matcher:
    """Pairs result rows with source rows.

    Makes the tables `pairs` (row, res, loose: whether some columns were ignored in the comparison)
    and `doubts` (row): source rows that cannot be distinguished from unlike rows of another
    outcome.
    """

    database: ReconcileDatabase
    source: SourceRowTable
    results: ResultRows
    batches: Sequence[Batch] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.batches = list(build_batches(self.source.files))

    def run(self) -> None:
        """Match everything that can be matched."""
        self.database.run("CREATE TABLE pairs (row BIGINT, res BIGINT, loose BOOLEAN)")
        self.database.run("CREATE TABLE doubts (row BIGINT)")
        forms = self.results.shared
        self._round(forms, last=False)
        for coarser in (self._differing, _all_by_meaning, self._differing):
            if not self._left():
                break
            found = coarser(forms)
            if found != forms:
                forms = found
                self._round(forms, last=False)
        if self._left():
            self._round(forms, last=True)
        self._doubt_missing()

    def _left(self) -> int:
        """Count the results without a source row.

        Raises:
            UnsuitedError: There are some, and the rows that they may belong to were left out.
        """
        left = self.database.number(
            "SELECT (SELECT count(*) FROM result_rows) - (SELECT count(*) FROM pairs)"
        )
        if left and self.source.is_filtered:
            raise UnsuitedError("some results match none of the rows that were read")
        return left

    def _round(self, forms: Forms, *, last: bool) -> None:
        keys = self.source.write_keys("source_keys", forms)
        result_keys = self.results.write_keys("result_keys", forms)
        loose = Form.LEFT_OUT in forms.values()
        for batch in self.batches:
            self._match(batch, keys, result_keys, loose=loose, last=last)

    def _match(
        self, batch: Batch, source_keys: str, result_keys: str, *, loose: bool, last: bool
    ) -> None:
        rest = [
            self._match_singles(batch, some, source_keys, result_keys, loose=loose)
            for some in batch.hashes()
        ]
        if any(rest):
            self._match_classes(batch, source_keys, result_keys, loose=loose, last=last)

    def _match_singles(
        self, batch: Batch, some: str, source_keys: str, result_keys: str, *, loose: bool
    ) -> bool:
        """Pair the rows with unique keys; return whether there may be others."""
        rows = self.database.arrays(
            f"""
            SELECT row, h, k FROM {source_keys}
            ANTI JOIN (SELECT row FROM pairs WHERE {batch.rows()}) AS paired USING (row)
            WHERE {batch.rows()} AND {some}
            """
        )
        results = self.database.arrays(
            f"""
            SELECT res, p, h, k FROM {result_keys}
            ANTI JOIN (SELECT res FROM pairs WHERE {batch.rows()}) AS paired USING (res)
            WHERE {batch.slices()} AND {some}
            """
        )
        found = singles({**rows, "p": self.source.find_slices(rows["row"])}, results)
        row, res = rows["row"][found.rows], results["res"][found.results]
        order = np.argsort(row)
        with self.database.lent("matched", {"row": row[order], "res": res[order]}):
            self.database.run(f"INSERT INTO pairs SELECT row, res, {loose} FROM matched")
        return found.rest

    def _match_classes(
        self, batch: Batch, source_keys: str, result_keys: str, *, loose: bool, last: bool
    ) -> None:
        """Pair the rows of which several have the same key."""
        run = self.database.run
        run(
            f"""
            CREATE OR REPLACE TEMP TABLE left_rows AS
            SELECT keys.row, slices.p, keys.h, keys.k, whole.h AS whole_h, whole.k AS whole_k
            FROM (SELECT row, h, k FROM {source_keys} WHERE {batch.rows()}) AS keys
            JOIN (SELECT row, h, k FROM source_rows WHERE {batch.rows()}) AS whole USING (row)
            ANTI JOIN (SELECT row FROM pairs WHERE {batch.rows()}) AS paired USING (row)
            ASOF JOIN slices ON keys.row >= slices.first
            """
        )
        run(
            f"""
            CREATE OR REPLACE TEMP TABLE left_results AS
            SELECT res, reported.p, reported.failed, reported.w, keys.h, keys.k
            FROM (
                SELECT res, p, failed, hash(failed, error, id) AS w
                FROM result_rows WHERE {batch.slices()}
            ) AS reported
            JOIN (SELECT res, h, k FROM {result_keys} WHERE {batch.slices()}) AS keys USING (res)
            ANTI JOIN (SELECT res FROM pairs WHERE {batch.rows()}) AS paired USING (res)
            """
        )
        run(
            f"""
            CREATE OR REPLACE TEMP TABLE classes AS
            SELECT p, h, k, rows.row, results.res, rows.n - results.n AS spare,
                rows.n = 1 AND results.n = 1 AS single,
                (rows.unlike AND (results.unlike OR rows.n <> results.n))
                OR (results.n > rows.n AND results.unlike) AS doubtful
            FROM (
                SELECT p, h, k, count(*) AS n, min(row) AS row,
                    min(whole_h) <> max(whole_h) OR min(whole_k) <> max(whole_k) AS unlike
                FROM left_rows GROUP BY ALL
            ) AS rows
            JOIN (
                SELECT p, h, k, count(*) AS n, min(res) AS res,
                    min(w) <> max(w) AS unlike
                FROM left_results GROUP BY ALL
            ) AS results USING (p, h, k)
            WHERE {last} OR results.n <= rows.n
            """
        )
        run(f"INSERT INTO pairs SELECT row, res, {loose} FROM classes WHERE single ORDER BY row")
        # Of equal rows the first are taken for the loaded ones and the last for the failed ones, so
        # that it makes no difference which of the two files is there.
        run(
            f"""
            INSERT INTO pairs
            SELECT a.row, b.res, {loose}
            FROM (
                SELECT row, p, h, k, row_number() OVER (PARTITION BY p, h, k ORDER BY row) AS n
                FROM left_rows SEMI JOIN (FROM classes WHERE NOT single) USING (p, h, k)
            ) AS a
            JOIN (
                SELECT res, p, h, k, CASE WHEN failed THEN greatest(spare, 0) ELSE 0 END
                    + row_number() OVER (PARTITION BY p, h, k ORDER BY failed, res) AS n
                FROM left_results JOIN (SELECT p, h, k, spare FROM classes WHERE NOT single)
                    USING (p, h, k)
            ) AS b USING (p, h, k, n)
            ORDER BY a.row
            """
        )
        run(
            """
            INSERT INTO doubts
            SELECT row FROM left_rows SEMI JOIN (FROM classes WHERE doubtful) USING (p, h, k)
            """
        )

    def _differing(self, forms: Forms) -> Forms:
        """Compare less of the columns whose values in the unpaired results are not in the source.

        At least one column is always compared: anything else would not be a match.
        """
        places = [place for place, form in forms.items() if form is not Form.LEFT_OUT]
        if not places:
            return forms
        sampled = " OR ".join(f"({batch.rows()})" for batch in self._sample(places))
        hashes = [f"hash({place}, {compared(f'c{place}', forms[place])})" for place in places]
        self.database.run(
            f"""
            CREATE OR REPLACE TEMP TABLE wanted AS
            SELECT DISTINCT unnest({places}) AS place, unnest([{", ".join(hashes)}]) AS v
            FROM sample
            """
        )
        self.database.run("CREATE OR REPLACE TEMP TABLE found (v UBIGINT)")
        values = ", ".join(f"c{place}" for place in places)
        for file in self.source.files:
            self.database.run(
                f"""
                INSERT INTO found SELECT DISTINCT v FROM (
                    SELECT unnest([{", ".join(hashes)}]) AS v
                    FROM ({self.source.numbered(file, values)}) WHERE {sampled}
                ) SEMI JOIN wanted USING (v)
                """
            )
        differing = {
            place
            for (place,) in self.database.rows(
                "SELECT DISTINCT place FROM wanted ANTI JOIN found USING (v)"
            )
        }
        found = {
            place: Form(form + 1) if place in differing else form for place, form in forms.items()
        }
        return found if set(found.values()) != {Form.LEFT_OUT} else forms

    def _sample(self, places: Sequence[int]) -> list[Batch]:
        """Sample the values of some unpaired results; return the batches that they belong to.

        A few batches are enough, because the rewriting of a column depends on the field and not on
        the part.
        """
        self.database.run("CREATE OR REPLACE TEMP TABLE chosen (res BIGINT)")
        sampled: list[Batch] = []
        before = 0
        for batch in self.batches:
            self.database.run(
                f"""
                INSERT INTO chosen
                SELECT res FROM (SELECT res FROM result_rows WHERE {batch.slices()})
                ANTI JOIN (SELECT res FROM pairs WHERE {batch.rows()}) AS paired USING (res)
                ORDER BY res LIMIT {_SAMPLE_ROWS}
                """
            )
            now = self.database.number("SELECT count(*) FROM chosen")
            if now > before:
                sampled.append(batch)
                before = now
            if len(sampled) == _SAMPLE_BATCHES:
                break
        self.results.write_values("sample", "chosen", places)
        return sampled

    def _doubt_missing(self) -> None:
        """Doubt rows without a result that are equivalent to one of their part that has one.

        Of the rows `5` and `5.0`, one of which came back as `5.0`, it is not known which one that
        is.
        """
        if not self.database.number(
            "SELECT (SELECT count(*) FROM source_rows) - (SELECT count(*) FROM pairs)"
        ):
            return
        if not self.database.number("SELECT count(*) FROM pairs"):
            return
        keys = self.source.write_keys("source_keys", _all_by_meaning(self.results.shared))
        for batch in self.batches:
            self.database.run(
                f"""
                INSERT INTO doubts
                WITH members AS (
                    SELECT keys.row, slices.p, keys.h, keys.k, whole.h AS whole_h,
                        pairs.res IS NULL AS missing
                    FROM (SELECT * FROM {keys} WHERE {batch.rows()}) AS keys
                    JOIN (SELECT row, h FROM source_rows WHERE {batch.rows()}) AS whole USING (row)
                    LEFT JOIN (SELECT * FROM pairs WHERE {batch.rows()}) AS pairs USING (row)
                    ASOF JOIN slices ON keys.row >= slices.first
                ), mixed AS (
                    SELECT p, h, k FROM members GROUP BY ALL
                    HAVING min(whole_h) <> max(whole_h) AND bool_or(missing)
                        AND NOT bool_and(missing)
                )
                SELECT row FROM members SEMI JOIN mixed USING (p, h, k)
                """
            )


def _all_by_meaning(forms: Forms) -> Forms:
    return {place: max(form, Form.MEANING) for place, form in forms.items()}
