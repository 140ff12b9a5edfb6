"""Makes a query job ready for its steps: new, or as the journal knows it from earlier attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.model.history import IntentKind, IntentOutcome
from bulkflow.model.job_phase import Phase
from bulkflow.model.part import Manifest, Part
from bulkflow_jobs.job_ids import JobIds, find_job_ids
from bulkflow_jobs.job_state import FINAL_STATES, JobState
from bulkflow_query.execution.deliver import publish_rows
from bulkflow_query.execution.query_job import LogicalQuery, QueryJob, RemoteQuery
from bulkflow_query.rows_file import Page
from bulkflow_query.settings import find_reason_for_rest
from bulkflow_query.watermark import make_settings

if TYPE_CHECKING:
    from bulkflow.model.history import PartHistory
    from bulkflow.plugin import Context, Job

PAGE: Final = "page"
"""The journal's word for a page whose rows are in the file."""
RESTART: Final = "restart"
"""The journal's word for dropping all pages."""
DELIVERED: Final = "delivered"
"""The journal's word for a file that was saved."""

_PART: Final = Part(0, "query", 0, 0, 1, 1, 0, 0)
"""The journal keeps requests by part; a query has one."""


def prepare(context: Context, job: Job) -> Manifest:
    """Make the job's state, from the journal if an earlier attempt worked on it."""
    query = LogicalQuery(job, make_settings(job))
    history = context.journal.read_history(job.key)
    if history is not None and history.parts:
        (part,) = history.parts
        JobIds.of(context, job).add(find_job_ids(part))
        _replay(query, part)
        publish_rows(query, context)
    query.attach()
    query.update(query.remote)
    reason = find_reason_for_rest(query.settings)
    notes = () if reason is None else (f"the query goes over REST: {reason}",)
    return Manifest((_PART,), (), 0, 0, notes=notes, from_org=True)


def _replay(query: LogicalQuery, history: PartHistory) -> None:
    """Fold what the journal recorded into the state of the query."""
    for intent in history.intents:
        if intent.outcome is IntentOutcome.REFUSED:
            continue
        if intent.kind is IntentKind.CREATES:
            created = (intent.result or {}).get("id")
            query.remote.remote = RemoteQuery(created if isinstance(created, str) else None)
            query.pages.clear()
        elif intent.action == RESTART:
            query.pages.clear()
        elif intent.action == PAGE:
            page = Page.of_json(intent.detail)
            del query.pages[page.number :]
            query.pages.append(page)
        elif intent.action == DELIVERED:
            query.delivered = dict(intent.detail)
        elif intent.action == "delete" and intent.outcome is IntentOutcome.DONE:
            query.remote.mark_gone()
    known = query.remote.remote
    if known.id is not None and history.remote_id == known.id:
        state, processed = history.state, history.counters[0]
        query.remote.remote = RemoteQuery(known.id, state, processed, known.gone)
    query.is_restored = True
    if query.job.phase is Phase.DECLARED:
        query.job.phase = find_phase(query.remote)


def find_phase(job: QueryJob) -> Phase:
    """Return the phase of a query whose steps are not recorded as finished."""
    if job.id is None:
        return Phase.DECLARED
    if job.remote.gone:
        return Phase.DELETED
    if job.state == JobState.ABORTED:
        return Phase.ABORTED
    return Phase.FINISHED if job.state in FINAL_STATES else Phase.CLOSED
