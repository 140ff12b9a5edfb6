"""Warnings about a logical job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.model.event import Notice, NoticeLevel

if TYPE_CHECKING:
    from bulkflow.plugin import Context, Job


def warn(context: Context, job: Job, message: str, advice: str | None = None) -> None:
    """Emit a warning about a job, with advice if there is any."""
    context.emit(Notice(message, NoticeLevel.WARNING, job=job.key, help=advice))
