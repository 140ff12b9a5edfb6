"""The live view of a terminal report: running steps and jobs in progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import evolve, frozen

from bulkflow.report.text.escape import escape_line
from bulkflow.report.text.number_format import format_duration
from bulkflow.report.text.text_width import count_cells, pad_to_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

    from bulkflow.report.runs.narrator import Narrator
    from bulkflow.report.runs.progress import JobProgress
    from bulkflow.report.text.style import Style

_BAR: Final = 20
_BAR_NEEDS: Final = 100
"""The minimum width of a terminal, in cells, for a bar to be shown."""


@frozen
class StepRow:
    """A running step and the time when it began."""

    text: str
    since: float


@frozen
class JobRow:
    """A job in progress. `fraction` is None if its total is unknown."""

    name: str
    words: tuple[str, ...]
    fraction: float | None


Row: TypeAlias = StepRow | JobRow


@frozen
class LiveView:
    """The rows at one moment. It is a renderable of rich."""

    style: Style
    rows: tuple[Row, ...] = ()
    now: float = 0.0

    def at(self, now: float) -> LiveView:
        """Return the same rows at another moment."""
        return evolve(self, now=now)

    def format_lines(self, width: int) -> Iterator[str]:
        """Format each row as one line without colours, which may be longer than the width."""
        names = max(
            (count_cells(row.name) for row in self.rows if isinstance(row, JobRow)), default=0
        )
        for row in self.rows:
            if isinstance(row, StepRow):
                seconds = max(0.0, self.now - row.since)
                yield f"  {self.style.running} {row.text}  {format_duration(float(int(seconds)))}"
            else:
                bar = self._draw_bar(row.fraction) if width >= _BAR_NEEDS else ""
                yield f"    {pad_to_width(row.name, names)}  {bar}{', '.join(row.words)}"

    def _draw_bar(self, fraction: float | None) -> str:
        if fraction is None:
            return " " * (_BAR + 7)
        full, empty = self.style.bar
        # Rounded down, to show 100% only when everything is done.
        done = int(fraction * _BAR)
        return f"{full * done}{empty * (_BAR - done)} {int(fraction * 100):3}%  "

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Render each row as one line, cut at the edge of the terminal."""
        from rich.text import Text

        for line in self.format_lines(options.max_width):
            text = Text(line, no_wrap=True, overflow="ellipsis", end="\n")
            # On Ctrl-C the terminal itself appends ^C to the last line, which must not wrap.
            text.truncate(max(1, options.max_width - len("^C")), overflow="ellipsis")
            yield text


def build_view(narrator: Narrator) -> LiveView:
    """Build the view of the running steps and the unfinished jobs."""
    steps = [
        StepRow(narrator.format_step(step.event), step.event.at)
        for step in narrator.running.values()
    ]
    jobs = [
        _make_job_row(name, progress, narrator.style)
        for name, progress in narrator.progress.items()
        if not progress.finished
    ]
    return LiveView(narrator.style, (*steps, *jobs))


def _make_job_row(name: str, progress: JobProgress, style: Style) -> JobRow:
    words = tuple(escape_line(word, style.encoding) for word in progress.describe())
    return JobRow(escape_line(name, style.encoding), words, progress.fraction)
