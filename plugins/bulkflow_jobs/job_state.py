"""The states of a job in an org."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class JobState(StrEnum):
    """The known states of a Bulk API 2.0 job (guide v66; recorded)."""

    OPEN = "Open"
    UPLOAD_COMPLETE = "UploadComplete"
    IN_PROGRESS = "InProgress"
    ABORTED = "Aborted"
    JOB_COMPLETE = "JobComplete"
    FAILED = "Failed"


FINAL_STATES: Final = frozenset({JobState.ABORTED, JobState.JOB_COMPLETE, JobState.FAILED})
"""The states that a job never leaves. An unknown state is not final."""

UNSUCCESSFUL_STATES: Final = frozenset({JobState.FAILED, JobState.ABORTED})
"""The final states of a job that did not complete."""
