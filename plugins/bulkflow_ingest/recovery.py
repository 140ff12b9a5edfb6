"""Brings parts back from the journal, when a run is gone on with.

What the journal says is what is certain; what it leaves open is taken at its worst, and the org is
asked before anything is done on the strength of it:

- A part whose *create* has no answer may have an empty job in the org. Nothing is ever done with
  such a job, and Salesforce removes it after a day; which of the user's open jobs it is cannot be
  told for certain, so those that may be it are named, and the part gets another.
- A part whose *upload* has no answer may have all, some or none of its data in its job. The job is
  given up, and another takes its place: nothing is processed of a job that was not closed.
- A part whose *close* has no answer may be processed already. Its state tells.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.history import Outcome
from bulkflow.model.part import Counts
from bulkflow_ingest.info import JobState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.model.history import Intent, PartHistory
    from bulkflow.plugin import Context
    from bulkflow_ingest.api import IngestApi
    from bulkflow_ingest.info import JobInfo
    from bulkflow_ingest.parts import JobParts, PartJob
    from bulkflow_ingest.settings import IngestSettings

CLOCK_SKEW = 300.0
"""Seconds that the org's clock may be behind this machine's."""


def bring_back(part: PartJob, history: PartHistory) -> None:
    """Take a part to where the journal left it. Its state has to be asked for."""
    for intent in history.intents:
        _replay(part, intent)
    part.handed_over = any(
        intent.action == "close" and intent.outcome is not Outcome.REFUSED
        for intent in history.intents
        if intent.detail.get("id") == part.id
    )
    part.sent = history.part.bytes if part.uploaded else 0
    part.state = None
    part.last_seen = history.state if history.remote_id == part.id else None
    if part.id is not None and part.last_seen is None:
        part.last_seen = JobState.OPEN


def _replay(part: PartJob, intent: Intent) -> None:
    done = intent.outcome is Outcome.DONE
    match intent.action:
        case "create":
            if done and intent.result is not None:
                part.id = str(intent.result["id"])
                part.uploaded = part.spoilt = False
            else:
                part.orphaned_at = intent.at if intent.outcome is not Outcome.REFUSED else None
        case "upload":
            part.uploaded = done
            part.spoilt = not done and intent.outcome is not Outcome.REFUSED
        case "delete":
            part.deleted = done
            part.deleting = intent.outcome is not Outcome.REFUSED
            if "counts" in intent.detail:
                part.counts = Counts(*intent.detail["counts"])
        case _:
            # The org is asked how it is.
            pass


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
    for info in _all_jobs(api):
        if info.id in known:
            users |= {_short(info.created_by_id)} if info.created_by_id else set()
        elif _may_be(info, parts.settings) and _created(info) >= min(begun) - CLOCK_SKEW:
            found.append(info)
    # Not before: a list that cannot be had now is asked for again after the next step.
    for part in parts.parts:
        part.orphaned_at = None
    if found:
        me = api.user()
        users |= {_short(me)} if me else set()
    for info in found:
        if users and info.created_by_id and _short(info.created_by_id) not in users:
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


def _all_jobs(api: IngestApi) -> Iterator[JobInfo]:
    page = None
    while True:
        found = api.list(page)
        yield from found.jobs
        page = found.next
        if page is None:
            return


def _may_be(info: JobInfo, settings: IngestSettings) -> bool:
    return (
        info.state == JobState.OPEN
        and info.operation == settings.operation
        and (info.object or "").lower() == (settings.object or "").lower()
    )


def _short(user: str) -> str:
    """The part of an id that tells whose it is: the other three letters only check its case."""
    return user[:15]


def _created(info: JobInfo) -> float:
    """When a job was created, in seconds since the epoch; very late where it is not told."""
    try:
        return datetime.strptime(info.created_date or "", "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
    except ValueError:
        return float("inf")
