"""Writes the database of this example."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def write(path: Path) -> None:
    """Write a small warehouse with a table of customers."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(
            "CREATE TABLE customers (number TEXT, name TEXT, city TEXT, revenue REAL,"
            " active INTEGER, changed TEXT)"
        )
        database.executemany(
            "INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?)",
            (
                (
                    f"C-{i:04}",
                    f"Customer {i}",
                    ("Oslo", "Porto", None)[i % 3],
                    i * 99.5,
                    i % 4 > 0,
                    f"2026-{1 + i % 12:02}-15",
                )
                for i in range(1, 201)
            ),
        )


if __name__ == "__main__":
    write(Path(__file__).with_name("warehouse.db"))
