"""The state that a journal left a part in: a fold over what was intended and what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow.model.history import IntentOutcome
from bulkflow.model.part import Counts
from bulkflow_ingest.api.job_info import JobState
from bulkflow_ingest.parts import remote_state
from bulkflow_ingest.parts.remote_state import (
    Closing,
    Created,
    Ended,
    Gone,
    Unsent,
    Uploaded,
    Uploading,
)

if TYPE_CHECKING:
    from bulkflow.model.history import Intent, PartHistory
    from bulkflow_ingest.parts.remote_state import InOrg, RemoteState

TWO_UPLOADS: Final = "two uploads"
"""In the outcome of a close: whether the org refused it because of more than one upload."""


@frozen
class Replayed:
    """What is known of a part before the org is asked.

    Attributes:
        remote: What its job has come to, at its worst where an intent has no outcome.
        was_uploaded: Whether all its data was in the org once.
        orphaned_at: When a create was sent whose answer never came.
        counted: What its results came to, where that was kept.
    """

    remote: RemoteState
    was_uploaded: bool = False
    orphaned_at: float | None = None
    counted: Counts | None = None


def replay(start: RemoteState, history: PartHistory) -> Replayed:
    """Fold what a journal has of a part.

    Args:
        start: The state of a part of which nothing is recorded.
        history: What is recorded.
    """
    found = Replayed(start)
    for intent in history.intents:
        found = _after(found, intent)
    now = found.remote
    if isinstance(now, Unsent) or history.state is None or history.remote_id != now.id:
        return found
    processed, failed = history.counters
    last = remote_state.apply_observation(now, history.state, processed, failed)
    if history.states - {JobState.OPEN, JobState.ABORTED}:
        # Somebody else may have closed it, before it was aborted or deleted here.
        last = remote_state.mark_handed_over(last)
    return evolve(found, remote=remote_state.mark_gone(last) if isinstance(now, Gone) else last)


def _after(found: Replayed, intent: Intent) -> Replayed:
    if intent.action == "create":
        return _after_create(found, intent)
    now = found.remote
    if isinstance(now, Unsent | Gone) or intent.detail.get("id", now.id) != now.id:
        return found
    result = intent.result or {}
    match intent.action, intent.outcome:
        case "upload", IntentOutcome.DONE:
            return evolve(found, remote=Uploaded(now.id), was_uploaded=True)
        case "close", IntentOutcome.DONE:
            state = result.get("state", JobState.UPLOAD_COMPLETE)
            return evolve(found, remote=remote_state.apply_observation(Closing(now.id), state))
        case "abort", IntentOutcome.DONE:
            state = result.get("state", JobState.ABORTED)
            return evolve(found, remote=remote_state.apply_observation(now, state))
        case "delete", IntentOutcome.DONE:
            return evolve(found, remote=remote_state.mark_gone(now), counted=_counts_in(intent))
        case "close", _ if result.get(TWO_UPLOADS):
            return evolve(found, remote=Uploading(now.id))
        case _, IntentOutcome.REFUSED:
            return found
        case _:
            return _after_unanswered(found, intent, now)


def _after_create(found: Replayed, intent: Intent) -> Replayed:
    result = intent.result or {}
    if intent.outcome is IntentOutcome.DONE and "id" in result:
        return evolve(found, remote=Created(str(result["id"])), counted=None)
    if intent.outcome is IntentOutcome.REFUSED:
        return found
    return evolve(found, orphaned_at=found.orphaned_at or intent.at)


def _after_unanswered(found: Replayed, intent: Intent, now: InOrg) -> Replayed:
    """Take a request whose effect is not known at its worst."""
    match intent.action:
        case "upload":
            return evolve(found, remote=Uploading(now.id))
        case "close" if not isinstance(now, Ended):
            return evolve(found, remote=Closing(now.id))
        case "delete":
            return evolve(
                found, remote=remote_state.mark_removal_begun(now), counted=_counts_in(intent)
            )
        case _:
            return found


def _counts_in(intent: Intent) -> Counts | None:
    return Counts(*intent.detail["counts"]) if "counts" in intent.detail else None
