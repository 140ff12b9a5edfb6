"""A part of a logical job, and what its job in the org has come to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import Factory, define, field

from bulkflow_csv import DELIMITERS, Dialect
from bulkflow_ingest.parts import remote_state
from bulkflow_ingest.parts.remote_state import (
    Closing,
    Created,
    Ended,
    Gone,
    HandedOver,
    RemoteState,
    Unsent,
    Uploaded,
    Uploading,
)
from bulkflow_ingest.parts.replay import replay

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.model.history import PartHistory
    from bulkflow.model.part import Counts, Part
    from bulkflow_csv import PartRange
    from bulkflow_ingest.api.job_info import JobInfo
    from bulkflow_ingest.parts.restore import RecordedSource
    from bulkflow_ingest.source.original import Original
    from bulkflow_ingest.source.windows import Window


@define(eq=False, repr=False)
class PartJob:
    """One part of a logical job, and what its job in the org has come to.

    Only one thread works on a part at a time. Its remote state changes by the methods below alone,
    as `remote_state.py` allows; everything that is asked of it follows from that state.
    """

    part: Part | None
    """None for a job of the org that gets no data from here."""
    data: PartRange | None
    origin: Path | None = field(default=None, kw_only=True)
    """For rows that are sent again: the file that says which rows of the source they are."""
    recorded: RecordedSource | None = field(default=None, kw_only=True, repr=False)
    """Its file, where an earlier attempt has read it: not looked at since."""
    original: Original | None = field(default=None, kw_only=True)
    """The file whose rows its rows are told as, where that is another."""
    dialect: Dialect = Factory(Dialect)
    """How the data, and so the results, are written."""
    window: Window | None = field(default=None, kw_only=True)
    """The stretch of a stream that holds its data until that is up."""
    source_digest: str = field(default="", kw_only=True)
    """The digest of its whole file; blank where that is sent while it is read."""
    generation: int = field(default=0, kw_only=True)
    """How often rows of the job had been sent again when this part was made, itself included."""
    _remote: RemoteState = field(factory=remote_state.Unsent, kw_only=True)
    is_refreshed: bool = field(default=False, init=False)
    """Whether this attempt at the run knows its state from the org."""
    was_uploaded: bool = field(default=False, init=False)
    """Whether all its data was in the org once, in this job or in an earlier one."""
    orphaned_at: float | None = field(default=None, init=False)
    """When a create was sent whose answer never came, in seconds since the epoch."""
    last_state: str | None = field(default=None, init=False)
    """The state that the last look told, whether it was believed or not."""
    unanswered: str | None = field(default=None, init=False)
    """The change that was asked for and not answered yet, or whose answer was lost."""
    sent: int = field(default=0, init=False)
    """Bytes of the body that have left, of the upload that is under way or done."""
    counted: Counts | None = field(default=None, init=False)
    """What its result files say of its rows, where the job's counters do not tell."""
    ledger_counts: Counts | None = field(default=None, init=False)
    """What the ledger has of its rows."""

    @classmethod
    def existing(cls, job: str, part: Part | None = None, data: PartRange | None = None) -> PartJob:
        """Make the part for a job that others have created."""
        return cls(part, data, remote=remote_state.Created(job))

    # ------------------------------------------------------------------------------ state

    @property
    def remote(self) -> RemoteState:
        """What its job in the org has come to."""
        return self._remote

    @property
    def number(self) -> int:
        """The part's number, from 0."""
        return self.part.index if self.part else 0

    @property
    def id(self) -> str | None:
        """Its job, also where that is gone."""
        return None if isinstance(self._remote, Unsent) else self._remote.id

    @property
    def state(self) -> str | None:
        """The state of its job that was seen last; None without a job."""
        return remote_state.get_job_state(self._remote)

    @property
    def rows(self) -> int:
        """How many rows it has, as far as that is known."""
        return self.part.rows if self.part else remote_state.get_counters(self._remote)[0]

    @property
    def processed(self) -> int:
        """How many rows the org was seen to have processed, failures included."""
        return remote_state.get_counters(self._remote)[0]

    @property
    def error_message(self) -> str | None:
        """Why its job failed as a whole, in the org's words."""
        return self._remote.error_message if isinstance(self._remote, Ended) else None

    @property
    def counts(self) -> Counts:
        """What became of its rows, as far as it is known."""
        return self.counted or remote_state.count_rows(self._remote, self.rows)

    @property
    def uploaded(self) -> bool:
        """Whether all its data is in its job."""
        return isinstance(self._remote, Uploaded | Closing | HandedOver | Ended)

    @property
    def is_partly_uploaded(self) -> bool:
        """Whether its job may hold some of the data, and takes no other."""
        return isinstance(self._remote, Uploading)

    @property
    def handed_over(self) -> bool:
        """Whether its rows may have been processed: then this part never sends them again."""
        return remote_state.may_be_processed(self._remote)

    @property
    def is_sendable(self) -> bool:
        """Whether there is something left to do for it to be handed over."""
        return isinstance(self._remote, Unsent | Created | Uploading | Uploaded | Closing)

    @property
    def is_final(self) -> bool:
        """Whether its job is in the org and finished."""
        return isinstance(self._remote, Ended)

    @property
    def in_org(self) -> bool:
        """Whether it has a job in the org."""
        return not isinstance(self._remote, Unsent | Gone)

    @property
    def deleted(self) -> bool:
        """Whether its job was in the org and is not any more."""
        return isinstance(self._remote, Gone)

    @property
    def is_abandoned(self) -> bool:
        """Whether it has no job, and nobody is going to send its rows."""
        return isinstance(self._remote, Unsent) and self._remote.abandoned

    @property
    def needs_new_upload(self) -> bool:
        """Whether its data was up before, in a job that is aborted or gone."""
        return self.was_uploaded and not self.uploaded and not self.handed_over

    @property
    def left(self) -> str | None:
        """Its job in the org if that is not finished, in the words of messages."""
        # Each is read once: the part may change meanwhile.
        now, doing = self._remote, self.unanswered
        asked = "" if doing is None else f"{doing} not answered"
        if isinstance(now, Unsent):
            return f"a job for part {self.number + 1} ({asked})" if doing == "create" else None
        if isinstance(now, Gone | Ended):
            return None
        known = ", ".join(each for each in (remote_state.get_job_state(now), asked) if each)
        return f"{now.id} ({known})"

    # ------------------------------------------------------------------------ transitions

    def mark_created(self, info: JobInfo) -> None:
        """Take the job that was created for it."""
        self._remote = remote_state.mark_created(self._remote, info.id)
        self.counted = None
        self.is_refreshed = True

    def mark_upload_begun(self) -> None:
        """Note that an upload may leave from now on."""
        self._remote = remote_state.mark_upload_begun(self._remote)

    def mark_upload_not_begun(self) -> None:
        """Note that nothing of the upload can have reached the job."""
        self._remote = remote_state.mark_upload_not_begun(self._remote)

    def mark_uploaded(self) -> None:
        """Note that all its data is in the org."""
        self._remote = remote_state.mark_uploaded(self._remote)
        self.was_uploaded = True

    def mark_uploaded_twice(self) -> None:
        """Note that its job got more than one upload, as the org says."""
        self._remote = remote_state.mark_uploaded_twice(self._remote)

    def mark_close_begun(self) -> None:
        """Note that a close may leave from now on."""
        self._remote = remote_state.mark_close_begun(self._remote)

    def mark_close_not_done(self) -> None:
        """Note that the org certainly did not close the job."""
        self._remote = remote_state.mark_close_not_done(self._remote)

    def refresh(self, info: JobInfo) -> None:
        """Take over what Salesforce says of its job."""
        self._remote = remote_state.apply_job_info(self._remote, info)
        self.last_state = info.state
        self.is_refreshed = True
        self.unanswered = None
        delimiter = DELIMITERS.get(info.column_delimiter or "")
        known = self.data is not None and self.data.header.columns
        if not known and delimiter is not None:
            self.dialect = Dialect(delimiter)

    def mark_gone(self) -> None:
        """Note that its job is not in the org any more."""
        self._remote = remote_state.mark_gone(self._remote)
        self.is_refreshed = True
        self.unanswered = None

    def release(self, *, abandon: bool = True) -> None:
        """Let go of a job of which nothing was or will be processed; it may get another.

        Until then its rows count as unprocessed, unless it is not abandoned.

        Raises:
            TransitionError: Rows of it may be processed.
        """
        self._remote = remote_state.release(self._remote)
        if abandon:
            self._remote = remote_state.abandon(self._remote)
        self.sent = 0

    def abandon(self) -> None:
        """Note that nobody is going to send its rows. It must have no job."""
        self._remote = remote_state.abandon(self._remote)

    def restore(self, history: PartHistory) -> None:
        """Take it to where the journal left it; the org was not asked since."""
        found = replay(self._remote, history)
        self._remote = found.remote
        self.was_uploaded = found.was_uploaded
        self.orphaned_at = found.orphaned_at
        self.counted = found.counted
        is_up = self.handed_over or isinstance(self._remote, Uploaded)
        self.sent = history.part.bytes if is_up else 0
        self.is_refreshed = False

    def check_rows(self) -> None:
        """See that its rows are those of the earlier attempt. Raises `DataError`."""
        if self.recorded is not None:
            self.recorded.check()
