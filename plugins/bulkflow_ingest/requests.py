"""The requests that change something, each with its intent, and with its answer found out if lost.

A request whose answer is lost may have been carried out. It is never just sent again: a lost
*create* leaves an empty job at worst, which nothing is ever done with, so another is created; after
a lost *upload* the job is aborted and another takes its place, as nothing is processed before it is
closed; after a lost *close*, *abort* or *delete* the org is asked what became of the job.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from bulkflow.errors import BulkflowError, DataError, StepError, UsageError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.info import JobInfo, JobState
from bulkflow_ingest.sending import send
from bulkflow_salesforce import (
    LostAnswerError,
    NotFoundError,
    OrgError,
    SalesforceError,
    UnreachableError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow.plugin import Context
    from bulkflow_ingest.api import IngestApi, JobSpec
    from bulkflow_ingest.parts import JobParts, PartJob

T = TypeVar("T")

TRIES = 3
"""How often a request is made for one part before the step gives up."""


class GoneError(StepError):
    """A job is not in the org any more, though nobody here deleted it."""


@frozen
class Requests:
    """Changes parts in the org, and records each change before and after."""

    api: IngestApi
    context: Context
    parts: JobParts

    def create(self, part: PartJob, spec: JobSpec) -> None:
        """Make the part's job in the org."""
        for attempt in range(1, TRIES + 1):
            began = self.context.clock.time()
            try:
                info = self._recorded(
                    part, "create", lambda: self.api.create(spec), partial(self._made, part)
                )
            except LostAnswerError as error:
                part.orphaned_at = part.orphaned_at or began
                if attempt == TRIES:
                    raise
                self.warn(
                    f"the answer to creating a job for part {part.number + 1} was lost: {error}",
                    "an empty job may stay Open in the org; Salesforce processes nothing of it",
                )
            else:
                self.parts.note(part)
                self.context.journal.remote(
                    self.parts.job.key, part.number, info.id, str(info.state)
                )
                return

    @staticmethod
    def _made(part: PartJob, info: JobInfo) -> dict[str, object]:
        part.id = info.id
        part.uploaded = part.given_up = False
        part.see(info)
        return {"id": info.id}

    def upload(self, part: PartJob, spec: Callable[[], JobSpec]) -> None:
        """Send the part's data; into another job, if an upload into the first was cut short.

        A job that others have made is not replaced: an upload into it is tried once.
        """
        own = self.parts.settings.existing is None
        for attempt in range(1, TRIES + 1):
            if part.spoilt:
                self._replace(part)
            if part.id is None:
                self.create(part, spec())
            assert part.id is not None
            # Until the answer says otherwise: the run may end at any point of the upload.
            part.spoilt = True
            try:
                self._recorded(part, "upload", partial(send, self, part, part.id))
            except LostAnswerError as error:
                part.sent = 0
                if attempt == TRIES or not own:
                    raise
                self.warn(
                    f"the answer to the upload into job {part.id} was lost: {error}",
                    "the job is aborted and another one takes its place, so that no row is "
                    "loaded twice",
                )
            except DataError as error:
                part.sent = 0
                if own:
                    self._give_up_changed(part, error)
                raise
            except BaseException as error:
                part.sent = 0
                part.spoilt = not isinstance(error, UnreachableError | SalesforceError)
                raise
            else:
                part.spoilt = part.again = False
                part.uploaded = True
                return

    def _give_up_changed(self, part: PartJob, error: DataError) -> None:
        """Abort the job of a part whose file is not what was checked any more."""
        try:
            self.abort(part)
        except BulkflowError as second:
            error.notes += (f"job {part.id} could not be aborted: {second}",)
        else:
            error.notes += (f"job {part.id} was aborted: nothing of it is loaded",)

    def _replace(self, part: PartJob) -> None:
        """Give up a job that may hold some of the data, so that the part gets another."""
        if self.parts.settings.existing is not None:
            raise StepError(
                f"job {part.id} may hold the rows already: an upload into it was begun",
                help="it takes one upload; abort it in the org, and load the rows with a job of "
                "their own",
            )
        self.abort(part)
        if part.state != JobState.ABORTED:
            raise StepError(
                f"job {part.id} was to be aborted and is {part.state}",
                help="somebody else works on this job; look at it in the org before you go on",
            )
        part.id = part.state = None
        part.spoilt = False

    def close(self, part: PartJob) -> None:
        """Hand the part's job over for processing."""
        self._change(part, "close", self.api.close, from_states={JobState.OPEN})

    def abort(self, part: PartJob) -> None:
        """Give the part's job up, unless it has come to its end by itself."""
        self._change(
            part,
            "abort",
            self.api.abort,
            from_states={JobState.OPEN, JobState.UPLOAD_COMPLETE, JobState.IN_PROGRESS},
        )

    def delete(self, part: PartJob) -> None:
        """Remove the part's job from the org, with its results."""
        job = self._id(part)
        counts = part.counts
        kept = [counts.rows, counts.loaded, counts.failed, counts.unprocessed]
        for attempt in range(1, TRIES + 1):
            try:
                self._recorded(part, "delete", lambda: self.api.delete(job), known={"counts": kept})
            except LostAnswerError:
                if attempt == TRIES:
                    raise
            except NotFoundError:
                # Deleted by a request whose answer was lost, or by somebody else: it is gone.
                break
            else:
                break
        part.doing = None
        part.deleted = True

    def refresh(self, part: PartJob) -> None:
        """Ask the org how the part's job is.

        Raises:
            GoneError: it is not there any more.
        """
        try:
            info = self.api.info(self._id(part))
        except NotFoundError as error:
            part.deleted = True
            part.doing = None
            self.parts.note(part)
            raise GoneError(
                f"job {part.id} is not in this org",
                help="somebody has deleted it, it is older than seven days, or it is another "
                "org's; rows that it had processed stay loaded",
                notes=[error.message],
            ) from error
        self._saw(part, info)

    def _change(
        self,
        part: PartJob,
        action: str,
        send: Callable[[str], JobInfo],
        from_states: set[JobState],
    ) -> None:
        job = self._id(part)
        for attempt in range(1, TRIES + 1):
            try:
                info = self._recorded(
                    part, action, lambda: send(job), lambda done: {"state": str(done.state)}
                )
            except (LostAnswerError, SalesforceError) as error:
                if isinstance(error, SalesforceError) and not error.is_code("INVALIDJOBSTATE"):
                    raise
                # Done by a request whose answer was lost, or ended since our last look.
                self.refresh(part)
                if part.state not in from_states:
                    return
                if attempt == TRIES or isinstance(error, SalesforceError):
                    raise
            else:
                self._saw(part, info)
                return

    def _recorded(
        self,
        part: PartJob,
        action: str,
        send: Callable[[], T],
        outcome: Callable[[T], dict[str, object]] = lambda _: {},
        known: Mapping[str, object] | None = None,
    ) -> T:
        self.context.checkpoint()
        journal, job = self.context.journal, self.parts.job.key
        detail: dict[str, object] = {} if part.id is None else {"id": part.id}
        detail |= known or {}
        intent = journal.intend(job, part.number, action, detail)
        part.doing = action
        try:
            done = send()
        except LostAnswerError as error:
            journal.settle(intent, "lost", {"error": error.message})
            raise
        except (OrgError, UsageError) as error:
            part.doing = None
            journal.settle(intent, "refused", {"error": str(error)})
            raise
        except BulkflowError as error:
            # The data could not be read to its end, or the run is to stop: the org got a part of
            # the request at most, which it does not act on.
            part.doing = None
            journal.settle(intent, "withdrawn", {"error": str(error)})
            raise
        detail = outcome(done)
        part.doing = None
        journal.settle(intent, "done", detail)
        return done

    def _saw(self, part: PartJob, info: JobInfo) -> None:
        changed = part.state != info.state
        part.see(info)
        self.parts.note(part)
        if changed:
            self.context.journal.remote(self.parts.job.key, part.number, info.id, str(info.state))

    def warn(self, message: str, help: str) -> None:  # noqa: A002 - the word that users see
        """Say something that users should know."""
        self.context.emit(Notice(message, NoticeLevel.WARNING, job=self.parts.job.key, help=help))

    @staticmethod
    def _id(part: PartJob) -> str:
        if part.id is None:
            raise StepError(
                f"part {part.number + 1} has no job in the org",
                help="upload it first: `upload job NAME`",
            )
        return part.id
