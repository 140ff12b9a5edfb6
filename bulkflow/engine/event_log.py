"""Writes a run's events to the log, so that it shows requests and steps in one order."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bulkflow.model.event import (
    JobPrepared,
    Notice,
    NoticeLevel,
    Progress,
    RunFinished,
    RunStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)

if TYPE_CHECKING:
    from bulkflow.model.event import Event

logger = logging.getLogger(__name__)

_LEVELS = {
    NoticeLevel.DETAIL: logging.INFO,
    NoticeLevel.INFO: logging.INFO,
    NoticeLevel.WARNING: logging.WARNING,
}


def log_event(event: Event) -> None:
    """Log an event. Data that a step shows is not logged."""
    if not logger.isEnabledFor(logging.INFO):
        return
    match event:
        case RunStarted():
            logger.info("run %s of %s started in %s", event.run, event.pipeline, event.org)
        case JobPrepared():
            parts = event.manifest.parts
            logger.info(
                "job %s: %d parts, %d rows, %d bytes",
                event.job,
                len(parts),
                sum(part.rows for part in parts),
                sum(part.bytes for part in parts),
            )
        case StepStarted():
            logger.info("step `%s` started, job %s", event.text, event.job)
        case StepFinished():
            logger.info("step `%s` finished after %.3f s", event.text, event.seconds)
        case StepFailed():
            logger.info(
                "step `%s` failed after %.3f s: %s", event.text, event.seconds, event.error.message
            )
        case Notice():
            logger.log(_LEVELS[event.level], "%s", event.message)
        case Progress():
            logger.debug("job %s: parts by state %s", event.job, dict(event.states))
        case RunFinished():
            logger.info(
                "run %s ended with %d after %.3f s", event.run, event.exit_code, event.seconds
            )
        case _:
            pass
