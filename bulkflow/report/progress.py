"""How far a job is, in words, and how long it still takes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from attrs import Factory, define, field

from bulkflow.model.part import NOT_LOADED
from bulkflow.report.number_format import (
    format_count,
    format_duration,
    format_not_loaded,
    format_plural,
    format_size,
    format_size_of,
)

if TYPE_CHECKING:
    from bulkflow.model.event import Progress

WINDOW: Final = 30.0
"""Seconds that a rate is taken over: long enough to be steady, short enough to follow the net."""

_SPACING: Final = 0.5
"""Least seconds between two samples, so that many small reports keep few of them."""


@define(eq=False, repr=False)
class JobProgress:
    """A job's latest report of progress, and enough earlier ones to know its pace."""

    latest: Progress
    sent_at: float | None = field(default=None, init=False)
    """When bytes were last seen to have left, in seconds since the epoch."""
    _samples: deque[Progress] = Factory(deque)

    def update(self, event: Progress) -> None:
        """Take a report in. One that goes backwards, as a retry's does, starts the pace anew."""
        if (
            event.bytes_sent < self.latest.bytes_sent
            or event.rows_processed < self.latest.rows_processed
        ):
            self._samples.clear()
        elif not self._samples:
            self._samples.append(self.latest)
        if event.bytes_sent > self.latest.bytes_sent:
            self.sent_at = event.at
        self.latest = event
        if not self._samples or event.at - self._samples[-1].at >= _SPACING:
            self._samples.append(event)
        while len(self._samples) > 2 and event.at - self._samples[1].at >= WINDOW:
            self._samples.popleft()

    def left(self) -> str | None:
        """The time left at the pace of the last half minute, or None where nobody can know."""
        now = self.latest
        if not self._samples:
            return None
        first = self._samples[0]
        elapsed = now.at - first.at
        upload = _remaining(first.bytes_sent, now.bytes_sent, now.bytes_total, elapsed)
        rows = _remaining(first.rows_processed, now.rows_processed, now.rows_total, elapsed)
        if rows is not None:
            return f"{format_duration(max(rows, upload or 0.0))} left"
        return None if upload is None else f"{format_duration(upload)} of upload left"

    def words(self) -> list[str]:
        """What is done, the states in the org, and the time left; each in a few words."""
        left = self.left()
        # Before the states: what stands last may be cut off at the edge of the terminal.
        return [*_amounts(self.latest), *([left] if left else []), *_states(self.latest)]

    @property
    def finished(self) -> bool:
        """Whether every part is at its end."""
        return self.latest.parts > 0 and self.latest.parts_done >= self.latest.parts

    @property
    def fraction(self) -> float | None:
        """How much of what the job is at now is done: its rows once some are, else its bytes."""
        now = self.latest
        if now.rows_processed and now.rows_total:
            return min(1.0, now.rows_processed / now.rows_total)
        if now.bytes_total:
            return min(1.0, now.bytes_sent / now.bytes_total)
        return None


def describe_progress(event: Progress) -> list[str]:
    """Bytes up, rows processed and not loaded, parts and states; not what is nothing yet."""
    return [*_amounts(event), *_states(event)]


def _amounts(event: Progress) -> list[str]:
    words = []
    if event.bytes_sent and event.bytes_sent == event.bytes_total:
        words.append(f"{format_size(event.bytes_sent)} up")
    elif event.bytes_sent or event.bytes_total:
        words.append(f"{format_size_of(event.bytes_sent, event.bytes_total)} up")
    if event.rows_processed:
        total = event.rows_total
        whole = total is None or total == event.rows_processed
        head = "" if whole else f"{format_count(event.rows_processed)} of "
        rows = event.rows_processed if total is None else total
        words.append(f"{head}{format_plural(rows, 'row')} processed")
    words += format_not_loaded(_lost(event)).values()
    return words


def _lost(event: Progress) -> dict[str, int]:
    """Rows that are known not to be loaded, or not known to be, by what became of them."""
    return {kind: getattr(event, f"rows_{kind}") for kind in NOT_LOADED}


def _states(event: Progress) -> list[str]:
    words = []
    if event.parts > 1:
        words.append(
            f"{format_count(event.parts_done)} of {format_plural(event.parts, 'part')} done"
        )
    words.extend(
        state if event.parts == 1 else f"{format_count(number)} {state}"
        for state, number in event.states.items()
        if number
    )
    return words


def describe_gain(
    before: Progress | None, after: Progress, seconds: float, sent_before: int = 0
) -> list[str]:
    """What a step brought: bytes with their pace, and rows.

    `seconds` is how long its bytes took, without what came behind them. `sent_before` are the bytes
    that were up when the run was gone on with.
    """
    words = []
    sent = after.bytes_sent - (before.bytes_sent if before else sent_before)
    if sent > 0:
        pace = f" at {format_size(round(sent / seconds))}/s" if seconds >= 0.1 else ""
        words.append(f"{format_size(sent)} up{pace}")
    rows = after.rows_processed - (before.rows_processed if before else 0)
    if rows > 0:
        words.append(f"{format_plural(rows, 'row')} processed")
    return words


def count_lost(before: Progress | None, after: Progress) -> dict[str, int]:
    """Rows that were lost during a step, by what became of them."""
    then = _lost(before) if before else dict.fromkeys(NOT_LOADED, 0)
    return {kind: max(0, number - then[kind]) for kind, number in _lost(after).items()}


def _remaining(before: int, now: int, total: int | None, elapsed: float) -> float | None:
    if total is None or now >= total or now <= before or elapsed < 1.0:
        return None
    return (total - now) * elapsed / (now - before)
