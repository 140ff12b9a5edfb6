"""Turns events into lines of text, for both the terminal report and the plain report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from attrs import Factory, define, frozen

from bulkflow.model.event import (
    JobPrepared,
    Notice,
    NoticeLevel,
    Progress,
    RunFinished,
    RunStarted,
    Shown,
    StepFailed,
    StepFinished,
    StepStarted,
)
from bulkflow.report.runs.progress import JobProgress, count_lost, describe_gain
from bulkflow.report.runs.summary import render_summary
from bulkflow.report.text.escape import escape_line, escape_lines
from bulkflow.report.text.number_format import (
    describe_unread,
    format_duration,
    format_not_loaded,
    format_plural,
    format_size,
)
from bulkflow.report.text.style import Role
from bulkflow.report.text.text_width import pad_to_width

if TYPE_CHECKING:
    from bulkflow.errors import BulkflowError
    from bulkflow.model.event import Event
    from bulkflow.report.text.style import Style
    from bulkflow.source import Span

_STEP_COLUMN: Final = 36
"""The width of the text of a step, before its seconds."""


@frozen
class RunningStep:
    """A running step, and the progress of its job when the step began."""

    event: StepStarted
    before: Progress | None


@define(eq=False, repr=False)
class Narrator:
    """Turns events into lines. Not thread-safe: its owner holds a lock.

    Attributes:
        announce: Whether the beginning of a step has its own line.
    """

    style: Style
    verbose: bool = False
    announce: bool = False
    progress: dict[str, JobProgress] = Factory(dict)
    running: dict[tuple[object, ...], RunningStep] = Factory(dict)
    _held: list[str] = Factory(list)
    _sent: dict[str, int] = Factory(dict)
    """Bytes that an earlier attempt of the run sent, by job."""
    _failures: list[tuple[BulkflowError, Span]] = Factory(list)

    def narrate(self, event: Event) -> list[str]:
        """Make the lines for an event; none for progress and data, which are shown elsewhere."""
        match event:
            case JobPrepared():
                # Sources are read before the run starts, but its heading comes first.
                self._held += self._describe_prepared(event)
                return []
            case RunStarted():
                heading = (
                    f"run {self._escape(event.run)} of {self._escape(event.pipeline)}"
                    f" against {self._escape(event.org)}"
                )
                return [self.style.paint(heading, Role.TITLE), *self._release()]
            case _:
                return [*self._release(), *self._narrate_step(event)]

    def _narrate_step(self, event: Event) -> list[str]:
        match event:
            case StepStarted():
                known = self.progress.get(event.job or "")
                self.running[_get_key(event)] = RunningStep(event, known.latest if known else None)
                line = f"  {self.style.running} {self.format_step(event)}"
                return [line] if self.announce else []
            case StepFinished():
                return [self._end_step(event, self._choose_mark(event))]
            case StepFailed():
                self._failures.append((event.error, event.span))
                line = self._end_step(event, self.style.paint(self.style.failed, Role.ERROR))
                words = escape_lines(event.error.message, self.style.encoding)
                if self.verbose:
                    words = self._render_error(event.error, "error").splitlines()
                return [line, *(f"    {text}" for text in words)]
            case Progress():
                known = self.progress.get(event.job)
                if known is None:
                    self.progress[event.job] = JobProgress(event)
                else:
                    known.update(event)
                return []
            case Notice():
                return self._format_notice(event)
            case RunFinished():
                return self._finish(event)
            case Shown() | JobPrepared() | RunStarted():
                return []
            case _:
                assert_never(event)

    def format_step(self, event: StepStarted | StepFinished | StepFailed) -> str:
        """Format the step as written, with its job if the text does not name it."""
        text = self._escape(event.text)
        named = event.job is None or event.job in event.text.split()
        return text if named else f"{text} ({self._escape(event.job or '')})"

    def _choose_mark(self, event: StepFinished) -> str:
        if event.counts is not None and event.counts.not_loaded:
            return self.style.paint(self.style.partly, Role.WARNING)
        return self.style.paint(self.style.done, Role.GOOD)

    def _end_step(self, event: StepFinished | StepFailed, mark: str) -> str:
        began = self.running.pop(_get_key(event), None)
        words = [format_duration(event.seconds)]
        known = self.progress.get(event.job or "")
        before = began.before if began else None
        if known is not None:
            sent = self._sent.get(event.job or "", 0)
            words += describe_gain(
                before, known.latest, _measure_sending(event, began, known), sent
            )
        text = self.style.paint(", ".join(words), Role.FAINT)
        if isinstance(event, StepFinished) and event.counts is not None:
            lost = event.counts.not_loaded
        else:
            lost = count_lost(before, known.latest) if known else {}
        for rows in format_not_loaded(lost).values():
            text += self.style.paint(f", {rows}", Role.WARNING)
        step = pad_to_width(self.format_step(event), _STEP_COLUMN)
        return f"  {mark} {step}  {text}"

    def _describe_prepared(self, event: JobPrepared) -> list[str]:
        manifest = event.manifest
        parts = format_plural(len(manifest.parts), "part")
        rows = format_plural(manifest.rows, "row")
        job = self._escape(event.job)
        sent = f", {format_size(manifest.sent)} already sent" if manifest.sent else ""
        amount = f"{format_size(manifest.bytes)}{describe_unread(manifest)}"
        self._sent[event.job] = manifest.sent
        return [
            f"  {job}: {rows} in {parts}, {amount}{sent}",
            *(f"    note: {self._escape(note)}" for note in manifest.notes),
        ]

    def _format_notice(self, event: Notice) -> list[str]:
        if event.level is NoticeLevel.DETAIL and not self.verbose:
            return []
        lines = escape_lines(event.message, self.style.encoding)
        if lines and event.job and event.job not in event.message:
            lines[0] = f"{self._escape(event.job)}: {lines[0]}"
        lead = "  "
        if event.level is NoticeLevel.WARNING:
            lead = f"{self.style.paint('warning', Role.WARNING)}: "
        help_lines = escape_lines(event.help or "", self.style.encoding)
        return [
            *(f"{'  ' if index else lead}{line}" for index, line in enumerate(lines)),
            *(f"  {self.style.paint('help', Role.HELP)}: {line}" for line in help_lines),
        ]

    def _finish(self, event: RunFinished) -> list[str]:
        stopped = [
            f"  {self.style.paint(self.style.failed, Role.ERROR)} "
            f"{pad_to_width(self.format_step(step.event), _STEP_COLUMN)}  stopped"
            for step in self.running.values()
        ]
        self.running.clear()
        self.progress.clear()
        lines = list(stopped)
        shown: set[str] = set()
        for error in event.errors:
            # Two jobs may read one file, and report the same error in it.
            text = self._render_error(error, "also" if shown else "error")
            if (what := text.partition(": ")[2]) not in shown:
                lines += ["", *text.splitlines()]
                shown.add(what)
        if event.errors:
            lines.append("")
        return [*lines, *render_summary(event, self.style)]

    def _render_error(self, error: BulkflowError, word: str) -> str:
        # Imported here because most runs have no error to render.
        from bulkflow.report.errors.failure import render_error

        span = next((span for failed, span in self._failures if failed is error), None)
        return render_error(
            error,
            color=self.style.color,
            span=span,
            width=self.style.width,
            encoding=self.style.encoding,
            word=word,
        )

    def _release(self) -> list[str]:
        held, self._held = self._held, []
        return held

    def _escape(self, text: str) -> str:
        return escape_line(text, self.style.encoding)


def _get_key(event: StepStarted | StepFinished | StepFailed) -> tuple[object, ...]:
    return (event.job, event.step, event.span.source.name, event.span.start)


def _measure_sending(
    event: StepFinished | StepFailed, began: RunningStep | None, known: JobProgress
) -> float:
    """Measure the seconds until the last byte was sent; a load waits after that."""
    if began is None or known.sent_at is None:
        return event.seconds
    return min(event.seconds, max(0.0, known.sent_at - began.event.at))
