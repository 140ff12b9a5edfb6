"""Runs one step on the jobs of an earlier run: abort, retry, undo."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from bulkflow import __version__
from bulkflow.app.runs import (
    claim_run,
    execute_plan,
    find_run,
    ignore_services,
    make_no_run_error,
    open_journal_to_read,
    rebuild_plan,
)
from bulkflow.app.state import get_state_options
from bulkflow.app.suspect_runs import refuse_suspect_run
from bulkflow.errors import UsageError
from bulkflow.model.plan import Block, PlannedChain, PlannedStep
from bulkflow.model.value import Name
from bulkflow.source import SourceText, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow.app.state import RunSelection
    from bulkflow.engine.run_state import Services
    from bulkflow.journal import RunRecord
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.history import RunSummary
    from bulkflow.model.plan import PlannedJob
    from bulkflow.plugin.host import PluginHost
    from bulkflow.plugin.phrase import Phrase

GIVES_UP = "abort"
"""The step that ends a run for good."""

SENDS_ROWS = "retry"
"""The step that may leave failed rows."""

MAKES: Final = ("insert", "upsert")
"""The first words of clauses whose rows create records."""

TAKES_BACK = "undo"
"""The step that runs on the last job first, as records may depend on those of earlier jobs."""


def run_step_on_jobs(
    choice: RunSelection,
    environ: Mapping[str, str],
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None] = ignore_services,
    *,
    verb: str,
    words: Mapping[str, str] | None = None,
) -> RunFinished:
    """Run one step on every job of an earlier run that was divided into parts.

    Args:
        choice: Which run; the last unfinished one by default.
        environ: The environment variables.
        host: The plugins.
        listener: Receives every event.
        watch: See `run`.
        verb: The first word of the step.
        words: The step's other slots.

    Raises:
        UsageError: There is no such run, or no such step.
        StateLockedError: Another process is using a run of the same file.
    """
    from bulkflow.journal import RunJournal

    ends = verb == GIVES_UP
    with claim_run(choice, over=not ends) as (journal, record):
        if not ends:
            refuse_suspect_run(journal, record.summary.id)
        if verb == SENDS_ROWS and not record.summary.jobs:
            raise _nothing_sent_error(record, choice)
        request, plan = rebuild_plan(record, choice.directory, environ, host)
        recorder = RunJournal.resume(journal, record.summary.id, version=__version__, reopens=ends)
        phrase = _phrase(host, verb, frozenset(words or {}))
        step = _Step(phrase, words or {}, frozenset(record.summary.jobs))
        only = evolve(plan, body=step.on_each_job(plan.body))
        return execute_plan(
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
            continues_with=(verb, *_options(words or {})),
        )


def _nothing_sent_error(record: RunRecord, choice: RunSelection) -> UsageError:
    """Build the error for a run that did not get as far as reading its rows."""
    run = record.summary
    words = ["resume", run.id, *get_state_options(choice.directory)]
    does = "continues it"
    if run.finished is not None:
        words, does = ["run", run.pipeline], "starts another"
    return UsageError(
        f"run {run.id} has sent no rows, so there are none to resend",
        help=f"`{shlex.join(['bulkflow', *words])}` {does}",
    )


@frozen
class HandedOverJob:
    """What one job of a run handed over to an org.

    Attributes:
        job: The job's key.
        does: What the job does with its rows, as written: `insert Account`.
        rows: Rows of the parts that were handed over, including failed rows.
        makes: Whether the rows may have created records.
    """

    job: str
    does: str
    rows: int
    makes: bool


def list_handed_over(
    choice: RunSelection, environ: Mapping[str, str], host: PluginHost
) -> tuple[RunSummary, list[HandedOverJob]]:
    """Find a run, and what each of its jobs handed over to an org.

    Raises:
        UsageError: There is no such run.
        PipelineError: The run's file needs a plugin or a variable that is missing now.
    """
    from bulkflow.engine.completion import HANDS_OVER
    from bulkflow.engine.preflight import iterate_jobs
    from bulkflow.journal import read_run_details
    from bulkflow.model.history import IntentOutcome

    if not choice.directory.is_dir():
        raise make_no_run_error(choice)
    with open_journal_to_read(choice.directory) as journal:
        record = find_run(journal, choice, failed=True, over=True)
        story = read_run_details(journal, record.summary.id)
    assert story is not None
    _, plan = rebuild_plan(record, choice.directory, environ, host)
    clauses = host.catalogue.clause_by_phrase
    does = {
        job.name: clause.span.text
        for job in iterate_jobs(plan.body)
        for clause in job.clauses
        if "operation" in clauses[clause.word].sets
    }
    told = []
    for key, history in story.jobs.items():
        # A job that undoes another job has that job's key, followed by a word of its own.
        if (name := _name(key)) not in does or _TAKEN_BACK.search(key):
            continue
        repeated = {source.name for source in history.sources if source.origin is not None}
        rows = sum(
            part.part.rows
            for part in history.parts
            if part.part.source not in repeated
            and any(
                intent.action == HANDS_OVER and intent.outcome is not IntentOutcome.REFUSED
                for intent in part.intents
            )
        )
        told.append(HandedOverJob(key, does[name], rows, does[name].startswith(MAKES)))
    return record.summary, told


_TAKEN_BACK: Final = re.compile(rf":{TAKES_BACK}(?:#[0-9]+)?$")


def _name(key: str) -> str:
    """Get the job's name in the file from its key."""
    return re.split(r"[\[#]", key)[0]


@frozen
class _Step:
    """A step to run on jobs of an earlier run."""

    phrase: Phrase
    words: Mapping[str, str]
    jobs: frozenset[str]
    """The keys of the jobs that were divided into parts."""

    def on_each_job(self, block: Block) -> Block:
        """Build a block with one chain for each of its jobs, inside the same loops."""
        jobs = [job for job in block.jobs if self._got_far(job.name)]
        if self.phrase.verb == TAKES_BACK:
            jobs.reverse()
        chains = tuple(self._chain(job) for job in jobs)
        # Keep the numbers of all statements: the journal knows decisions by them.
        inner = tuple(
            evolve(statement, steps=(), handlers=())
            if isinstance(statement, PlannedChain)
            else evolve(statement, body=self.on_each_job(statement.body))
            for statement in block.statements
        )
        return evolve(block, statements=(*inner, *chains))

    def _got_far(self, name: str) -> bool:
        return any(_name(key) == name for key in self.jobs)

    def _chain(self, job: PlannedJob) -> PlannedChain:
        words = [self.phrase.verb, *self.words.values(), f"job {job.name}"]
        # A source text of its own, so messages quote the step and not the job.
        text = SourceText(self.phrase.verb, " ".join(words), job.span.source.path)
        span = Span(text, 0, len(text.text))
        arguments = {slot: Name(word, span) for slot, word in self.words.items()}
        step = PlannedStep(self.phrase.text, arguments, job.name, span, job.org)
        return PlannedChain((step,), (), span)


def _options(words: Mapping[str, str]) -> list[str]:
    """Format the step's other slots as options of the command."""
    return [
        option for slot, word in words.items() if slot == "selection" for option in ("--rows", word)
    ]


def _phrase(host: PluginHost, verb: str, slots: frozenset[str]) -> Phrase:
    for phrase in host.catalogue.step_words.phrases(verb):
        if phrase.job_slot is not None and slots <= {slot.name for slot in phrase.slots}:
            return phrase
    raise UsageError(
        f"no plugin provides the step `{verb}` for a job",
        help="`bulkflow plugins` shows what is installed",
    )
