"""Runs one step on the jobs of an earlier run: abort, retry, undo, save."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from bulkflow import __version__
from bulkflow.app.plan_execution import execute_plan, ignore_services
from bulkflow.app.run_lookup import claim_run, find_run, make_no_run_error, open_journal_to_read
from bulkflow.app.runs import rebuild_plan
from bulkflow.app.state import get_state_options
from bulkflow.app.suspect_runs import refuse_suspect_run
from bulkflow.errors import UsageError
from bulkflow.model.job_key import get_job_name, is_derived
from bulkflow.model.plan import Block, PlannedChain, PlannedStep
from bulkflow.model.run_mode import RunMode
from bulkflow.model.value import Name, Text
from bulkflow.path_checks import is_folder
from bulkflow.source import SourceText, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from bulkflow.app.state import RunSelection
    from bulkflow.engine.run_state import Services
    from bulkflow.journal import RunRecord
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.history import JobHistory, RunSummary
    from bulkflow.model.plan import PlannedJob
    from bulkflow.model.value import Value
    from bulkflow.plugin.host import PluginHost
    from bulkflow.plugin.phrase import Phrase
    from bulkflow.plugin.registry import Catalogue


def run_step_on_jobs(
    choice: RunSelection,
    environ: Mapping[str, str],
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None] = ignore_services,
    *,
    mode: RunMode,
    rows: str | None = None,
    job: str | None = None,
    path: Path | None = None,
) -> RunFinished:
    """Run one step on every job of an earlier run that was divided into parts.

    Args:
        choice: Which run; the last unfinished one by default.
        environ: The environment variables.
        host: The plugins.
        listener: Receives every event.
        watch: See `run`.
        mode: The command, which chooses the step.
        rows: Which rows, for a command that resends or saves some.
        job: The only job to run it on; every job by default.
        path: Where to save rows, for a command that saves some: of one job.

    Raises:
        UsageError: There is no such run, or no such step.
        StateLockedError: Another process is using a run of the same file.
    """
    from bulkflow.journal import RunJournal

    ends = mode.ends_run
    with claim_run(choice, over=not ends) as (journal, record):
        if not ends:
            refuse_suspect_run(journal, record.summary.id)
        if rows is not None and not record.summary.jobs:
            raise _nothing_sent_error(record, choice, "resend" if path is None else "save")
        jobs = _choose_jobs(record.summary, job, alone=path is not None)
        request, plan = rebuild_plan(record, choice.directory, environ, host)
        recorder = RunJournal.resume(journal, record.summary.id, version=__version__, reopens=ends)
        step = _JobStep(host.catalogue, mode, rows, jobs, path)
        step.refuse_unfit(plan.body, record.summary.id)
        only = evolve(plan, body=step.run_on_each_job(plan.body))
        return execute_plan(
            request,
            only,
            host,
            listener,
            watch,
            record.summary.id,
            recorder,
            mode=mode,
            options=() if rows is None else ("--rows", rows),
        )


def _choose_jobs(run: RunSummary, job: str | None, *, alone: bool) -> frozenset[str]:
    """Return the keys of the jobs to run a step on. Raises `UsageError`."""
    keys = [key for key in run.jobs if not is_derived(key)] if alone else list(run.jobs)
    chosen = [key for key in keys if job is None or job in {key, get_job_name(key)}]
    if job is not None and not chosen:
        raise UsageError(f"run {run.id} has no job {job}", help=f"its jobs are {', '.join(keys)}")
    if alone and len(chosen) > 1:
        raise UsageError(
            f"run {run.id} has several jobs: {', '.join(chosen)}",
            help=f"name one: `--job {chosen[0]}`",
        )
    return frozenset(chosen)


def _nothing_sent_error(record: RunRecord, choice: RunSelection, verb: str) -> UsageError:
    """Build the error for a run that did not get as far as reading its rows."""
    run = record.summary
    words = [RunMode.RUN.continued_by, run.id, *get_state_options(choice.directory)]
    does = "continues it"
    if run.finished is not None:
        words, does = [RunMode.RUN.value, run.pipeline], "starts another"
    return UsageError(
        f"run {run.id} has sent no rows, so there are none to {verb}",
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
    from bulkflow.engine.preflight import iterate_jobs
    from bulkflow.journal import read_run_details

    if not is_folder(choice.directory):
        raise make_no_run_error(choice)
    with open_journal_to_read(choice.directory) as journal:
        record = find_run(journal, choice, failed=True, over=True)
        details = read_run_details(journal, record.summary.id)
    assert details is not None
    _, plan = rebuild_plan(record, choice.directory, environ, host)
    clauses = host.catalogue.clause_by_phrase
    operations = {
        job.name: (clause.span.text, clauses[clause.word].makes_records)
        for job in iterate_jobs(plan.body)
        for clause in job.clauses
        if clauses[clause.word].is_operation
    }
    found = []
    for key, history in details.jobs.items():
        if (name := get_job_name(key)) in operations and not is_derived(key):
            does, makes = operations[name]
            found.append(HandedOverJob(key, does, _count_handed_over(history), makes))
    return record.summary, found


def _count_handed_over(history: JobHistory) -> int:
    """Count the rows of the parts that were handed over, resent rows only once."""
    from bulkflow.model.history import IntentKind, IntentOutcome

    resent = {source.name for source in history.sources if source.origin is not None}
    return sum(
        part.part.rows
        for part in history.parts
        if part.part.source not in resent
        and any(
            intent.kind is IntentKind.HANDS_OVER and intent.outcome is not IntentOutcome.REFUSED
            for intent in part.intents
        )
    )


@frozen
class _JobStep:
    """The step that a command runs on jobs of an earlier run."""

    catalogue: Catalogue
    mode: RunMode
    rows: str | None
    jobs: frozenset[str]
    """The keys of the jobs that were divided into parts."""
    path: Path | None = None
    """Where the step saves rows."""

    def run_on_each_job(self, block: Block) -> Block:
        """Build a block with one chain for each of its jobs, inside the same loops."""
        jobs = [job for job in block.jobs if self._has_parts(job.name)]
        if self.mode.takes_last_job_first:
            jobs.reverse()
        chains = tuple([self._make_chain(job) for job in jobs if self._fits(job)])
        # Keep the numbers of all statements: the journal knows decisions by them.
        inner = tuple(
            evolve(statement, steps=(), handlers=())
            if isinstance(statement, PlannedChain)
            else evolve(statement, body=self.run_on_each_job(statement.body))
            for statement in block.statements
        )
        return evolve(block, statements=(*inner, *chains))

    def _fits(self, job: PlannedJob) -> bool:
        """Whether the command has a step for such a job, or for no job at all."""
        commands = [step.command for step in self.catalogue.list_steps(job.kind)]
        return self.mode in commands or all(
            step.command is not self.mode for step in self.catalogue.steps
        )

    def refuse_unfit(self, body: Block, run: str) -> None:
        """Raise `UsageError` if the command has no step for any job of the run."""
        from bulkflow.engine.preflight import iterate_jobs

        jobs = [job for job in iterate_jobs(body) if self._has_parts(job.name)]
        if jobs and not any(self._fits(job) for job in jobs):
            kinds = sorted({str(job.kind) for job in jobs})
            raise UsageError(
                f"`{self.mode.value}` has nothing to do for run {run}: it has only "
                f"{' and '.join(kinds)} jobs",
                help=f"`{shlex.join(['bulkflow', 'runs', run])}` shows the run",
            )

    def _has_parts(self, name: str) -> bool:
        return any(get_job_name(key) == name for key in self.jobs)

    def _make_chain(self, job: PlannedJob) -> PlannedChain:
        phrase, slot = self._find_phrase(job)
        to = [] if self.path is None else [f"to {self.path}"]
        words = [
            phrase.verb,
            *([f"{self.rows} rows of"] if self.rows else []),
            f"job {job.name}",
            *to,
        ]
        # A source text of its own, so messages quote the step and not the job.
        text = SourceText(phrase.verb, " ".join(words), job.span.source.path)
        span = Span(text, 0, len(text.text))
        arguments: dict[str, Value] = {slot: Name(self.rows, span)} if slot and self.rows else {}
        for each in phrase.slots:
            if each.type == "path" and self.path is not None:
                arguments[each.name] = Text((str(self.path),), span, given=True)
        step = PlannedStep(phrase.text, arguments, job.name, span, job.org, job.kind)
        return PlannedChain((step,), (), span)

    def _find_phrase(self, job: PlannedJob) -> tuple[Phrase, str | None]:
        """Find the step for a job, from the plugin that provides the job's clauses if it has one.

        Returns:
            The phrase, and its slot for rows.
        """
        clauses = self.catalogue.clause_by_phrase
        owners = {clauses[clause.word].provider for clause in job.clauses}
        steps = [step for step in self.catalogue.list_steps(job.kind) if step.command is self.mode]
        for step in sorted(steps, key=lambda step: step.provider not in owners):
            for phrase in step.phrases:
                if phrase.job_slot is not None:
                    return phrase, step.resends or step.saves
        raise UsageError(
            f"no plugin provides a step for `bulkflow {self.mode.value}`",
            help="`bulkflow plugins` shows what is installed",
        )
