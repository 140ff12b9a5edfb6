"""The listener: one JSON file for each run, for whoever watches a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.event import RunFinished

VARIABLE = "ACME_REPORTS"
"""Environment variable with the folder; without it, there are no reports."""


def write_report(event: RunFinished, environ: Mapping[str, str]) -> Path | None:
    """Write the report of a run; returns its path.

    What it raises, bulkflow shows as a warning, and the run goes on: a listener that cannot write
    is no reason for a load to fail.
    """
    folder = environ.get(VARIABLE)
    if not folder:
        return None
    path = Path(folder) / f"{event.run}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {
        "run": event.run,
        "exit_code": int(event.exit_code),
        "seconds": round(event.seconds, 3),
        "jobs": {
            each.job: {
                "rows": each.counts.rows,
                "loaded": each.counts.loaded,
                "failed": each.counts.failed,
            }
            for each in event.jobs
        },
        "errors": [str(error) for error in event.errors],
    }
    # Whoever watches the folder must never see half a file.
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    return unfinished.replace(path)
