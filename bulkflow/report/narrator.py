"""A run told in lines: what both the terminal and the plain report show of each event."""

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
from bulkflow.report.number_format import (
    describe_unread,
    format_duration,
    format_not_loaded,
    format_plural,
    format_size,
)
from bulkflow.report.progress import JobProgress, count_lost, describe_gain
from bulkflow.report.style import Role
from bulkflow.report.summary import render_summary
from bulkflow.report.text_width import escape_line, escape_lines, pad_to_width

if TYPE_CHECKING:
    from bulkflow.errors import BulkflowError
    from bulkflow.model.event import Event
    from bulkflow.report.style import Style
    from bulkflow.source import Span

_STEP_COLUMN: Final = 36
"""Where the seconds of a step stand, if its text is not longer."""


@frozen
class RunningStep:
    """A step that began, and how far its job was then."""

    event: StepStarted
    before: Progress | None


@define(eq=False, repr=False)
class Narrator:
    """Turns events into lines. Not thread-safe: its owner holds a lock.

    `announce` says whether a step's beginning is a line of its own.
    """

    style: Style
    verbose: bool = False
    announce: bool = False
    progress: dict[str, JobProgress] = Factory(dict)
    running: dict[tuple[object, ...], RunningStep] = Factory(dict)
    _held: list[str] = Factory(list)
    _sent: dict[str, int] = Factory(dict)
    """Bytes that an earlier attempt brought up, by job."""
    _failures: list[tuple[BulkflowError, Span]] = Factory(list)

    def lines(self, event: Event) -> list[str]:
        """The lines for an event; none for progress and for data, which are shown elsewhere."""
        match event:
            case JobPrepared():
                # Sources are read before the run starts; its heading comes first all the same.
                self._held += self._prepared(event)
                return []
            case RunStarted():
                heading = (
                    f"run {self._shown(event.run)} of {self._shown(event.pipeline)}"
                    f" against {self._shown(event.org)}"
                )
                return [self.style.paint(heading, Role.TITLE), *self._release()]
            case _:
                return [*self._release(), *self._during(event)]

    def _during(self, event: Event) -> list[str]:
        match event:
            case StepStarted():
                known = self.progress.get(event.job or "")
                self.running[_key(event)] = RunningStep(event, known.latest if known else None)
                line = f"  {self.style.running} {self.step_text(event)}"
                return [line] if self.announce else []
            case StepFinished():
                return [self._ended(event, self._mark(event))]
            case StepFailed():
                self._failures.append((event.error, event.span))
                line = self._ended(event, self.style.paint(self.style.failed, Role.ERROR))
                words = escape_lines(event.error.message, self.style.encoding)
                if self.verbose:
                    words = self._error(event.error, "error").splitlines()
                return [line, *(f"    {text}" for text in words)]
            case Progress():
                known = self.progress.get(event.job)
                if known is None:
                    self.progress[event.job] = JobProgress(event)
                else:
                    known.update(event)
                return []
            case Notice():
                return self._notice(event)
            case RunFinished():
                return self._finished(event)
            case Shown() | JobPrepared() | RunStarted():
                return []
            case _:
                assert_never(event)

    def step_text(self, event: StepStarted | StepFinished | StepFailed) -> str:
        """The step as written, and its job where the words do not name it."""
        text = self._shown(event.text)
        named = event.job is None or event.job in event.text.split()
        return text if named else f"{text} ({self._shown(event.job or '')})"

    def _mark(self, event: StepFinished) -> str:
        if event.counts is not None and event.counts.not_loaded:
            return self.style.paint(self.style.partly, Role.WARNING)
        return self.style.paint(self.style.done, Role.GOOD)

    def _ended(self, event: StepFinished | StepFailed, mark: str) -> str:
        began = self.running.pop(_key(event), None)
        words = [format_duration(event.seconds)]
        known = self.progress.get(event.job or "")
        before = began.before if began else None
        if known is not None:
            sent = self._sent.get(event.job or "", 0)
            words += describe_gain(before, known.latest, _sending(event, began, known), sent)
        told = self.style.paint(", ".join(words), Role.FAINT)
        if isinstance(event, StepFinished) and event.counts is not None:
            lost = event.counts.not_loaded
        else:
            lost = count_lost(before, known.latest) if known else {}
        for words_ in format_not_loaded(lost).values():
            told += self.style.paint(f", {words_}", Role.WARNING)
        text = pad_to_width(self.step_text(event), _STEP_COLUMN)
        return f"  {mark} {text}  {told}"

    def _prepared(self, event: JobPrepared) -> list[str]:
        manifest = event.manifest
        parts = format_plural(len(manifest.parts), "part")
        rows = format_plural(manifest.rows, "row")
        job = self._shown(event.job)
        up = f", {format_size(manifest.sent)} of it up already" if manifest.sent else ""
        amount = f"{format_size(manifest.bytes)}{describe_unread(manifest)}"
        self._sent[event.job] = manifest.sent
        return [
            f"  {job}: {rows} in {parts}, {amount}{up}",
            *(f"    note: {self._shown(note)}" for note in manifest.notes),
        ]

    def _notice(self, event: Notice) -> list[str]:
        if event.level is NoticeLevel.DETAIL and not self.verbose:
            return []
        lines = escape_lines(event.message, self.style.encoding)
        if lines and event.job and event.job not in event.message:
            lines[0] = f"{self._shown(event.job)}: {lines[0]}"
        lead = "  "
        if event.level is NoticeLevel.WARNING:
            lead = f"{self.style.paint('warning', Role.WARNING)}: "
        helped = escape_lines(event.help or "", self.style.encoding)
        return [
            *(f"{'  ' if index else lead}{line}" for index, line in enumerate(lines)),
            *(f"  {self.style.paint('help', Role.HELP)}: {line}" for line in helped),
        ]

    def _finished(self, event: RunFinished) -> list[str]:
        stopped = [
            f"  {self.style.paint(self.style.failed, Role.ERROR)} "
            f"{pad_to_width(self.step_text(step.event), _STEP_COLUMN)}  stopped"
            for step in self.running.values()
        ]
        self.running.clear()
        self.progress.clear()
        lines = list(stopped)
        told: set[str] = set()
        for error in event.errors:
            # Two jobs may read one file: what is wrong with it is told once.
            text = self._error(error, "also" if told else "error")
            if (what := text.partition(": ")[2]) not in told:
                lines += ["", *text.splitlines()]
                told.add(what)
        if event.errors:
            lines.append("")
        return [*lines, *render_summary(event, self.style)]

    def _error(self, error: BulkflowError, word: str) -> str:
        # Here, as most runs have nothing to point at.
        from bulkflow.report.failure import render_error

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

    def _shown(self, text: str) -> str:
        return escape_line(text, self.style.encoding)


def _key(event: StepStarted | StepFinished | StepFailed) -> tuple[object, ...]:
    return (event.job, event.step, event.span.source.name, event.span.start)


def _sending(
    event: StepFinished | StepFailed, began: RunningStep | None, known: JobProgress
) -> float:
    """The seconds from the beginning of a step to the last of its bytes: a load then waits."""
    if began is None or known.sent_at is None:
        return event.seconds
    return min(event.seconds, max(0.0, known.sent_at - began.event.at))
