"""A part of a logical job, and the state of its job in the org."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attrs import Factory, define, field

from bulkflow_csv import DELIMITERS, Dialect
from bulkflow_ingest.parts import remote_state, transitions
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
    from bulkflow_ingest.parts.restore import RecordedSource
    from bulkflow_ingest.source.original import Original
    from bulkflow_ingest.source.windows import Window
    from bulkflow_jobs.job_info import JobInfo


logger = logging.getLogger(__name__)


@define(eq=False, repr=False)
class PartJob:
    """One part of a logical job, and the state of its job in the org.

    Only one thread works on a part at a time. Only the methods below change its remote state, by
    the transitions of `remote_state.py`.
    """

    part: Part | None
    """None for an existing job of the org that gets no data from this run."""
    data: PartRange | None
    origin: Path | None = field(default=None, kw_only=True)
    """For resent rows: the file that maps them to rows of the source."""
    recorded: RecordedSource | None = field(default=None, kw_only=True, repr=False)
    """Its file, if an earlier attempt read it; this attempt has not checked it yet."""
    original: Original | None = field(default=None, kw_only=True)
    """The user's file, if its rows are sent from another file."""
    dialect: Dialect = Factory(Dialect)
    """The format of its data, and so of its results."""
    window: Window | None = field(default=None, kw_only=True)
    """The window of a stream that holds its data until it is uploaded."""
    source_digest: str = field(default="", kw_only=True)
    """The digest of its whole file; blank if the file is sent while it is read."""
    generation: int = field(default=0, kw_only=True)
    """How often rows of the job had been resent when this part was made, including this part."""
    _remote: RemoteState = field(factory=remote_state.Unsent, kw_only=True)
    is_refreshed: bool = field(default=False, init=False)
    """Whether this attempt at the run has asked the org for its state."""
    was_uploaded: bool = field(default=False, init=False)
    """Whether all its data was in the org once, in this job or an earlier one."""
    ended_before: bool = field(default=False, init=False)
    """Whether an earlier attempt at the run saw the end of its job."""
    orphaned_at: float | None = field(default=None, init=False)
    """When a create was sent that was never answered, in seconds since the epoch."""
    last_state: str | None = field(default=None, init=False)
    """The last state that the org reported, even if it was outdated."""
    unanswered: str | None = field(default=None, init=False)
    """The change that was requested and is not answered yet, or whose answer was lost."""
    sent: int = field(default=0, init=False)
    """Bytes of the body that the current or complete upload has sent."""
    counted: Counts | None = field(default=None, init=False)
    """The counts from its result files, if the job's counters are not enough."""
    ledger_counts: Counts | None = field(default=None, init=False)
    """The counts that the ledger has of its rows."""

    @classmethod
    def existing(cls, job: str, part: Part | None = None, data: PartRange | None = None) -> PartJob:
        """Make the part for a job that was created elsewhere."""
        return cls(part, data, remote=remote_state.Created(job))

    # ------------------------------------------------------------------------------ state

    @property
    def remote(self) -> RemoteState:
        """The state of its job in the org."""
        return self._remote

    @property
    def number(self) -> int:
        """The part's number, from 0."""
        return self.part.index if self.part else 0

    @property
    def id(self) -> str | None:
        """The id of its job, even if the job is gone."""
        return None if isinstance(self._remote, Unsent) else self._remote.id

    @property
    def state(self) -> str | None:
        """The last known state of its job; None without a job."""
        return remote_state.get_job_state(self._remote)

    @property
    def rows(self) -> int:
        """How many rows it has, as far as known."""
        return self.part.rows if self.part else remote_state.get_counters(self._remote)[0]

    @property
    def processed(self) -> int:
        """How many rows the org has processed, including failures."""
        return remote_state.get_counters(self._remote)[0]

    @property
    def error_message(self) -> str | None:
        """Why its whole job failed, in the org's words."""
        return self._remote.error_message if isinstance(self._remote, Ended) else None

    @property
    def counts(self) -> Counts:
        """Its rows by outcome, as far as known."""
        return self.counted or remote_state.count_rows(self._remote, self.rows)

    @property
    def uploaded(self) -> bool:
        """Whether all its data is in its job."""
        return isinstance(self._remote, Uploaded | Closing | HandedOver | Ended)

    @property
    def is_partly_uploaded(self) -> bool:
        """Whether its job may hold a part of the data, and accepts no other upload."""
        return isinstance(self._remote, Uploading)

    @property
    def handed_over(self) -> bool:
        """Whether its rows may have been processed; if so, this part never sends them again."""
        return remote_state.may_be_processed(self._remote)

    @property
    def is_sendable(self) -> bool:
        """Whether it can still be handed over."""
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
        """Whether its job was in the org and is there no longer."""
        return isinstance(self._remote, Gone)

    @property
    def is_abandoned(self) -> bool:
        """Whether it has no job, and its rows will not be sent."""
        return isinstance(self._remote, Unsent) and self._remote.abandoned

    @property
    def needs_new_upload(self) -> bool:
        """Whether its data was uploaded before, to a job that is aborted or gone."""
        return self.was_uploaded and not self.uploaded and not self.handed_over

    @property
    def left(self) -> str | None:
        """The id and state of its unfinished job in the org, for messages."""
        # Each is read once, because another thread may change the part.
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
        """Note the job that was created for it."""
        self._change(transitions.mark_created(self._remote, info.id))
        self.counted = None
        self.is_refreshed = True

    def mark_upload_begun(self) -> None:
        """Note that an upload may be sent from now on."""
        self._change(transitions.mark_upload_begun(self._remote))

    def mark_upload_not_begun(self) -> None:
        """Note that nothing of the upload reached the job."""
        self._change(transitions.mark_upload_not_begun(self._remote))

    def mark_uploaded(self) -> None:
        """Note that all its data is in the org."""
        self._change(transitions.mark_uploaded(self._remote))
        self.was_uploaded = True

    def mark_uploaded_twice(self) -> None:
        """Note that the org reports several uploads to its job."""
        self._change(transitions.mark_uploaded_twice(self._remote))

    def mark_close_begun(self) -> None:
        """Note that a close may be sent from now on."""
        self._change(transitions.mark_close_begun(self._remote))

    def mark_close_not_done(self) -> None:
        """Note that the org certainly did not close the job."""
        self._change(transitions.mark_close_not_done(self._remote))

    def refresh(self, info: JobInfo) -> None:
        """Apply Salesforce's description of its job."""
        self._change(transitions.apply_job_info(self._remote, info))
        self.last_state = info.state
        self.is_refreshed = True
        self.unanswered = None
        delimiter = DELIMITERS.get(info.column_delimiter or "")
        known = self.data is not None and self.data.header.columns
        if not known and delimiter is not None:
            self.dialect = Dialect(delimiter)

    def mark_gone(self) -> None:
        """Note that its job is no longer in the org."""
        self._change(transitions.mark_gone(self._remote))
        self.is_refreshed = True
        self.unanswered = None

    def release(self, *, abandon: bool = True) -> None:
        """Drop a job of which nothing was or will be processed; the part may get another one.

        Args:
            abandon: Whether to count its rows as unprocessed until then.

        Raises:
            TransitionError: Rows of the job may be processed.
        """
        self._change(transitions.release(self._remote))
        if abandon:
            self._change(transitions.abandon(self._remote))
        self.sent = 0

    def abandon(self) -> None:
        """Note that its rows will not be sent. It must have no job."""
        self._change(transitions.abandon(self._remote))

    def restore(self, history: PartHistory) -> None:
        """Restore the state that the journal recorded, without asking the org."""
        found = replay(self._remote, history)
        self._change(found.remote)
        self.was_uploaded = found.was_uploaded
        self.orphaned_at = found.orphaned_at
        self.counted = found.counted
        is_up = self.handed_over or isinstance(self._remote, Uploaded)
        self.sent = history.part.bytes if is_up else 0
        self.is_refreshed = False
        self.ended_before = self.is_final

    def check_rows(self) -> None:
        """Check that its rows are those of the earlier attempt. Raises `DataError`."""
        if self.recorded is not None:
            self.recorded.check()

    def _change(self, new: RemoteState) -> None:
        old, self._remote = self._remote, new
        if not logger.isEnabledFor(logging.INFO) or new == old:
            return
        before, after = _describe_state(old), _describe_state(new)
        job = self.id or getattr(old, "id", None)
        if before != after:
            logger.info("part %d, job %s: %s -> %s", self.number + 1, job, before, after)
        logger.debug("part %d, job %s: now %s", self.number + 1, job, new)


def _describe_state(remote: RemoteState) -> str:
    state = remote_state.get_job_state(remote)
    name = type(remote).__name__
    return name if state is None else f"{name} ({state})"
