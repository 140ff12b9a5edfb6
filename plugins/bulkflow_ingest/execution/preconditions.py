"""Errors of steps whose job is not in the state that they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow_jobs.job_state import UNSUCCESSFUL_STATES, JobState

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts
    from bulkflow_ingest.parts.part_job import PartJob


def refuse_given_up(parts: JobParts, wanted: Sequence[PartJob]) -> None:
    """Raise `StepError` if a part was aborted or is gone from the org.

    Parts that an earlier attempt closed are left to `refuse_cut_short`.
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
            help="somebody else works on this job; look at it in the org before you continue",
            notes=[describe_part(part) for part in aborted],
        )
    gone = [part for part in wanted if part.deleted]
    if gone:
        raise StepError(
            f"{len(gone)} of {len(parts.parts)} parts of job {parts.job.name} are gone "
            "from the org",
            help="somebody deleted them, or this is another org; check in the org which rows were "
            "loaded before you continue",
            notes=[describe_part(part) for part in gone],
        )


def refuse_cut_short(parts: JobParts, wanted: Sequence[PartJob], context: Context) -> None:
    """Raise `StepError` if a part was closed by an earlier attempt and aborted before its end."""
    cut = [part for part in wanted if part.handed_over and _was_cut_short(part)]
    if cut:
        raise StepError(
            f"{len(cut)} of {len(parts.parts)} parts of job {parts.job.name} "
            f"{'was' if len(cut) == 1 else 'were'} aborted after being closed",
            help=_advise(cut, context),
            notes=[describe_part(part) for part in cut],
        )


def refuse_gaps(parts: JobParts, unsent: Collection[PartJob]) -> None:
    """Raise `StepError` if data is missing.

    A job that is closed without it would load only some of its rows, and would look complete.
    """
    if parts.pending is not None:
        raise StepError(
            f"job {parts.job.name} is not closed because not all of its rows were read and "
            "uploaded",
            help=f"upload them first, with `upload job {parts.job.name}`, or `abort` the job",
        )
    missing = [part for part in unsent if part.data and not part.uploaded]
    if missing:
        raise StepError(
            f"job {parts.job.name} is not closed because {len(missing)} of its "
            f"{len(parts.parts)} parts are not uploaded",
            help=f"upload them first, with `upload job {parts.job.name}`, or `abort` the job",
        )


def refuse_absent(parts: JobParts, awaited: Sequence[PartJob]) -> None:
    """Raise `StepError` if a part to wait for has no job in the org."""
    missing = [part for part in awaited if part.id is None]
    if missing:
        raise StepError(
            f"{len(missing)} of {len(parts.parts)} parts of job {parts.job.name} "
            "are not in the org, so there is nothing to wait for",
            help="upload and close the job first",
        )


def refuse_incomplete(parts: JobParts, ended: Sequence[PartJob], context: Context) -> None:
    """Raise `StepError`, with the known reasons, if parts ended without completing.

    A part that was aborted after all of its rows were processed counts as complete. So does one
    that failed, if an earlier attempt at the run reported that.
    """
    bad = [
        part
        for part in ended
        if part.deleted
        or (
            part.state in UNSUCCESSFUL_STATES
            and not _is_fully_processed(part)
            and not (part.ended_before and _is_counted_in_full(part))
        )
    ]
    if bad:
        total = len(parts.parts)
        which = f"{len(bad)} of {total} parts of job" if total > 1 else "job"
        raise StepError(
            f"{which} {parts.job.name} did not complete",
            help=_advise(bad, context),
            notes=[describe_part(part) for part in bad],
        )


def make_rows_gone_error(parts: JobParts, part: PartJob, context: Context) -> StepError:
    """Make the error for a part of a stream that would have to be sent again."""
    return StepError(
        f"part {part.number + 1} of job {parts.job.name} has to be sent again, but its rows came "
        "from a stream and were not kept",
        help="its upload was not confirmed, or somebody aborted or deleted its job in the org; "
        f"`{context.format_command('abort')}` aborts the other parts; then run the file again",
    )


def describe_part(part: PartJob) -> str:
    """Describe a part that did not complete, with the reason."""
    reason = part.error_message or "Salesforce gives no reason"
    if part.state == JobState.ABORTED:
        reason = "it was aborted"
    where = f" ({part.part.source} from line {part.part.first_line:,})" if part.part else ""
    which = f"part {part.number + 1}{where}, job {part.id},"
    if part.deleted:
        if not part.handed_over:
            return f"{which} is gone from the org; none of its rows were processed"
        return (
            f"{which} is gone from the org; at least {part.processed:,} of its {part.rows:,} rows "
            "were processed, and the outcome of the rest is unknown"
        )
    return f"{which} is {part.state}: {reason}"


def _was_cut_short(part: PartJob) -> bool:
    return part.state == JobState.ABORTED and not _is_fully_processed(part)


def _is_fully_processed(part: PartJob) -> bool:
    return part.state == JobState.ABORTED and _has_all_outcomes(part)


def _is_counted_in_full(part: PartJob) -> bool:
    """Whether the result files of a part have all of its rows; its counters are less reliable."""
    return part.counted is not None and _has_all_outcomes(part)


def _has_all_outcomes(part: PartJob) -> bool:
    known = part.counts.loaded + part.counts.failed
    return part.part is not None and known == part.rows > 0


def _advise(bad: Sequence[PartJob], context: Context) -> str:
    """Return the help for parts that did not complete."""
    for part in bad:
        message = part.error_message or ""
        if "Field name not found" in message:
            return (
                "Salesforce names only the first unknown column: compare all column names with the "
                "object's API names, and check that this user may edit the fields"
            )
        if "LineEnding is invalid" in message:
            return "the job's line ending is not the file's: remove the line `line ending`"
    abort = context.format_command("abort")
    if any(part.deleted for part in bad):
        return (
            "check in the org which rows were loaded: the outcome of the others is unknown, so "
            f"they are not sent again; `{abort}` aborts the run"
        )
    retry = context.format_command("retry", "--rows", "unprocessed")
    locked = any("LockFailure" in (part.error_message or "") for part in bad)
    return (
        "rows that were processed before that stay loaded; "
        f"`{retry}` sends the unprocessed rows again, `{abort}` abandons them"
        + "; other work locks the same records, so sort the rows by the id of their parent"
        * locked
    )
