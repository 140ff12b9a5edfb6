"""What a step says when the parts of a job are not as it needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.api.job_info import JobState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob

BAD_ENDS = frozenset({JobState.FAILED, JobState.ABORTED})
"""The states of a job that is at an end and did not complete."""


def refuse_given_up(parts: JobParts, wanted: Sequence[PartJob]) -> None:
    """Raise StepError if a part was aborted, or is gone from the org.

    One that an earlier attempt closed is past that: see `refuse_cut_short`.
    """
    aborted = [
        part
        for part in wanted
        if part.in_org and part.state == JobState.ABORTED and not part.handed_over
    ]
    if aborted:
        raise StepError(
            f"{len(aborted)} of {len(parts.parts)} parts of job {parts.job.name} "
            "were aborted, so they cannot be closed",
            help="somebody else works on this job; look at it in the org before you go on",
            notes=[describe(part) for part in aborted],
        )
    gone = [part for part in wanted if part.deleted]
    if gone:
        raise StepError(
            f"{len(gone)} of {len(parts.parts)} parts of job {parts.job.name} are gone "
            "from the org",
            help="somebody has deleted them, or this is another org; look there for what "
            "became of the rows before you go on",
            notes=[describe(part) for part in gone],
        )


def refuse_cut_short(parts: JobParts, wanted: Sequence[PartJob], context: Context) -> None:
    """Raise StepError if a part that an earlier attempt closed was aborted amid its rows."""
    cut = [part for part in wanted if part.handed_over and _was_cut_short(part)]
    if cut:
        raise StepError(
            f"{len(cut)} of {len(parts.parts)} parts of job {parts.job.name} "
            f"{'was' if len(cut) == 1 else 'were'} aborted after being closed",
            help=_help(cut, context),
            notes=[describe(part) for part in cut],
        )


def refuse_gaps(parts: JobParts, unsent: Collection[PartJob]) -> None:
    """Raise StepError if data is missing.

    A job that is closed then would load only some of its rows, and look well.
    """
    if parts.pending is not None:
        raise StepError(
            f"not all rows of job {parts.job.name} are read and uploaded, so the job is not closed",
            help=f"upload them first, with `upload job {parts.job.name}`, or `abort` the job",
        )
    missing = [part for part in unsent if part.data and not part.uploaded]
    if missing:
        raise StepError(
            f"{len(missing)} of {len(parts.parts)} parts of job {parts.job.name} "
            "are not uploaded, so the job is not closed",
            help=f"upload them first, with `upload job {parts.job.name}`, or `abort` the job",
        )


def refuse_absent(parts: JobParts, awaited: Sequence[PartJob]) -> None:
    """Raise StepError if a part that is to be waited for has no job in the org."""
    missing = [part for part in awaited if part.id is None]
    if missing:
        raise StepError(
            f"{len(missing)} of {len(parts.parts)} parts of job {parts.job.name} "
            "are not in the org, so there is nothing to wait for",
            help="upload and close the job first",
        )


def refuse_incomplete(parts: JobParts, ended: Sequence[PartJob], context: Context) -> None:
    """Raise StepError, with what is known of the reasons, if parts ended and did not complete.

    One all of whose rows were processed before it ended is as good as complete.
    """
    bad = []
    for part in ended:
        if part.deleted or (part.state in BAD_ENDS and not _all_was_processed(part)):
            bad.append(part)
        elif part.state == JobState.FAILED:
            text = f"{describe(part)}; all of its rows were processed before"
            context.emit(Notice(text, NoticeLevel.WARNING, job=parts.job.key))
    if bad:
        total = len(parts.parts)
        which = f"{len(bad)} of {total} parts of job" if total > 1 else "job"
        raise StepError(
            f"{which} {parts.job.name} did not complete",
            help=_help(bad, context),
            notes=[describe(part) for part in bad],
        )


def _was_cut_short(part: PartJob) -> bool:
    return part.state == JobState.ABORTED and not _all_was_processed(part)


def _all_was_processed(part: PartJob) -> bool:
    counts = part.counts
    known = counts.loaded + counts.failed
    # The counters of a job that failed say less than its result files.
    is_counted = part.state == JobState.ABORTED or part.counted is not None
    return is_counted and part.part is not None and known == part.rows > 0


def rows_are_gone(parts: JobParts, part: PartJob, context: Context) -> StepError:
    """The error for a part of a stream that would have to be sent once more."""
    return StepError(
        f"the rows of part {part.number + 1} of job {parts.job.name} are to be sent once more, and "
        "are not kept: they came from a stream",
        help="its upload was not confirmed, or somebody has aborted or deleted its job in the org; "
        f"`{context.format_command('abort')}` aborts the others; then run the file again",
    )


def describe(part: PartJob) -> str:
    """A part that did not complete, and why, in the words of messages."""
    reason = part.error_message or "Salesforce gives no reason"
    if part.state == JobState.ABORTED:
        reason = "it was aborted"
    where = f" ({part.part.source} from line {part.part.first_line:,})" if part.part else ""
    which = f"part {part.number + 1}{where}, job {part.id},"
    if part.deleted:
        if not part.handed_over:
            return f"{which} is gone from the org; nothing of it was processed"
        return (
            f"{which} is gone from the org; at least {part.processed:,} of its {part.rows:,} rows "
            "were processed, what became of the rest is not known"
        )
    return f"{which} is {part.state}: {reason}"


def _help(bad: Sequence[PartJob], context: Context) -> str:
    for part in bad:
        message = part.error_message or ""
        if "Field name not found" in message:
            return (
                "Salesforce names only the first column that it does not know: compare all column "
                "names with the object's API names, and see that this user may edit the fields"
            )
        if "LineEnding is invalid" in message:
            return "the line ending that the job says is not the file's: remove `line ending`"
    if any(part.deleted for part in bad):
        return (
            "look in the org for what was loaded: what became of the other rows is not known, so "
            f"they are not sent again; `{context.format_command('abort')}` gives the run up"
        )
    retry = context.format_command("retry", "--rows", "unprocessed")
    locked = any("LockFailure" in (part.error_message or "") for part in bad)
    return (
        "rows that were processed before are loaded; "
        f"`{retry}` sends those that the org has not processed, "
        f"`{context.format_command('abort')}` gives them up"
        + "; other work holds the same records, so sort the rows by their parent's id"
        * locked
    )
