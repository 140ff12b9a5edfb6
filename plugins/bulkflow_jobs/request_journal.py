"""Requests that change a job, recorded in the journal before they are sent and after the response.

The journal has the intent of a request before any of it leaves, and its outcome as soon as that is
known: done, refused, lost or withdrawn. An intent without an outcome may have been carried out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from attrs import Factory, frozen

from bulkflow.errors import BulkflowError, UsageError
from bulkflow_salesforce import (
    LostResponseError,
    OrgError,
    SalesforceError,
    is_transient,
    was_never_started,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow.model.history import IntentKind
    from bulkflow.plugin import Context
    from bulkflow_jobs.tracked_job import JobResponse, TrackedJob

T = TypeVar("T")


def _add_nothing(_: Any) -> dict[str, object]:
    return {}


def is_refused(error: BulkflowError) -> bool:
    """Return whether a request for a change certainly had no effect."""
    if isinstance(error, UsageError) or was_never_started(error):
        return True
    # A job in an unexpected state may be there because of an earlier request.
    return (
        isinstance(error, SalesforceError)
        and bool(error.code)
        and not error.is_code("INVALIDJOBSTATE")
    )


def is_permanent(error: BulkflowError) -> bool:
    """Return whether the org refused to change a job's state, for a reason other than the state.

    An error without one of the org's own codes may come from a gateway, and the org may have made
    the change.
    """
    return (
        isinstance(error, SalesforceError)
        and bool(error.code)
        and not is_transient(error)
        and not error.is_code("INVALIDJOBSTATE")
    )


@frozen
class Change(Generic[T]):
    """A request that changes a job.

    Attributes:
        action: The plugin's word for it in the journal.
        send: Sends it and returns the response.
        read_outcome: Returns what the journal records of the response.
        detail: What the journal records with the intent, in addition to the job's id.
        kind: What bulkflow has to know about the request.
        intend: Records the intent instead of `Recorder.intend`; gets the detail, and returns the
            intent's number.
        on_intent: Called when the intent is recorded and before the request is sent.
        is_refused: Returns whether a request that ended in an error certainly had no effect.
        describe_error: Returns what the journal records of an error, in addition to its text.
    """

    action: str
    send: Callable[[], T]
    read_outcome: Callable[[T], dict[str, object]] = _add_nothing
    detail: Mapping[str, object] = Factory(dict)
    kind: IntentKind | None = None
    intend: Callable[[dict[str, object]], int] | None = None
    on_intent: Callable[[], None] | None = None
    is_refused: Callable[[BulkflowError], bool] = is_refused
    describe_error: Callable[[BulkflowError], dict[str, object]] = _add_nothing


@frozen
class RequestJournal:
    """Sends changes of the jobs of one logical job, and records them.

    Attributes:
        context: The step's context.
        key: The key of the logical job.
    """

    context: Context
    key: str

    def send(self, job: TrackedJob, change: Change[T]) -> T:
        """Record the intent of a change, send it, and record its outcome."""
        self.context.checkpoint()
        intent = self._intend(job, change)
        journal = self.context.journal
        job.unanswered = change.action
        if change.on_intent is not None:
            change.on_intent()
        try:
            response = change.send()
        except LostResponseError as error:
            journal.settle(intent, "lost", {"error": error.message})
            raise
        except (OrgError, UsageError) as error:
            job.unanswered = None
            journal.settle(
                intent,
                "refused" if change.is_refused(error) else "lost",
                {"error": str(error), **change.describe_error(error)},
            )
            raise
        except BulkflowError as error:
            # The data could not be read to the end, or the run is to stop: the org got at most a
            # part of the request, and does not act on it.
            job.unanswered = None
            journal.settle(intent, "withdrawn", {"error": str(error)})
            raise
        job.unanswered = None
        journal.settle(intent, "done", change.read_outcome(response))
        return response

    def _intend(self, job: TrackedJob, change: Change[T]) -> int:
        detail: dict[str, object] = {} if job.id is None else {"id": job.id}
        detail |= change.detail
        if change.intend is not None:
            return change.intend(detail)
        return self.context.journal.intend(
            self.key, job.number, change.action, detail, kind=change.kind
        )

    def record_state(self, job: TrackedJob, info: JobResponse) -> None:
        """Record the state of a job as a response gives it."""
        self.context.journal.record_state(
            self.key, job.number, info.id, str(info.state), info.counters
        )
