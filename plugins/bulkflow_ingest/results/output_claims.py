"""Output files of a run, each for one purpose only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.path_checks import resolved
from bulkflow_ingest.output_files import resolve_output

if TYPE_CHECKING:
    from pathlib import Path

    from bulkflow.plugin import Context
    from bulkflow_ingest.parts.job_parts import JobParts


def claim_output(context: Context, parts: JobParts, path: Path, what: str) -> None:
    """Refuse to overwrite the rows themselves, or a file that this run has saved."""
    place = resolve_output(path)
    if place is None:
        # A device or a pipe has no content to overwrite.
        return
    read = [part.data.source.path for part in parts.parts if part.data is not None]
    read += [part.original.path for part in parts.parts if part.original is not None]
    if any(resolved(path) == place for path in read):
        raise StepError(
            f"{path} is where the rows of job {parts.job.name} come from",
            help="save to another file: this one would be lost",
        )
    taken: dict[Path, str] = context.share("ingest:saved", dict, lambda _: None)
    if taken.setdefault(place, what) != what:
        raise StepError(
            f"{path} holds the {taken[place]} already, saved by this run",
            help="save to another file; in a loop, put the loop's variable into its name",
        )
