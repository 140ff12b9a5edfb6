"""Writes the Parquet files of this example."""

from __future__ import annotations

from pathlib import Path

import duckdb

ROWS = """
SELECT 'L-' || {first} + i AS id, {{'First': 'Ada', 'Last': 'Lead ' || i}} AS name,
    'Company ' || i % 7 AS company, CAST(1000.5 * i AS DECIMAL(12, 2)) AS revenue,
    TIMESTAMPTZ '2026-01-01 00:00:00+01' + i * INTERVAL '1 hour' AS captured_at
FROM range(50) AS t (i)
"""


def write(folder: Path) -> None:
    """Write one file for each day."""
    for number, day in enumerate(("2026-01-01", "2026-01-02", "2026-01-03")):
        path = folder / f"day={day}" / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = ROWS.format(first=number * 50)
        duckdb.execute(f"COPY ({rows}) TO '{path.as_posix()}' (FORMAT parquet)")


if __name__ == "__main__":
    write(Path(__file__).with_name("lake"))
