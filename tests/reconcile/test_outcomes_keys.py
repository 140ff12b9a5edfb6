"""A key is two hashes that have nothing to do with each other."""

from __future__ import annotations

import duckdb
import pytest

from bulkflow_ingest.reconcile.row_keys import Form, key


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_values_of_one_hash_need_not_have_the_other(columns: int) -> None:
    forms = dict.fromkeys(range(columns), Form.TEXT)
    names = {place: f"c{place}" for place in forms}
    values = ", ".join(f"chr(97 + CAST(i AS INTEGER)) AS c{place}" for place in forms)
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT {key(names, forms)} FROM (SELECT {values} FROM range(26) AS t(i))"
        ).fetchall()
    assert len({first for first, _ in found}) == len({second for _, second in found}) == 26
    assert all(first != second for first, second in found)
