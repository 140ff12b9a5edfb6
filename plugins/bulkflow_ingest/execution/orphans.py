"""Names the jobs in the org that may be left of creates whose answers were lost.

Nothing is ever done with such a job, and Salesforce removes it; which of the user's open jobs it is
cannot be known for certain, so those that may be it are named and none is touched.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api.answer_checks import short
from bulkflow_ingest.api.bounds import MOST_ORPHANS
from bulkflow_ingest.api.job_info import JobState
from bulkflow_salesforce import NotFoundError

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.api.job_info import JobInfo
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.settings import IngestSettings

CLOCK_SKEW = 300.0
"""Seconds that the org's clock may be behind this machine's."""


def name_orphans(api: IngestApi, context: Context, parts: JobParts) -> None:
    """Name the open jobs of the org that may be ours: whose creation was never answered.

    Those are jobs of the user whose jobs the run's others are, and of the one who goes on with it.
    """
    begun = [part.orphaned_at for part in parts.parts if part.orphaned_at is not None]
    if not begun:
        return
    known = {part.id for part in parts.parts}
    users: set[str] = set()
    found: list[JobInfo] = []
    for info in api.jobs(context.checkpoint):
        if info.id in known:
            users |= {short(info.created_by_id)} if info.created_by_id else set()
        elif _may_be(info, parts.settings) and _created(info) >= min(begun) - CLOCK_SKEW:
            found.append(info)
    # Not before: a list that cannot be had now is asked for again after the next step.
    for part in parts.parts:
        part.orphaned_at = None
    if found:
        me = api.user()
        users |= {short(me)} if me else set()
    ours = [
        info
        for info in found
        if not (users and info.created_by_id and short(info.created_by_id) not in users)
    ]
    for info in ours[:MOST_ORPHANS]:
        context.checkpoint()
        if not _is_empty(api, info):
            continue
        context.emit(
            Notice(
                f"job {info.id} may have been created by this run, whose answer was lost",
                NoticeLevel.WARNING,
                job=parts.job.key,
                help="it is open and empty, so nothing of it is processed; abort it if "
                "nobody else works with it, or leave it: Salesforce removes it",
            )
        )
    if len(ours) > MOST_ORPHANS:
        context.emit(
            Notice(
                f"{len(ours) - MOST_ORPHANS:,} more open jobs may have been created by this run; "
                "they are not looked at",
                NoticeLevel.WARNING,
                job=parts.job.key,
                help="`bulkflow jobs list --state Open --mine` shows them",
            )
        )


def _is_empty(api: IngestApi, info: JobInfo) -> bool:
    """Whether a job is open and holds no data: it has counters once it does (recorded)."""
    try:
        now = api.info(info.id)
    except NotFoundError:
        return False
    return now.state == JobState.OPEN and now.number_records_processed is None


def _may_be(info: JobInfo, settings: IngestSettings) -> bool:
    return (
        info.state == JobState.OPEN
        and info.operation == settings.operation
        and (info.object or "").lower() == (settings.object or "").lower()
    )


def _created(info: JobInfo) -> float:
    """When a job was created, in seconds since the epoch; very late where it is not told."""
    try:
        return datetime.strptime(info.created_date or "", "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    except ValueError:
        return float("inf")
