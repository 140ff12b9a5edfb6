"""Restores the state of a part from the journal: a fold over its intents and observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow.model.history import IntentOutcome
from bulkflow.model.part import Counts
from bulkflow_ingest.parts import transitions
from bulkflow_ingest.parts.remote_state import (
    Closing,
    Created,
    Ended,
    Gone,
    Unsent,
    Uploaded,
    Uploading,
)
from bulkflow_jobs.job_state import JobState

if TYPE_CHECKING:
    from bulkflow.model.history import Intent, PartHistory
    from bulkflow_ingest.parts.remote_state import InOrg, RemoteState

TWO_UPLOADS: Final = "two uploads"
"""In the outcome of a close: whether the org refused it because of several uploads."""


@frozen
class Replayed:
    """The state of a part before the org is asked.

    Attributes:
        remote: The state of its job; the worst possible one if an intent has no outcome.
        was_uploaded: Whether all its data was in the org once.
        orphaned_at: When a create was sent that was never answered.
        counted: The counts from its results, if they were recorded.
    """

    remote: RemoteState
    was_uploaded: bool = False
    orphaned_at: float | None = None
    counted: Counts | None = None


def replay(start: RemoteState, history: PartHistory) -> Replayed:
    """Fold the history of a part.

    Args:
        start: The state of a part without history.
        history: The recorded intents and observations.
    """
    found = Replayed(start)
    for intent in history.intents:
        found = _apply(found, intent)
    now = found.remote
    if isinstance(now, Unsent) or history.state is None or history.remote_id != now.id:
        return found
    processed, failed = history.counters
    last = transitions.apply_observation(now, history.state, processed, failed)
    if history.states - {JobState.OPEN, JobState.ABORTED}:
        # Another user may have closed it before it was aborted or deleted here.
        last = transitions.mark_handed_over(last)
    return evolve(found, remote=transitions.mark_gone(last) if isinstance(now, Gone) else last)


def _apply(found: Replayed, intent: Intent) -> Replayed:
    if intent.action == "create":
        return _apply_create(found, intent)
    now = found.remote
    if isinstance(now, Unsent | Gone) or intent.detail.get("id", now.id) != now.id:
        return found
    result = intent.result or {}
    match intent.action, intent.outcome:
        case "upload", IntentOutcome.DONE:
            return evolve(found, remote=Uploaded(now.id), was_uploaded=True)
        case "close", IntentOutcome.DONE:
            state = result.get("state", JobState.UPLOAD_COMPLETE)
            return evolve(found, remote=transitions.apply_observation(Closing(now.id), state))
        case "abort", IntentOutcome.DONE:
            state = result.get("state", JobState.ABORTED)
            return evolve(found, remote=transitions.apply_observation(now, state))
        case "delete", IntentOutcome.DONE:
            return evolve(found, remote=transitions.mark_gone(now), counted=_read_counts(intent))
        case "close", _ if result.get(TWO_UPLOADS):
            return evolve(found, remote=Uploading(now.id))
        case _, IntentOutcome.REFUSED:
            return found
        case _:
            return _apply_unanswered(found, intent, now)


def _apply_create(found: Replayed, intent: Intent) -> Replayed:
    result = intent.result or {}
    if intent.outcome is IntentOutcome.DONE and "id" in result:
        return evolve(found, remote=Created(str(result["id"])), counted=None)
    if intent.outcome is IntentOutcome.REFUSED:
        return found
    return evolve(found, orphaned_at=found.orphaned_at or intent.at)


def _apply_unanswered(found: Replayed, intent: Intent, now: InOrg) -> Replayed:
    """Assume the worst effect of a request that was not answered."""
    match intent.action:
        case "upload":
            return evolve(found, remote=Uploading(now.id))
        case "close" if not isinstance(now, Ended):
            return evolve(found, remote=Closing(now.id))
        case "delete":
            return evolve(
                found, remote=transitions.mark_deletion_begun(now), counted=_read_counts(intent)
            )
        case _:
            return found


def _read_counts(intent: Intent) -> Counts | None:
    return Counts(*intent.detail["counts"]) if "counts" in intent.detail else None
