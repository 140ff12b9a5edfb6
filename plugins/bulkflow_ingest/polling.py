"""Waits for parts to come to their end, with few calls."""

from __future__ import annotations

from contextlib import contextmanager
from heapq import heappop, heappush
from random import random
from threading import Lock
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.errors import StepError
from bulkflow.model.event import Notice, NoticeLevel
from bulkflow_ingest.info import JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bulkflow.plugin import Context
    from bulkflow_ingest.parts import JobParts, PartJob

FIRST_PAUSE = 0.25
"""Seconds before the second look."""
LONGEST_PAUSE = 20.0
"""Seconds; every call counts against the org's daily limit."""
SHARE = 0.1
"""A pause is this share of the time that was waited already: so late an end is noticed at most."""
CALLS_PER_SECOND = 20.0
"""Of all waits of a run together, once the first looks are over."""
JITTER = 0.1
"""Pauses are longer or shorter by up to this share, so that many runs do not ask in step."""
TOGETHER = 0.05
"""Seconds; looks that are due within this time of each other are made together."""


@define(eq=False)
class Pace:
    """How often the org is asked: one for all waits of a run, so that they share its calls."""

    chance: Callable[[], float] = random
    """A number from 0 to 1, another at each call."""
    _waiting: int = field(default=0, init=False)
    _lock: Lock = field(factory=Lock, init=False, repr=False)

    @classmethod
    def of(cls, context: Context) -> Pace:
        """That of the run."""
        return context.shared("ingest:pace", cls, lambda _: None)

    @contextmanager
    def waiting(self, parts: int) -> Iterator[Callable[[], None]]:
        """So many parts more are waited for; what is given is to be called when one has ended."""
        left = parts

        def ended() -> None:
            nonlocal left
            left -= 1
            self._add(-1)

        self._add(parts)
        try:
            yield ended
        finally:
            self._add(-left)

    def pause(self, waited: float) -> float:
        """Seconds until the next look at a part that was waited for since `waited` seconds."""
        usual = min(LONGEST_PAUSE, max(FIRST_PAUSE, SHARE * waited))
        fair = max(usual, self._waiting / CALLS_PER_SECOND)
        return fair * (1 + JITTER * (2 * self.chance() - 1))

    def _add(self, parts: int) -> None:
        with self._lock:
            self._waiting += parts


def poll(
    context: Context,
    parts: JobParts,
    look: Callable[[Sequence[PartJob]], None],
    among: Sequence[PartJob] | None = None,
    *,
    pace: Pace,
    timeout: float | None,
    interval: float | None,
) -> None:
    """Look until every part is at an end.

    Args:
        context: The step's.
        parts: The job that they are parts of.
        look: Asks the org how some parts are.
        among: Those of the parts that are waited for; all, unless it says which.
        pace: How long the pauses are.
        timeout: Seconds after which to give up waiting; None for never.
        interval: Seconds between two looks; None for pauses that grow with the job's age.

    Raises:
        StepError: the time is up; the jobs go on in the org, and the message names them.
    """
    among = parts.parts if among is None else among
    began = context.clock.monotonic()
    strange: set[str | None] = set()
    due = [part for part in among if part.in_org and not part.is_final]
    later: list[tuple[float, int, PartJob]] = []
    with pace.waiting(len(due)) as ended:
        while True:
            context.checkpoint()
            look(due)
            running = []
            for part in due:
                if part.in_org and not part.is_final:
                    running.append(part)
                else:
                    ended()
            _warn_of_unknown(context, parts, running, strange)
            parts.tell(context, now=True)
            _refuse_open(running)
            spent = context.clock.monotonic() - began
            for part in running:
                pause = pace.pause(spent) if interval is None else interval
                heappush(later, (spent + pause, part.number, part))
            if not later:
                return
            if timeout is not None and spent >= timeout:
                raise _too_late(parts, [part for _, _, part in sorted(later)], spent)
            following = later[0][0] if timeout is None else min(later[0][0], timeout)
            context.sleep(max(0.0, following - spent))
            now = max(following, context.clock.monotonic() - began)
            last = timeout is not None and now >= timeout
            due = []
            while later and (last or later[0][0] <= now + TOGETHER):
                due.append(heappop(later)[2])


def _too_late(parts: JobParts, running: list[PartJob], spent: float) -> StepError:
    return StepError(
        f"job {parts.job.name} is not processed after {spent:.3g} s",
        help="this is no failure of the job: it goes on in the org, and its rows may still "
        "be loaded; wait longer, with `up to 2h`",
        notes=[f"job {part.id} is {part.state}" for part in running],
    )


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
