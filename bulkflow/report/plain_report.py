"""The report for logs: whole lines, no control characters."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.model.event import Progress, Shown
from bulkflow.report.narrator import Narrator
from bulkflow.report.report_stream import ReportStream
from bulkflow.report.style import Style
from bulkflow.report.text_width import escape_line

if TYPE_CHECKING:
    from typing import TextIO

    from bulkflow.model.event import Event

INTERVAL: Final = 5.0
"""Least seconds between two lines about one job that is in the states it was in."""


@frozen
class _Told:
    """What the last line about a job said."""

    at: float
    states: frozenset[str]
    uploaded: bool


class PlainReport:
    """Tells a run in lines: each step as it begins and ends, progress now and then, a summary.

    A job's progress is told when one of its parts gets to a state that none was in, when all its
    data is up, and otherwise every five seconds at most, by the times that the events carry.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        data: TextIO,
        verbose: bool = False,
        width: int | None = None,
    ) -> None:
        self._style = Style.of(stream, width=width)
        self._narrator = Narrator(self._style, verbose, announce=True)
        self._output = ReportStream(stream)
        self._data = ReportStream(data)
        self._told: dict[str, _Told] = {}
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Write what there is to say of an event."""
        with self._lock:
            for line in self._narrator.lines(event):
                self._output.line(line)
            if isinstance(event, Progress):
                self._progress(event)
            elif isinstance(event, Shown):
                from bulkflow.report.data_lines import format_data_lines

                for line in format_data_lines(event, self._data.encoding):
                    self._data.line(line)

    def close(self) -> None:
        """Raise OutputError if some of it could not be written."""
        with self._lock:
            self._output.check()
            self._data.check()

    def _progress(self, event: Progress) -> None:
        states = frozenset(state for state, number in event.states.items() if number)
        uploaded = event.bytes_sent == event.bytes_total
        told = self._told.get(event.job)
        if (
            told is not None
            and states <= told.states
            and uploaded <= told.uploaded
            and event.at - told.at < INTERVAL
        ):
            return
        seen = states | told.states if told else states
        self._told[event.job] = _Told(event.at, seen, uploaded)
        words = ", ".join(self._narrator.progress[event.job].words())
        if words:
            encoding = self._style.encoding
            self._output.line(
                f"    {escape_line(event.job, encoding)}: {escape_line(words, encoding)}"
            )
