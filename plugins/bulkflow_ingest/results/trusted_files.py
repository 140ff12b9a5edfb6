"""Result files that are complete by the job's counters, and belong to jobs at rest.

An org may answer a request for a result file before the file exists: empty, without content, or
short. And a batch of a job that failed or was aborted may commit rows later. So files with fewer
rows than the counters promise are fetched again. Files of jobs that did not complete are fetched
again by each step, once the job is at rest: the unprocessed rows first, so a row that is committed
in between is seen twice rather than never.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api.result_kind import ResultKind
from bulkflow_ingest.parts.remote_state import get_counters
from bulkflow_ingest.results.file_rows import count_result_rows, expected
from bulkflow_ingest.results.files import ResultFiles
from bulkflow_ingest.results.standstill import Standstill
from bulkflow_ingest.results.trust import Promise, Trust, refuse_gone
from bulkflow_jobs.job_state import UNSUCCESSFUL_STATES, JobState
from bulkflow_jobs.patience import Backoff, get_patience

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.api.client import IngestApi
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob
    from bulkflow_ingest.results.trust import Wanted

logger = logging.getLogger(__name__)

STATE: Final = "bulkflow_ingest:trust"


@frozen
class TrustedFiles:
    """The result files of one logical job, fetched until they are complete."""

    api: IngestApi
    context: Context
    parts: JobParts

    @property
    def trust(self) -> Trust:
        """What is known so far."""
        found = self.parts.job.state.setdefault(STATE, Trust())
        assert isinstance(found, Trust)
        return found

    @property
    def files(self) -> ResultFiles:
        """The files on disk."""
        return ResultFiles(self.api, self.context, self.parts)

    @property
    def _patience(self) -> float:
        return get_patience(self.context, self.parts.settings.patience)

    def begin(self) -> None:
        """Discard what is known about files of jobs that did not complete."""
        promised = self.trust.promised
        self.parts.job.state[STATE] = Trust(promised=promised)

    def fetch(self, wanted: Sequence[Wanted]) -> None:
        """Fetch files; those of jobs that did not complete, once the jobs are at rest.

        Raises:
            StepError: One of these jobs is gone, and its files are not here.
        """
        trust = self.trust
        for part, _ in wanted:
            if part.state == JobState.JOB_COMPLETE:
                trust.promised.setdefault(
                    part, (expected(part, ResultKind.SUCCESSFUL), expected(part, ResultKind.FAILED))
                )
            if _is_miscounted(part):
                processed, failed = get_counters(part.remote)
                self._doubt(
                    part,
                    f"job {part.id} counts {processed:,} rows as processed, {failed:,} of them as "
                    f"failed, and was given {part.rows:,}",
                )
                trust.dropped.update((part, which) for which in ResultKind)
        self._fetch_once([each for each in wanted if not _may_move(each[0])])
        moving = [each for each in wanted if _may_move(each[0]) and each not in trust.fetched]
        self._stand_still(moving)
        moving = [
            (part, which)
            for part, which in moving
            if part.in_org and not (which is ResultKind.UNPROCESSED and part in trust.doubted)
        ]
        for kind in (ResultKind.UNPROCESSED, ResultKind.SUCCESSFUL, ResultKind.FAILED):
            some = [each for each in moving if each[1] is kind]
            self.files.refetch(some)
            trust.fetched.update(some)
        self.verify(each for each in wanted if _may_move(each[0]))

    def _fetch_once(self, wanted: Sequence[Wanted]) -> None:
        """Fetch the files that are not here; unprocessed rows of complete jobs only if they exist.

        That file is only promised for jobs that did not complete (guide v66).
        """
        wanted = [each for each in wanted if each not in self.trust.dropped]
        for each in wanted:
            if each[1] is ResultKind.UNPROCESSED and not self.files.is_here(*each):
                self.files.fetch_early(each)
        self.files.fetch(each for each in wanted if each[1] is not ResultKind.UNPROCESSED)

    def _stand_still(self, wanted: Sequence[Wanted]) -> None:
        ended = list(dict.fromkeys(part for part, _ in wanted if part not in self.trust.looks))
        if not ended:
            return
        still = Standstill(self.api, self.context, self.parts, self._patience)
        stood = still.wait(ended)
        self.trust.looks |= stood.looks
        for part in stood.moving:
            self._doubt(part, f"job {part.id} still changes, though it is {part.state}")
        for part in stood.gone:
            part.mark_gone()
        lost = {
            part for part, which in wanted if part.deleted and not self.files.is_here(part, which)
        }
        if lost:
            raise refuse_gone(self.parts, [part for part in stood.gone if part in lost])

    def verify(self, wanted: Iterable[Wanted], *, patiently: bool = True) -> None:
        """Check that files have the promised rows; fetch the others again.

        Raises:
            StepError: A file does not have them, and `patiently` is false.
        """
        trust = self.trust
        known = trust.whole | trust.dropped
        left = [each for each in wanted if each not in known]
        wrong = [each for each in left if self._fault(each) is not None]
        trust.whole.update(set(left) - set(wrong))
        if wrong and not patiently:
            raise StepError(
                f"{self._fault(wrong[0])}",
                help="`save` and `retry` wait until the org has the whole file",
            )
        self.wait_for(wrong)

    def wait_for(self, wrong: Iterable[Wanted]) -> None:
        """Fetch files again until they have the rows that the counters promise.

        When the patience ends, their parts are doubted.
        """
        trust = self.trust
        left = [each for each in wrong if each[0] not in trust.doubted and self._fault(each)]
        waiting = Backoff(self.context, self._patience, self.parts.job.key)
        # A job that is gone has no more results.
        while (due := [each for each in left if each[0].in_org]) and waiting.pause(
            self._reason(due)
        ):
            self.files.refetch(due)
            whole = [each for each in due if self._fault(each) is None]
            trust.whole.update(whole)
            left = [each for each in left if each not in trust.whole]
        for each in left:
            fault = self._fault(each)
            assert fault is not None
            self._doubt(each[0], fault)
            rows, promise = self._rows(each), self.promise(*each)
            most = promise.most if promise else None
            if rows is None or (most is not None and rows > most) or self._excess(each):
                # It is not known which of its rows are right.
                trust.dropped.update((each[0], which) for which in ResultKind)

    def promise(self, part: PartJob, which: ResultKind) -> Promise | None:
        """Return how many rows a file must have by the counters; None if they do not show it."""
        if part.state == JobState.JOB_COMPLETE:
            if which is ResultKind.UNPROCESSED or part not in self.trust.promised:
                return None
            loaded, failed = self.trust.promised[part]
            rows = loaded if which is ResultKind.SUCCESSFUL else failed
            return Promise(rows, rows)
        look = self.trust.looks.get(part)
        if look is None:
            return None
        match which:
            case ResultKind.SUCCESSFUL:
                return Promise(look.processed - look.failed)
            case ResultKind.FAILED:
                return Promise(look.failed)
            case ResultKind.UNPROCESSED:
                # Not all of them: rows beyond the daily limit are in no file (guide v66).
                return Promise(min(1, max(0, part.rows - look.processed)))

    def usable(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """Return the files that can be used."""
        trust = self.trust
        return [
            (part, which)
            for part, which in wanted
            if (part, which) not in trust.dropped
            and self.files.is_here(part, which)
            # Only a job at rest can have rows that were certainly not processed.
            and not (part in trust.doubted and which is ResultKind.UNPROCESSED)
        ]

    def refuse_doubted(self) -> None:
        """Raise `StepError` if unreliable files leave the outcomes of some rows unknown."""
        doubted = self.trust.doubted
        if doubted:
            total = len(self.parts.parts)
            which = f"{len(doubted)} of {total} parts of job" if total > 1 else "job"
            raise StepError(
                f"the results of {which} {self.parts.job.name} cannot be trusted: rows that they "
                "do not account for are unknown, and are not sent again",
                help=f"look at the job in the org; `save unknown rows of job {self.parts.job.name} "
                'to "unknown.csv"` names these rows, and `patience 1h` in the job waits for longer',
                notes=[
                    f"part {part.number + 1}: {why}"
                    for part, why in sorted(doubted.items(), key=lambda each: each[0].number)
                ],
            )

    def _doubt(self, part: PartJob, why: str) -> None:
        logger.info("results of part %d, job %s, not used in full: %s", part.number, part.id, why)
        self.trust.doubted.setdefault(part, why)
        if part.state in UNSUCCESSFUL_STATES:
            # It must not be used later, when the job is gone and cannot be checked.
            self.files.drop(part, ResultKind.UNPROCESSED)
        self.context.emit(
            Notice(
                f"{why}; rows that it does not account for are unknown",
                NoticeLevel.WARNING,
                job=self.parts.job.key,
            )
        )

    def _fault(self, wanted: Wanted) -> str | None:
        """Describe what is wrong with a file that is here; None if nothing is."""
        part, which = wanted
        promise = self.promise(part, which)
        if promise is None:
            return None
        rows = self._rows(wanted)
        name = f"the {which} results of job {part.id}"
        if rows is None:
            return f"{name} are not what result files look like"
        if promise.least <= rows and (promise.most is None or rows <= promise.most):
            return self._excess(wanted)
        promised = (
            f"{promise.least:,}" if promise.most is not None else f"at least {promise.least:,}"
        )
        return f"{name} have {rows:,} rows, and {promised} are promised"

    def _excess(self, wanted: Wanted) -> str | None:
        """Describe a file that has, with the other one, more rows than the job got.

        For a job that did not complete, the counters promise only a minimum for each.
        """
        part, which = wanted
        if (
            which is ResultKind.UNPROCESSED
            or part.state not in UNSUCCESSFUL_STATES
            or not part.rows
        ):
            return None
        both = (ResultKind.SUCCESSFUL, ResultKind.FAILED)
        rows = sum(self._rows((part, each)) or 0 for each in both)
        if rows <= part.rows:
            return None
        return (
            f"the successful and failed results of job {part.id} have {rows:,} rows, and it was "
            f"given {part.rows:,}"
        )

    def _rows(self, wanted: Wanted) -> int | None:
        part, which = wanted
        return count_result_rows(self.files.path(part, which), which, part.dialect.delimiter)

    def _reason(self, left: Sequence[Wanted]) -> str:
        more = f", and {len(left) - 1} more files are not there yet" if len(left) > 1 else ""
        return f"{self._fault(left[0])}{more}"


def _is_miscounted(part: PartJob) -> bool:
    """Whether the counters of a complete job are impossible, so nothing of it can be used."""
    processed, failed = get_counters(part.remote)
    return part.state == JobState.JOB_COMPLETE and not failed <= processed <= part.rows


def _may_move(part: PartJob) -> bool:
    """Whether rows of a part may still be committed although its job has ended."""
    return part.in_org and part.state in UNSUCCESSFUL_STATES
