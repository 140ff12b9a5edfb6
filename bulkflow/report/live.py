"""What is drawn live: a frozen picture of the running steps and of the jobs under way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import evolve, frozen

from bulkflow.report.number_format import format_duration
from bulkflow.report.text_width import count_cells, escape_line, pad_to_width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console, ConsoleOptions, RenderResult

    from bulkflow.report.narrator import Narrator
    from bulkflow.report.progress import JobProgress
    from bulkflow.report.style import Style

_BAR: Final = 20
_BAR_NEEDS: Final = 100
"""Cells that a terminal must have before a bar takes some of them."""


@frozen
class StepRow:
    """A running step, and when it began."""

    text: str
    since: float


@frozen
class JobRow:
    """A job under way. `fraction` is None where no total is known."""

    name: str
    words: tuple[str, ...]
    fraction: float | None


Row: TypeAlias = StepRow | JobRow


@frozen
class LiveView:
    """The rows at a moment; rich draws it."""

    style: Style
    rows: tuple[Row, ...] = ()
    now: float = 0.0

    def at(self, now: float) -> LiveView:
        """The same rows at another moment."""
        return evolve(self, now=now)

    def lines(self, width: int) -> Iterator[str]:
        """Each row as one line, not painted, that may be longer than the width."""
        names = max(
            (count_cells(row.name) for row in self.rows if isinstance(row, JobRow)), default=0
        )
        for row in self.rows:
            if isinstance(row, StepRow):
                seconds = max(0.0, self.now - row.since)
                yield f"  {self.style.running} {row.text}  {format_duration(float(int(seconds)))}"
            else:
                bar = self._bar(row.fraction) if width >= _BAR_NEEDS else ""
                yield f"    {pad_to_width(row.name, names)}  {bar}{', '.join(row.words)}"

    def _bar(self, fraction: float | None) -> str:
        if fraction is None:
            return " " * (_BAR + 7)
        full, empty = self.style.bar
        # Rounded down: a bar is full, and says 100%, only when all is done.
        done = int(fraction * _BAR)
        return f"{full * done}{empty * (_BAR - done)} {int(fraction * 100):3}%  "

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Each row on one line of the terminal, cut at its edge."""
        from rich.text import Text

        for line in self.lines(options.max_width):
            text = Text(line, no_wrap=True, overflow="ellipsis", end="\n")
            # The terminal itself writes ^C behind the last line: it must not begin another.
            text.truncate(max(1, options.max_width - len("^C")), overflow="ellipsis")
            yield text


def build_view(narrator: Narrator) -> LiveView:
    """What the narrator knows to be under way. Jobs whose parts are all at an end are left out."""
    steps = [
        StepRow(narrator.step_text(step.event), step.event.at) for step in narrator.running.values()
    ]
    jobs = [
        _job_row(name, progress, narrator.style)
        for name, progress in narrator.progress.items()
        if not progress.finished
    ]
    return LiveView(narrator.style, (*steps, *jobs))


def _job_row(name: str, progress: JobProgress, style: Style) -> JobRow:
    words = tuple(escape_line(word, style.encoding) for word in progress.words())
    return JobRow(escape_line(name, style.encoding), words, progress.fraction)
