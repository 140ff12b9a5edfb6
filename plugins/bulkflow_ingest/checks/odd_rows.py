"""Rows that are valid CSV, and probably a mistake: warnings of a run, and problems of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from bulkflow.model.event import Notice, NoticeLevel
from bulkflow.plugin import Problem, format_plural
from bulkflow_csv import find_oddities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bulkflow.plugin import Context, Job
    from bulkflow_csv import Head, Oddities
    from bulkflow_ingest.source.rewrite import SplitFile

BLANK_ROWS = "B421"
HEADER_AGAIN = "B422"
INNER_MARK = "B423"

EDGE_BYTES = 4 << 20
"""How much of each end of a file a run searches."""

_HEADS = "ingest:heads"


def report_odd_rows(context: Context, job: Job, files: Iterable[SplitFile]) -> None:
    """Warn of the odd rows at the start and at the end of a job's files.

    A run pays for little more; the plan searches the whole files.
    """
    heads = job.state[_HEADS] = [each.head for each in files if each.head is not None]
    for head in heads:
        for each in _find_odd_rows(head.source.name, find_oddities(head, edges=EDGE_BYTES)):
            message = f"{each.message} ({each.code})"
            context.emit(Notice(message, NoticeLevel.WARNING, job=job.key, help=each.help))


def find_odd_row_problems(job: Job) -> Iterator[Problem]:
    """Find the odd rows of a job's files, wherever they are."""
    for head in cast("list[Head]", job.state.get(_HEADS, [])):
        yield from _find_odd_rows(head.source.name, find_oddities(head))


def _find_odd_rows(name: str, found: Oddities) -> Iterator[Problem]:
    if found.blank is not None:
        rows = format_plural(found.blank.count, "row")
        yield _warn(
            BLANK_ROWS,
            f"{name} has {rows} without any value, the first in line {found.blank.line:,}",
            'leave them out with a `where` line, such as `where "Name is not null"`, '
            "or remove them from the file",
        )
    if found.headers is not None:
        rows = format_plural(found.headers.count, "row")
        yield _warn(
            HEADER_AGAIN,
            f"{name} has the header again as {rows}, the first in line {found.headers.line:,}",
            "load the files that were joined as they are, with a pattern: "
            '`from "export/*.csv"`; or remove the lines',
        )
    if found.marks is not None:
        rows = format_plural(found.marks.count, "row")
        yield _warn(
            INNER_MARK,
            f"{name} has a byte order mark in front of {rows}, the first in line "
            f"{found.marks.line:,}",
            "the file was joined from several: load them as they are, with a pattern: "
            '`from "export/*.csv"`',
        )


def _warn(code: str, message: str, advice: str) -> Problem:
    return Problem(message, advice, "location", code, warning=True)
