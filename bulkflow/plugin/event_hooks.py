"""Maps each event of a run to its hook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.event import (
    JobPrepared,
    Notice,
    Progress,
    RunFinished,
    RunStarted,
    Shown,
    StepFailed,
    StepFinished,
    StepStarted,
)

if TYPE_CHECKING:
    from bulkflow.model.event import Event

HOOK_OF_EVENT: dict[type[Event], str | None] = {
    RunStarted: "bulkflow_run_started",
    JobPrepared: "bulkflow_job_prepared",
    StepStarted: "bulkflow_step_started",
    StepFinished: "bulkflow_step_finished",
    StepFailed: "bulkflow_step_failed",
    Progress: "bulkflow_progress",
    Notice: "bulkflow_notice",
    RunFinished: "bulkflow_run_finished",
    Shown: None,
}
"""None if there is no hook: `Shown` is data for the user."""
