"""Steps that are run on the jobs of an earlier run: giving up, sending again, taking back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow import __version__
from bulkflow.app.runs import again, chosen, journal_of, unwatched, work_on
from bulkflow.errors import UsageError
from bulkflow.model.plan import Block, PlannedChain, PlannedStep
from bulkflow.model.value import Name
from bulkflow.source import SourceText, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bulkflow.engine.services import Services
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.plan import PlannedJob
    from bulkflow.plugin.host import PluginHost
    from bulkflow.plugin.phrase import Phrase

GIVES_UP = "abort"
"""The step after which there is nothing to go on with."""

SENDS_ROWS = "retry"
"""The step that may be run afterwards and after which rows may still fail."""

TAKES_BACK = "undo"
"""The step that is run on the last job first, as records may hang on those of jobs before it."""


def afterwards(
    state_directory: Path,
    run_id: str | None,
    environ: Mapping[str, str],
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None] = unwatched,
    *,
    verb: str,
    words: Mapping[str, str] | None = None,
) -> RunFinished:
    """Run one step on every job of an earlier run that got so far as to be cut into parts.

    Args:
        state_directory: Where the run is kept.
        run_id: The run; the last one that is not over if it is not named.
        environ: The environment variables.
        host: The plugins.
        listener: Hears of everything that happens.
        watch: See `run`.
        verb: The first word of the step: `abort` gives the run up, `retry` sends rows again,
            `undo` deletes what they made.
        words: The step's other slots.

    Raises:
        UsageError: there is no such run, or no such step.
        StateLockedError: another process works with the state directory.
    """
    from bulkflow.journal import RunJournal

    with journal_of(state_directory) as journal:
        record = chosen(journal, run_id)
        request, plan = again(record, state_directory, environ, host)
        ends = verb == GIVES_UP
        recorder = RunJournal.go_on(journal, record.summary.id, version=__version__, reopens=ends)
        phrase = _phrase(host, verb, frozenset(words or {}))
        step = _Step(phrase, words or {}, frozenset(record.summary.jobs))
        only = evolve(plan, body=step.on_each_job(plan.body))
        return work_on(
            request,
            only,
            host,
            listener,
            watch,
            record.summary.id,
            recorder,
            replays=False,
            asks_for_answers=verb == SENDS_ROWS,
            ends=ends,
            gives_up=ends,
            goes_on_with=" ".join(["bulkflow", verb, record.summary.id, *_options(words or {})]),
        )


@frozen
class _Step:
    """A step that is run on jobs of an earlier run."""

    phrase: Phrase
    words: Mapping[str, str]
    jobs: frozenset[str]
    """The jobs that got so far, by their keys."""

    def on_each_job(self, block: Block) -> Block:
        """A block with a chain for each of its jobs, and its loops around the same."""
        jobs = [job for job in block.jobs if self._got_far(job.name)]
        if self.phrase.verb == TAKES_BACK:
            jobs.reverse()
        chains = tuple(self._chain(job) for job in jobs)
        # Every statement keeps its number, by which the journal knows what was decided there.
        inner = tuple(
            evolve(statement, steps=(), handlers=())
            if isinstance(statement, PlannedChain)
            else evolve(statement, body=self.on_each_job(statement.body))
            for statement in block.statements
        )
        return evolve(block, statements=(*inner, *chains))

    def _got_far(self, name: str) -> bool:
        return any(re.split(r"[\[#]", key)[0] == name for key in self.jobs)

    def _chain(self, job: PlannedJob) -> PlannedChain:
        words = [self.phrase.verb, *self.words.values(), f"job {job.name}"]
        # A text of its own, so that what is told of the step is the step, and not the job.
        text = SourceText(self.phrase.verb, " ".join(words), job.span.source.path)
        span = Span(text, 0, len(text.text))
        arguments = {slot: Name(word, span) for slot, word in self.words.items()}
        step = PlannedStep(self.phrase.text, arguments, job.name, span, job.org)
        return PlannedChain((step,), (), span)


def _options(words: Mapping[str, str]) -> list[str]:
    """The step's other slots as the command has them."""
    return [f"--rows {word}" for slot, word in words.items() if slot == "selection"]


def _phrase(host: PluginHost, verb: str, slots: frozenset[str]) -> Phrase:
    for phrase in host.catalogue.step_words.phrases(verb):
        if phrase.job_slot is not None and slots <= {slot.name for slot in phrase.slots}:
            return phrase
    raise UsageError(
        f"no plugin brings the step `{verb}` for a job",
        help="`bulkflow plugins` shows what is installed",
    )
