"""Lists the unfinished jobs that a run leaves in the org, shortened if there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.report.text.number_format import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST: Final = 3

HEADING: Final = "unfinished jobs in the org:"


def list_open_jobs(jobs: Sequence[str], run: str | None) -> list[str]:
    """List the first jobs and how many more there are, in pieces that can be put on own lines.

    Args:
        jobs: The jobs' ids, each with its state.
        run: The id of the run; `bulkflow runs` lists all of its jobs. None without a run.
    """
    others = len(jobs) - _MOST
    if others <= 0:
        return [*(f"{each}," for each in jobs[:-1]), *jobs[-1:]]
    more = f"and {format_count(others)} more"
    if run is not None:
        more += f": `bulkflow runs {run}`"
    return [*(f"{each}," for each in jobs[:_MOST]), more]


def format_open_jobs(jobs: Sequence[str], run: str | None) -> str:
    """Format the heading and the jobs as one line."""
    return " ".join([HEADING, *list_open_jobs(jobs, run)])
