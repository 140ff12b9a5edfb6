"""Compares the checks of values against an org's fields with the scan of the same file.

    python bench/values.py [--rows N]

Prints the CPU seconds of the scan, of DuckDB reading all values of the file, and of the checks of
ten columns of nine types; the least of three runs each, in one process.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import TYPE_CHECKING

from rewriting import write_rows

from bulkflow_csv import open_source, scan
from bulkflow_ingest.checks.values import find_value_problems
from bulkflow_ingest.settings import IngestSettings
from bulkflow_ingest.source.sent_parts import SentPart
from bulkflow_ingest.source.sent_rows import VIEW, open_sent_rows
from bulkflow_jobs.sobjects import FieldDescription, ObjectDescription

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = {
    "Id__c": "string",
    "Name": "string",
    "Street": "textarea",
    "City": "string",
    "Country": "picklist",
    "Amount": "currency",
    "Day": "date",
    "Active": "boolean",
    "Rating": "phone",
    "Note": "string",
}


def describe(name: str, kind: str) -> FieldDescription:
    return FieldDescription(
        name=name,
        label=name,
        kind=kind,
        createable=True,
        updateable=True,
        needed=name == "Name",
        key=False,
        targets=(),
        relationship=None,
        polymorphic=False,
        length=255,
        digits=16,
        restricted=kind == "picklist",
        choices=("DE", "AT"),
    )


def time(work: Callable[[], object]) -> float:
    def once() -> float:
        begun = process_time()
        work()
        return process_time() - begun

    return min(once() for _ in range(3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    rows = parser.parse_args().rows
    fields = {name.lower(): describe(name, kind) for name, kind in KINDS.items()}
    described = ObjectDescription("Account", True, True, True, fields)
    settings = IngestSettings(operation="insert")
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder / "rows.csv", rows)
        scanned = scan(open_source(folder / "rows.csv", folder))
        parts = [SentPart(each, scanned.dialect, None) for each in scanned.parts]

        def read() -> None:
            values = ", ".join(f"sum(strlen(c{index}))" for index in range(len(KINDS)))
            with open_sent_rows(parts, folder) as sent:
                sent.connection.execute(f"SELECT {values} FROM {VIEW}").fetchall()

        def check() -> None:
            with open_sent_rows(parts, folder) as sent:
                assert not list(find_value_problems(sent, described, {}, settings))

        base = time(lambda: scan(open_source(folder / "rows.csv", folder)))
        for what, work in (("reading all values", read), ("checking all values", check)):
            seconds = time(work)
            print(f"{what:20} {seconds:6.2f} s  {seconds / base:5.1f} x of the scan")
        print(f"{'the scan':20} {base:6.2f} s")


if __name__ == "__main__":
    main()
