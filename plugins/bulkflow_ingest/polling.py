"""Waits for parts to come to their end, with few calls."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.info import JobState
from bulkflow_ingest.requests import GoneError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.parts import JobParts, PartJob
    from bulkflow_ingest.requests import Requests

FIRST_PAUSE = 0.25
"""Seconds before the second look."""
LONGEST_PAUSE = 15.0
"""Seconds; every call counts against the org's daily limit."""
GROWTH = 1.5


def poll(
    context: Context,
    parts: JobParts,
    requests: Requests,
    among: Sequence[PartJob] | None = None,
    *,
    timeout: float | None,
    interval: float | None,
) -> None:
    """Look until every part is at an end.

    Args:
        context: The step's.
        parts: The job that they are parts of.
        requests: How to ask.
        among: Those of the parts that are waited for; all, unless it says which.
        timeout: Seconds after which to give up waiting; None for never.
        interval: Seconds between two looks; None for pauses that grow with the job's age.

    Raises:
        StepError: the time is up; the jobs go on in the org, and the message names them.
    """
    among = parts.parts if among is None else among
    began = context.clock.monotonic()
    pause = FIRST_PAUSE if interval is None else interval
    strange: set[str | None] = set()
    while True:
        running = [part for part in among if part.in_org and not part.is_final]
        for part in running:
            context.checkpoint()
            # Whoever waits is told of it with the parts that failed.
            with suppress(GoneError):
                requests.refresh(part)
        running = [part for part in running if part.in_org and not part.is_final]
        _warn_of_unknown(context, parts, running, strange)
        parts.tell(context, now=True)
        if not running:
            return
        _refuse_open(running)
        spent = context.clock.monotonic() - began
        if timeout is not None and spent >= timeout:
            raise StepError(
                f"job {parts.job.name} is not processed after {spent:.3g} s",
                help="this is no failure of the job: it goes on in the org, and its rows may still "
                "be loaded; wait longer, with `up to 2h`",
                notes=[f"job {part.id} is {part.state}" for part in running],
            )
        context.sleep(pause if timeout is None else min(pause, timeout - spent))
        if interval is None:
            pause = min(LONGEST_PAUSE, pause * GROWTH)


def _warn_of_unknown(
    context: Context, parts: JobParts, running: list[PartJob], strange: set[str | None]
) -> None:
    """A state that is not known may be a last one; say so once, as the wait may have no end."""
    for part in running:
        if part.state not in set(JobState) and part.state not in strange:
            strange.add(part.state)
            context.emit(
                Notice(
                    f"job {part.id} is in the state {part.state}, which is not known here",
                    NoticeLevel.WARNING,
                    job=parts.job.key,
                    help="it is waited for as long as it lasts; look at the job in the org",
                )
            )


def _refuse_open(running: list[PartJob]) -> None:
    """Salesforce begins nothing before a job is closed, so waiting for an open one has no end."""
    still_open = [part for part in running if part.state == JobState.OPEN]
    if still_open:
        raise StepError(
            "Salesforce does not process a job before it is closed",
            help="close it first: `close job NAME`",
            notes=[f"job {part.id} is {part.state}" for part in still_open],
        )
