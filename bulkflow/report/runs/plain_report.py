"""The report for logs: whole lines without control characters."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.model.event import Progress, Shown
from bulkflow.report.runs.narrator import Narrator
from bulkflow.report.runs.report_stream import ReportStream
from bulkflow.report.text.escape import escape_line
from bulkflow.report.text.style import Style

if TYPE_CHECKING:
    from typing import TextIO

    from bulkflow.model.event import Event

INTERVAL: Final = 5.0
"""Minimum seconds between two lines about a job whose states have not changed."""


@frozen
class _LastLine:
    """The last line about a job."""

    at: float
    states: frozenset[str]
    uploaded: bool


class PlainReport:
    """Writes a line when a step begins and ends, lines of progress, and a summary.

    Progress of a job is written when a part reaches a state that no part had before, when all data
    is sent, and otherwise at most every five seconds, by the times in the events.
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
        self._last: dict[str, _LastLine] = {}
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Write the lines for an event."""
        with self._lock:
            for line in self._narrator.narrate(event):
                self._output.write_line(line)
            if isinstance(event, Progress):
                self._write_progress(event)
            elif isinstance(event, Shown):
                from bulkflow.report.runs.data_lines import format_data_lines

                for line in format_data_lines(event, self._data.encoding):
                    self._data.write_line(line)

    def close(self) -> None:
        """Raise `OutputError` if some output could not be written."""
        with self._lock:
            self._output.check()
            self._data.check()

    def _write_progress(self, event: Progress) -> None:
        states = frozenset(state for state, number in event.states.items() if number)
        uploaded = event.bytes_sent == event.bytes_total
        last = self._last.get(event.job)
        if (
            last is not None
            and states <= last.states
            and uploaded <= last.uploaded
            and event.at - last.at < INTERVAL
        ):
            return
        seen = states | last.states if last else states
        self._last[event.job] = _LastLine(event.at, seen, uploaded)
        words = ", ".join(self._narrator.progress[event.job].describe())
        if words:
            encoding = self._style.encoding
            self._output.write_line(
                f"    {escape_line(event.job, encoding)}: {escape_line(words, encoding)}"
            )
