"""The jobs that a run leaves in the org, in few enough words to be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.report.number_format import format_count

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST: Final = 6
"""Jobs that are all named."""

_FIRST: Final = 3
"""Those that are named where there are more."""

LEFT: Final = "still in the org, and not at an end:"


def list_open_jobs(left: Sequence[str], run: str | None) -> list[str]:
    """What is left, in pieces that may stand on lines of their own: each job, or the first of many.

    `run` is the id of the run whose record has them all, None where there is none.
    """
    if len(left) <= _MOST:
        return [*(f"{each}," for each in left[:-1]), *left[-1:]]
    others = f"and {format_count(len(left) - _FIRST)} others"
    if run is not None:
        others += f"; `bulkflow runs {run}` lists them"
    named = [f"{each}," for each in left[: _FIRST - 1]]
    return [f"{format_count(len(left))} jobs,", *named, left[_FIRST - 1], others]


def format_open_jobs(left: Sequence[str], run: str | None) -> str:
    """The same on one line, with what they are."""
    return " ".join([LEFT, *list_open_jobs(left, run)])
