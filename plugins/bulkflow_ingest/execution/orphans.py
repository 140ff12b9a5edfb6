"""Finds the jobs in the org that creates without a response may have left.

Such a job is never used, and Salesforce removes it. Which of the user's open jobs it is cannot be
known for certain, so all candidates are reported and none is touched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow_ingest.api.bounds import MAX_ORPHANS
from bulkflow_jobs.current_user import find_user_id
from bulkflow_jobs.job_filter import parse_created_date
from bulkflow_jobs.job_ids import shorten_id
from bulkflow_jobs.job_state import JobState
from bulkflow_jobs.notices import warn
from bulkflow_salesforce import NotFoundError

if TYPE_CHECKING:
    from bulkflow.plugin import Context
    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.settings import IngestSettings
    from bulkflow_jobs.job_info import JobInfo

CLOCK_SKEW: Final = 300.0
"""Seconds that the org's clock may be slow."""


def report_orphans(api: IngestApi, context: Context, parts: JobParts) -> None:
    """Warn about each open job of the org that this run may have created without a response.

    These are jobs of the current user, and of the users who created the run's other jobs.
    """
    began = [part.orphaned_at for part in parts.parts if part.orphaned_at is not None]
    if not began:
        return
    known = {part.id for part in parts.parts}
    users: set[str] = set()
    candidates: list[JobInfo] = []
    for info in api.jobs(context.checkpoint):
        if info.id in known:
            users |= {shorten_id(info.created_by_id)} if info.created_by_id else set()
        elif _fits(info, parts.settings) and _read_creation(info) >= min(began) - CLOCK_SKEW:
            candidates.append(info)
    # Not earlier: if the list cannot be read now, the next step tries again.
    for part in parts.parts:
        part.orphaned_at = None
    if candidates:
        me = find_user_id(api.session)
        users |= {shorten_id(me)} if me else set()
    ours = [
        info
        for info in candidates
        if not (users and info.created_by_id and shorten_id(info.created_by_id) not in users)
    ]
    for info in ours[:MAX_ORPHANS]:
        context.checkpoint()
        if _is_empty(api, info):
            warn(
                context,
                parts.job,
                f"this run may have created job {info.id}, in a request that got no response",
                "the job is open and empty, so Salesforce processes nothing of it; abort it if "
                "nobody else uses it, or leave it: Salesforce removes it",
            )
    if len(ours) > MAX_ORPHANS:
        warn(
            context,
            parts.job,
            f"this run may have created {len(ours) - MAX_ORPHANS:,} more open jobs, which were not "
            "checked",
            "`bulkflow jobs list --state Open --mine` shows them",
        )


def _is_empty(api: IngestApi, info: JobInfo) -> bool:
    """Return whether a job is open and holds no data: with data, it has counters (recorded)."""
    try:
        now = api.info(info.id)
    except NotFoundError:
        return False
    return now.state == JobState.OPEN and now.number_records_processed is None


def _fits(info: JobInfo, settings: IngestSettings) -> bool:
    return (
        info.state == JobState.OPEN
        and info.operation == settings.operation
        and (info.object or "").lower() == (settings.object or "").lower()
    )


def _read_creation(info: JobInfo) -> float:
    """Return when a job was created, in seconds since the epoch; infinity if it does not say."""
    created = parse_created_date(info)
    return float("inf") if created is None else created.timestamp()
