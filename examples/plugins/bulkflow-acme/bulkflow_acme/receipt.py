"""The step: a receipt for a job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.model.event import Notice
from bulkflow.model.job_phase import Phase
from bulkflow.plugin import step

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.plugin import Context, Job


@step("receipt [of {job}] to {path}", accepts=[Phase.FINISHED, Phase.ABORTED])
def receipt(context: Context, job: Job, path: Path) -> None:
    """Write a small JSON file with the outcome of the job's rows."""
    counts = job.counts
    text = json.dumps(
        {
            "run": context.run_id,
            "job": job.key,
            "at": context.clock.time(),
            "rows": counts.rows,
            "loaded": counts.loaded,
            "failed": counts.failed,
            "unprocessed": counts.unprocessed,
        },
        indent=2,
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n", "utf-8")
    except OSError as error:
        # Users can fix a StepError. Other exceptions are reported as bugs of the plugin.
        raise StepError(
            f"cannot write the receipt {path}: {error.strerror or error}",
            help="write another path after `to`",
        ) from error
    job.saved.append(str(path))
    context.emit(Notice(f"receipt for job {job.name}: {path}", job=job.key))
