"""The report for a terminal: finished lines scroll, running steps are drawn live below."""

from __future__ import annotations

from threading import Event as Signal
from threading import Lock, Thread
from typing import IO, TYPE_CHECKING, cast

from bulkflow.model.event import JobPrepared, Progress, RunFinished, Shown
from bulkflow.report.runs.data_lines import format_data_lines
from bulkflow.report.runs.live import LiveView, build_view
from bulkflow.report.runs.narrator import Narrator
from bulkflow.report.runs.report_stream import ReportStream
from bulkflow.report.text.style import Style

if TYPE_CHECKING:
    from typing import TextIO

    from rich.live import Live

    from bulkflow.model.event import Event
    from bulkflow.plugin.context import Clock


class TerminalReport:
    """Draws a run with rich: a line for each running step, and one for each job in progress.

    Args:
        console_file: The terminal.
        data: The stream for data that steps show. It may be the same terminal.
        verbose: Whether to show details.
        width: The terminal's width in cells; None to follow the terminal.
        clock: Used to show how long a step has been running.
        color: Whether to use colours.
        tick: Seconds between two redraws; None to redraw only on events.
    """

    def __init__(
        self,
        console_file: TextIO,
        *,
        data: TextIO,
        verbose: bool = False,
        width: int | None = None,
        clock: Clock,
        color: bool = True,
        tick: float | None = 0.25,
    ) -> None:
        from rich.console import Console

        self._output = ReportStream(console_file)
        self._data = ReportStream(data)
        self._console = Console(
            file=cast("IO[str]", self._output),
            force_terminal=True,
            force_interactive=True,
            width=width,
            color_system="standard" if color else None,
            highlight=False,
            markup=False,
            emoji=False,
        )
        style = Style.of(console_file, color=color, width=self._console.width)
        self._narrator = Narrator(style, verbose)
        self._clock = clock
        self._tick = tick
        self._lock = Lock()
        self._view = LiveView(style)
        self._live: Live | None = None
        self._stop = Signal()
        self._ticker: Thread | None = None

    def __call__(self, event: Event) -> None:
        """Show an event."""
        with self._lock:
            if self._stop.is_set():
                return
            lines = self._narrator.narrate(event)
            self._view = build_view(self._narrator)
            if isinstance(event, RunFinished):
                self._end_live()
            elif isinstance(event, Shown):
                self._end_live()
                for line in format_data_lines(event, self._data.encoding):
                    self._data.write_line(line)
            elif lines and self._live is not None:
                # rich redraws its last frame below what it prints, so update that first.
                self._live.refresh()
            self._scroll(lines)
            if not isinstance(event, RunFinished | JobPrepared):
                self._draw(at_once=self._tick is None or not isinstance(event, Progress))

    def close(self) -> None:
        """Release the terminal. Raises `OutputError` if some output could not be written."""
        with self._lock:
            self._stop.set()
            self._end_live()
            ticker, self._ticker = self._ticker, None
        if ticker is not None:
            ticker.join()
        self._output.check()
        self._data.check()

    def _scroll(self, lines: list[str]) -> None:
        from rich.text import Text

        if lines:
            text = Text("\n").join(Text.from_ansi(line) if line else Text() for line in lines)
            self._console.print(text, soft_wrap=True)

    def _draw(self, *, at_once: bool) -> None:
        from rich.live import Live

        if self._live is None:
            if not self._view.rows:
                return
            self._live = Live(
                get_renderable=self._get_view,
                console=self._console,
                auto_refresh=False,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start()
            at_once = True
        if at_once:
            self._live.refresh()
        if self._ticker is None and self._tick is not None:
            self._ticker = Thread(target=self._redraw, args=(self._tick,), daemon=True)
            self._ticker.start()

    def _end_live(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _redraw(self, tick: float) -> None:
        while not self._stop.wait(tick):
            # If another thread stops it before the refresh, rich draws nothing.
            live = self._live
            if live is not None:
                live.refresh()

    def _get_view(self) -> LiveView:
        """Get the current view. Takes no lock, because the view is a single frozen value."""
        return self._view.at(self._clock.time())
