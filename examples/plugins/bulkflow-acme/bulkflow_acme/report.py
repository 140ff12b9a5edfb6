"""The listener: one JSON file per run, in a folder that other programs watch."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.model.event import NoticeLevel
from bulkflow.plugin import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.model.event import (
        JobPrepared,
        Notice,
        Progress,
        RunFinished,
        RunStarted,
        StepFailed,
        StepFinished,
        StepStarted,
    )

VARIABLE = "ACME_REPORTS"
"""The environment variable with the folder. Without it, no reports are written."""


class RunReport:
    """Collects the events of a run, and writes a report when the run has finished.

    A plugin can be an object, whose methods implement hooks as the functions of a module do. This
    one is an object because it has state. It needs no locks, because bulkflow sends one event at a
    time. Exceptions are shown as warnings: a listener that cannot write does not fail the load.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._reset()

    def _reset(self) -> None:
        self._run: dict[str, object] = {}
        self._jobs: dict[str, dict[str, object]] = {}
        self._steps: list[dict[str, object]] = []
        self._warnings: list[str] = []

    @hookimpl
    def bulkflow_job_prepared(self, event: JobPrepared) -> None:
        """Note the size of a job. This may come before the run starts."""
        manifest = event.manifest
        self._jobs[event.job] = {"rows": manifest.rows, "bytes": manifest.bytes}

    @hookimpl
    def bulkflow_run_started(self, event: RunStarted) -> None:
        """Note the run. This does not come if a source is invalid."""
        self._run = {"pipeline": event.pipeline, "org": event.org}

    @hookimpl
    def bulkflow_step_started(self, event: StepStarted) -> None:
        """Note the step. If it keeps no seconds, it was interrupted."""
        self._steps.append({"step": event.text, "job": event.job, "seconds": None})

    @hookimpl
    def bulkflow_step_finished(self, event: StepFinished) -> None:
        """Note how long the step took."""
        self._find_step(event)["seconds"] = round(event.seconds, 3)

    @hookimpl
    def bulkflow_step_failed(self, event: StepFailed) -> None:
        """Note why the step failed."""
        self._find_step(event).update(seconds=round(event.seconds, 3), error=str(event.error))

    @hookimpl
    def bulkflow_progress(self, event: Progress) -> None:
        """Keep the latest states."""
        self._jobs.setdefault(event.job, {})["states"] = dict(event.states)

    @hookimpl
    def bulkflow_notice(self, event: Notice) -> None:
        """Keep the warnings."""
        if event.level is NoticeLevel.WARNING:
            self._warnings.append(event.message)

    @hookimpl
    def bulkflow_run_finished(self, event: RunFinished) -> None:
        """Write the report. This event always comes, and is the last."""
        for outcome in event.jobs:
            counts = outcome.counts
            self._jobs.setdefault(outcome.job, {}).update(
                phase=outcome.phase, loaded=counts.loaded, failed=counts.failed
            )
        report = {
            "run": event.run,
            **self._run,
            "exit_code": int(event.exit_code),
            "seconds": round(event.seconds, 3),
            "jobs": self._jobs,
            "steps": self._steps,
            "warnings": self._warnings,
            "errors": [str(error) for error in event.errors],
        }
        self._reset()
        folder = self._environ.get(VARIABLE)
        if folder:
            _write(Path(folder) / f"{event.run}.json", report)

    def _find_step(self, event: StepFinished | StepFailed) -> dict[str, object]:
        """Find the step of an event. Several may run in parallel."""
        return next(
            step
            for step in self._steps
            if (step["step"], step["job"], step["seconds"]) == (event.text, event.job, None)
        )


def _write(path: Path, report: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Programs that watch the folder must never see half a file.
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    unfinished.replace(path)


listener = RunReport(os.environ)
"""The object that the entry point names."""
