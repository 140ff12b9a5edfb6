"""The outcomes of rows, from the cases in `cases/rows.json`.

A case loads the uploads under `before` first. `{before0}` is the id of their first saved
record, `{before1}` that of the second. `saved` is the number of saved rows, 0 by default.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

CASES = json.loads((Path(__file__).parent / "cases" / "rows.json").read_text(encoding="utf-8"))


def result(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))[1:]


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_rows_meet_the_fate_that_the_case_says(start, case):
    client = start()
    ids: list[str] = []

    def filled(text: str) -> str:
        for number, record_id in enumerate(ids):
            text = text.replace(f"{{before{number}}}", record_id)
        return text

    for job, data in case.get("before", []):
        done = client.load(filled(data), **job)
        assert done["numberRecordsFailed"] == 0
        ids += [row[0] for row in result(client.successes(done))]
    done = client.load(filled(case["data"]), **case["job"])
    assert done["state"] == "JobComplete", done.get("errorMessage")
    errors = [row[1] for row in result(client.failures(done))]
    assert errors == [filled(error) for error in case["failed"]]
    assert len(result(client.successes(done))) == case.get("saved", 0)
    assert done["numberRecordsFailed"] == len(errors)
