"""The progress of a job as text, with an estimate of the time left."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from attrs import Factory, define, field

from bulkflow.model.part import NOT_LOADED
from bulkflow.report.text.number_format import (
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
"""Seconds over which a rate is measured: steady, but follows changes of the network."""

_SPACING: Final = 0.5
"""Minimum seconds between two samples, which bounds their number."""


@define(eq=False, repr=False)
class JobProgress:
    """A job's latest progress event, and samples of earlier ones to estimate its rate."""

    latest: Progress
    sent_at: float | None = field(default=None, init=False)
    """When the number of sent bytes last grew, in seconds since the epoch."""
    _samples: deque[Progress] = Factory(deque)

    def update(self, event: Progress) -> None:
        """Add an event. If it goes backwards, as after a retry, restart the samples."""
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

    def estimate_left(self) -> str | None:
        """Estimate the time left at the rate of the last half minute; None if unknown."""
        now = self.latest
        if not self._samples:
            return None
        first = self._samples[0]
        elapsed = now.at - first.at
        upload = _estimate_seconds(first.bytes_sent, now.bytes_sent, now.bytes_total, elapsed)
        rows = _estimate_seconds(first.rows_processed, now.rows_processed, now.rows_total, elapsed)
        if rows is not None:
            return f"{format_duration(max(rows, upload or 0.0))} left"
        return None if upload is None else f"{format_duration(upload)} of upload left"

    def describe(self) -> list[str]:
        """Describe what is done, the time left, and the states in the org."""
        left = self.estimate_left()
        # Before the states, because the end may be cut off at the edge of the terminal.
        return [
            *_describe_amounts(self.latest),
            *([left] if left else []),
            *_describe_states(self.latest),
        ]

    @property
    def finished(self) -> bool:
        """Whether all parts are finished."""
        return self.latest.parts > 0 and self.latest.parts_done >= self.latest.parts

    @property
    def fraction(self) -> float | None:
        """The fraction done: of the rows once some are processed, else of the bytes."""
        now = self.latest
        if now.rows_processed and now.rows_total:
            return min(1.0, now.rows_processed / now.rows_total)
        if now.bytes_total:
            return min(1.0, now.bytes_sent / now.bytes_total)
        return None


def describe_progress(event: Progress) -> list[str]:
    """Describe bytes, rows, parts and states; zeros are omitted."""
    return [*_describe_amounts(event), *_describe_states(event)]


def _describe_amounts(event: Progress) -> list[str]:
    words = []
    if event.bytes_sent and event.bytes_sent == event.bytes_total:
        words.append(f"{format_size(event.bytes_sent)} sent")
    elif event.bytes_sent or event.bytes_total:
        words.append(f"{format_size_of(event.bytes_sent, event.bytes_total)} sent")
    if event.rows_processed:
        total = event.rows_total
        whole = total is None or total == event.rows_processed
        head = "" if whole else f"{format_count(event.rows_processed)} of "
        rows = event.rows_processed if total is None else total
        words.append(f"{head}{format_plural(rows, 'row')} processed")
    words += format_not_loaded(_get_not_loaded(event)).values()
    return words


def _get_not_loaded(event: Progress) -> dict[str, int]:
    """Get the rows that are not known to be loaded, by outcome."""
    return {kind: getattr(event, f"rows_{kind}") for kind in NOT_LOADED}


def _describe_states(event: Progress) -> list[str]:
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
    """Describe what a step achieved: bytes sent with their rate, and rows processed.

    Args:
        before: The progress of the job before the step, if any.
        after: The progress after the step.
        seconds: How long sending the bytes took.
        sent_before: Bytes that were already sent when the run was resumed.
    """
    words = []
    sent = after.bytes_sent - (before.bytes_sent if before else sent_before)
    if sent > 0:
        rate = f" at {format_size(round(sent / seconds))}/s" if seconds >= 0.1 else ""
        words.append(f"{format_size(sent)} sent{rate}")
    rows = after.rows_processed - (before.rows_processed if before else 0)
    if rows > 0:
        words.append(f"{format_plural(rows, 'row')} processed")
    return words


def count_lost(before: Progress | None, after: Progress) -> dict[str, int]:
    """Count the rows that were not loaded during a step, by outcome."""
    then = _get_not_loaded(before) if before else dict.fromkeys(NOT_LOADED, 0)
    return {kind: max(0, number - then[kind]) for kind, number in _get_not_loaded(after).items()}


def _estimate_seconds(before: int, now: int, total: int | None, elapsed: float) -> float | None:
    if total is None or now >= total or now <= before or elapsed < 1.0:
        return None
    return (total - now) * elapsed / (now - before)
