"""The requests that change something: each is recorded first, and settled if its answer is lost.

A request whose answer is lost may have been carried out, so it is not just sent again. A lost
*create* leaves an empty job at worst, which nothing is ever done with, so another is created once
the org answers again. After an *upload* that was not answered with success the job may hold the
data: it is aborted and another takes its place, as nothing is processed before a job is closed.
After a lost *close*, *abort* or *delete* the org is asked how the job is, for as long as the job's
patience lasts. A look that fails says nothing about the job.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from math import inf
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

from attrs import astuple, evolve, frozen

from bulkflow.errors import BulkflowError, DataError, StepError, UsageError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.model.history import IntentKind
from bulkflow_ingest.api.job_info import JobInfo, JobState
from bulkflow_ingest.execution.patience import Waiting, patience_of
from bulkflow_ingest.execution.upload import GzipRefusedError, send
from bulkflow_ingest.parts.remote_state import Closing
from bulkflow_ingest.parts.replay import TWO_UPLOADS
from bulkflow_salesforce import (
    LostAnswerError,
    NotFoundError,
    OrgError,
    SalesforceError,
    is_passing,
    not_begun,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow.plugin import Context
    from bulkflow_ingest.api.client import IngestApi, JobSpec
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.ledger import Ledger
    from bulkflow_ingest.parts.part_job import PartJob

T = TypeVar("T")

REFUSED_UPLOADS: Final = 2
"""Jobs that a part gets whose upload is refused: the data itself may be what is refused."""

_TWO_UPLOADS: Final = ("multipe contents", "multiple contents")
"""What Salesforce says at the close of a job with two uploads; the code differs (recorded)."""

_TOO_LARGE: Final = 413

_KINDS: Final = {"create": IntentKind.CREATES, "close": IntentKind.HANDS_OVER}
"""What bulkflow has to know about the requests."""


class GoneError(StepError):
    """A job is not in the org any more, though nobody here deleted it."""


class UnseenError(StepError):
    """A job could not be looked at, which says nothing about how it is."""


class TwoUploadsError(StepError):
    """A job cannot be closed, as the org has got more than one upload for it."""


@frozen
class Requests:
    """Changes parts in the org, and records each change before and after."""

    api: IngestApi
    context: Context
    parts: JobParts
    ledger: Ledger

    def patient(self, seconds: float, *, until: float = inf) -> Requests:
        """The same requests with another patience for looks (see `Session.patient`)."""
        return evolve(self, api=self.api.patient(seconds, until=until))

    def create(self, part: PartJob, spec: JobSpec) -> None:
        """Make the part's job in the org."""
        waiting = self._waiting()
        while True:
            began = self.context.clock.time()
            try:
                info = self._recorded(part, "create", lambda: self.api.create(spec), _its_id)
            except LostAnswerError as error:
                part.orphaned_at = part.orphaned_at or began
                self.warn(
                    f"the answer to creating a job for part {part.number + 1} was lost: {error}",
                    "an empty job may stay Open in the org; Salesforce processes nothing of it",
                )
                if not waiting.pause(f"another job for part {part.number + 1} is created"):
                    raise
                # Otherwise each try while the org is in trouble might leave another empty job.
                self.api.patient(waiting.left).reach()
            else:
                part.mark_created(info)
                self.parts.update(part)
                self._record_look(part, info)
                return

    def upload(self, part: PartJob, spec: Callable[[], JobSpec]) -> None:
        """Send the part's data, into another job if it may have got into the first.

        A job that others have made is not replaced: an upload into it is tried once.
        """
        waiting, refused = self._waiting(), 0
        while True:
            if part.is_partly_uploaded:
                self._replace(part)
            if part.id is None:
                self.create(part, spec())
            try:
                self._put(part)
            except OrgError as error:
                refused += isinstance(error, SalesforceError)
                if not part.is_partly_uploaded:
                    raise
                if refused >= REFUSED_UPLOADS or not self._may_replace(part, error, waiting):
                    self._abort_spoilt(part, error)
                    raise
            except GzipRefusedError:
                if not self._is_own:
                    raise
            else:
                return

    def _put(self, part: PartJob) -> None:
        """Send the data of a part into its job, once. Leaves it uploaded, spoilt or untouched."""
        assert part.id is not None
        part.mark_upload_begun()
        try:
            self._recorded(part, "upload", partial(send, self, part, part.id))
        except DataError as error:
            part.sent = 0
            self._abort_spoilt(part, error)
            raise
        except BulkflowError as error:
            part.sent = 0
            if isinstance(error, UsageError) or not_begun(error):
                part.mark_upload_not_begun()
            raise
        except BaseException:
            part.sent = 0
            raise
        part.mark_uploaded()

    def _may_replace(self, part: PartJob, error: OrgError, waiting: Waiting) -> bool:
        """Whether another job may get the data of one that an upload spoilt; waits before it."""
        if isinstance(error, SalesforceError) and error.status == _TOO_LARGE:
            return False
        return self._is_own and waiting.pause(
            f"job {part.id} may hold the data although its upload was not confirmed ({error}); it "
            "is aborted and another takes its place, so that no row is loaded twice"
        )

    @property
    def _is_own(self) -> bool:
        """Whether the job's jobs in the org are made here."""
        return self.parts.settings.existing is None

    def _abort_spoilt(self, part: PartJob, error: BulkflowError) -> None:
        """Abort the job of a part whose upload cannot be completed; say so with the error."""
        if not self._is_own:
            return
        try:
            self._replace(part)
        except BulkflowError as second:
            error.notes += (f"job {part.id} could not be aborted: {second}",)
        else:
            error.notes += ("its job was aborted: nothing of it is loaded",)

    def _replace(self, part: PartJob) -> None:
        """Give up a job that may hold some of the data, so that the part gets another."""
        if not self._is_own:
            raise StepError(
                f"job {part.id} may hold the rows already: an upload into it was begun",
                help="it takes one upload; abort it in the org, and load the rows with a job of "
                "their own",
            )
        # Nothing of a job that was not closed is processed, so it may be gone.
        with suppress(GoneError):
            self.abort(part)
        if part.handed_over or (part.in_org and not part.is_final):
            raise StepError(
                f"job {part.id} was to be aborted and is {part.state}",
                help="somebody else works on this job; look at it in the org before you continue",
            )
        part.release(abandon=False)

    def close(self, part: PartJob) -> None:
        """Hand the part's job over for processing.

        Raises:
            TwoUploadsError: It got more than one upload, so it can only be replaced.
            HandedOverBeforeError: Another run handed the same rows over.
        """
        waiting = self._waiting()
        while True:
            was_closing = isinstance(part.remote, Closing)
            try:
                info = self._recorded(
                    part,
                    "close",
                    lambda: self.api.close(self._id(part)),
                    _its_state,
                    began=part.mark_close_begun,
                )
            except BulkflowError as error:
                if self._is_closed(part, error, was_closing=was_closing):
                    return
                # Sent again, as closing twice changes nothing; a look may be behind what is so.
                if not waiting.pause(f"job {part.id} is not closed yet: {error}"):
                    raise
            else:
                self._saw(part, info)
                return

    def _is_closed(self, part: PartJob, error: BulkflowError, *, was_closing: bool) -> bool:
        """Look whether a close that failed took effect; raise the error if another is no use.

        Args:
            part: The part.
            error: What the close ended in.
            was_closing: Whether an earlier close of the same job has no answer either.
        """
        if _says_two_uploads(error):
            part.mark_uploaded_twice()
            raise TwoUploadsError(
                f"job {part.id} cannot be closed: {error}",
                help="it is aborted and another takes its place",
            ) from error
        if _has_no_effect("close", error) and not was_closing and isinstance(part.remote, Closing):
            part.mark_close_not_done()
        asks = isinstance(error, LostAnswerError | SalesforceError) and (
            isinstance(error, NotFoundError) or not not_begun(error)
        )
        if asks:
            self.refresh(part)
            if part.state != JobState.OPEN:
                return True
            if not _is_certain(error):
                return False
        raise error

    def abort(self, part: PartJob) -> None:
        """Give the part's job up, unless it finished by itself."""
        waiting = self._waiting()
        job = self._id(part)
        while True:
            try:
                info = self._recorded(part, "abort", lambda: self.api.abort(job), _its_state)
            except (LostAnswerError, SalesforceError) as error:
                if not_begun(error) and not isinstance(error, NotFoundError):
                    raise
                self.refresh(part)
                if part.is_final:
                    return
                if _is_certain(error) or not waiting.pause(
                    f"job {job} is not aborted yet: {error}"
                ):
                    raise
            else:
                self._saw(part, info)
                return

    def delete(self, part: PartJob) -> None:
        """Remove the part's job from the org, with its results."""
        job, counts = self._id(part), part.counts
        waiting = self._waiting()
        kept = {"counts": list(astuple(counts))}
        while True:
            try:
                self._recorded(part, "delete", lambda: self.api.delete(job), known=kept)
            except LostAnswerError as error:
                if not waiting.pause(f"it is not known whether job {job} was deleted: {error}"):
                    raise
            except NotFoundError:
                # Deleted by a request whose answer was lost, or by somebody else.
                break
            else:
                break
        part.mark_gone()
        part.counted = counts

    def refresh(self, part: PartJob) -> None:
        """Ask the org how the part's job is.

        Raises:
            GoneError: It is not there any more.
            UnseenError: The org does not say.
        """
        job = self._id(part)
        try:
            info = self.api.info(job)
        except NotFoundError as error:
            self._miss(part, error)
        except OrgError as error:
            resume = self.context.format_command("resume")
            raise UnseenError(
                f"job {job} could not be looked at: {error.message}",
                help=f"the job is not touched; `{resume}` looks at it again"
                + (f"; {error.help}" if error.help and not is_passing(error) else ""),
                notes=error.notes,
            ) from error
        else:
            self._saw(part, info)

    def _miss(self, part: PartJob, error: NotFoundError) -> NoReturn:
        part.mark_gone()
        self.parts.update(part)
        processed = f"at least {part.processed:,} of its rows were processed, " * bool(
            part.processed
        )
        raise GoneError(
            f"job {part.id} is not in this org",
            help="somebody has deleted it, it is older than seven days, or it is another org's; "
            f"{processed}rows that were processed stay loaded",
            notes=[error.message],
        ) from error

    def _recorded(
        self,
        part: PartJob,
        action: str,
        send: Callable[[], T],
        outcome: Callable[[T], dict[str, object]] = lambda _: {},
        known: Mapping[str, object] | None = None,
        began: Callable[[], None] = lambda: None,
    ) -> T:
        """Send a request between its intent and its outcome; `began` is called in between."""
        self.context.checkpoint()
        detail: dict[str, object] = {} if part.id is None else {"id": part.id}
        intent = self._intend(part, action, detail | dict(known or {}))
        journal = self.context.journal
        part.unanswered = action
        began()
        try:
            done = send()
        except LostAnswerError as error:
            journal.settle(intent, "lost", {"error": error.message})
            raise
        except (OrgError, UsageError) as error:
            part.unanswered = None
            said: dict[str, object] = {"error": str(error)}
            if action == "close" and _says_two_uploads(error):
                said[TWO_UPLOADS] = True
            journal.settle(intent, "refused" if _has_no_effect(action, error) else "lost", said)
            raise
        except BulkflowError as error:
            # The data could not be read to its end, or the run is to stop: the org got a part of
            # the request at most, which it does not act on.
            part.unanswered = None
            journal.settle(intent, "withdrawn", {"error": str(error)})
            raise
        part.unanswered = None
        journal.settle(intent, "done", outcome(done))
        return done

    def _intend(self, part: PartJob, action: str, detail: dict[str, object]) -> int:
        job = self.parts.job.key
        if action == "close" and part.part is not None:
            return self.ledger.hand_over(self.parts, part, detail)
        return self.context.journal.intend(
            job, part.number, action, detail, kind=_KINDS.get(action)
        )

    def _saw(self, part: PartJob, info: JobInfo) -> None:
        before = part.remote
        part.refresh(info)
        self.parts.update(part)
        if part.remote != before:
            self._record_look(part, info)

    def _record_look(self, part: PartJob, info: JobInfo) -> None:
        self.context.journal.record_state(
            self.parts.job.key,
            part.number,
            info.id,
            str(info.state),
            (info.number_records_processed or 0, info.number_records_failed or 0),
        )

    def _waiting(self) -> Waiting:
        patience = patience_of(self.context, self.parts.settings)
        return Waiting(self.context, patience, self.parts.job.key)

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


def _its_id(info: JobInfo) -> dict[str, object]:
    return {"id": info.id}


def _its_state(info: JobInfo) -> dict[str, object]:
    return {"state": str(info.state)}


def _says_two_uploads(error: BulkflowError) -> bool:
    return isinstance(error, SalesforceError) and any(
        words in fault.message.lower() for fault in error.faults for words in _TWO_UPLOADS
    )


def _is_certain(error: BulkflowError) -> bool:
    """Whether the org itself refused a change of a job's state, for another reason than its state.

    What comes without the org's own code may be a gateway's, and behind it the change may be made.
    """
    return (
        isinstance(error, SalesforceError)
        and bool(error.code)
        and not is_passing(error)
        and not error.is_code("INVALIDJOBSTATE")
    )


def _has_no_effect(action: str, error: BulkflowError) -> bool:
    """Whether a request that was refused certainly did nothing."""
    if isinstance(error, UsageError) or not_begun(error):
        return True
    # Of a job in another state than was thought, an earlier request may be the reason.
    return (
        action != "upload"
        and isinstance(error, SalesforceError)
        and bool(error.code)
        and not error.is_code("INVALIDJOBSTATE")
    )
