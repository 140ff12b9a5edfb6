"""The listener: writes one JSON file for each run into a folder."""

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
"""Environment variable with the folder; without it, there are no reports."""


class RunReport:
    """Collects the events of a run, and writes them when the run ends.

    A plugin may be an object: its methods implement hooks as a module's functions do. This one is
    an object because it has state. bulkflow sends one event at a time, so it needs no locks. If it
    raises, bulkflow shows a warning, and the run continues: a report that cannot be written must
    not fail a load.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._forget()

    def _forget(self) -> None:
        self._run: dict[str, object] = {}
        self._jobs: dict[str, dict[str, object]] = {}
        self._steps: list[dict[str, object]] = []
        self._warnings: list[str] = []

    @hookimpl
    def bulkflow_job_prepared(self, event: JobPrepared) -> None:
        """Note the job. This may come before the run starts, so nothing is reset there."""
        manifest = event.manifest
        self._jobs[event.job] = {"rows": manifest.rows, "bytes": manifest.bytes}

    @hookimpl
    def bulkflow_run_started(self, event: RunStarted) -> None:
        """Note the run. This does not come if a source is wrong."""
        self._run = {"pipeline": event.pipeline, "org": event.org}

    @hookimpl
    def bulkflow_step_started(self, event: StepStarted) -> None:
        """Note the step. A step that keeps no seconds was interrupted."""
        self._steps.append({"step": event.text, "job": event.job, "seconds": None})

    @hookimpl
    def bulkflow_step_finished(self, event: StepFinished) -> None:
        """Note how long the step took."""
        self._step(event)["seconds"] = round(event.seconds, 3)

    @hookimpl
    def bulkflow_step_failed(self, event: StepFailed) -> None:
        """Note why the step failed."""
        self._step(event).update(seconds=round(event.seconds, 3), error=str(event.error))

    @hookimpl
    def bulkflow_progress(self, event: Progress) -> None:
        """Keep the last states only."""
        self._jobs.setdefault(event.job, {})["states"] = dict(event.states)

    @hookimpl
    def bulkflow_notice(self, event: Notice) -> None:
        """Keep the warnings."""
        if event.level is NoticeLevel.WARNING:
            self._warnings.append(event.message)

    @hookimpl
    def bulkflow_run_finished(self, event: RunFinished) -> None:
        """Write the report. This always comes, and last."""
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
        self._forget()
        folder = self._environ.get(VARIABLE)
        if folder:
            _write(Path(folder) / f"{event.run}.json", report)

    def _step(self, event: StepFinished | StepFailed) -> dict[str, object]:
        """Find the step that an event is about; in parallel, several may be running."""
        return next(
            step
            for step in self._steps
            if (step["step"], step["job"], step["seconds"]) == (event.text, event.job, None)
        )


def _write(path: Path, report: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # A reader of the folder must never see half a file.
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(report, indent=2) + "\n", "utf-8")
    unfinished.replace(path)


listener = RunReport(os.environ)
"""What the entry point names."""
