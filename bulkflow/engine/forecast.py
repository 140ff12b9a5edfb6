"""Forecasts a run without running it: jobs, parts, bytes, rows, API calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import evolve

from bulkflow.engine.inspection import Inspector
from bulkflow.engine.preflight import find_jobs_to_read
from bulkflow.engine.scope import Frame
from bulkflow.engine.walk import iterate_loop
from bulkflow.model.forecast import Forecast, JobForecast, LineKind, StepForecast
from bulkflow.model.job_phase import Phase
from bulkflow.model.plan import (
    PlannedAlways,
    PlannedChain,
    PlannedFor,
    PlannedParallel,
    PlannedWhen,
)
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.messages import Load

if TYPE_CHECKING:
    from bulkflow.engine.run_state import Services
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.model.plan import Block, Plan, PlannedStep, Statement
    from bulkflow.plugin.context import Job
    from bulkflow.plugin.records import Step

_HANDED_OVER = frozenset({Phase.CLOSED, Phase.FINISHED})


def forecast(plan: Plan, services: Services, *, ask_org: bool = False) -> Forecast:
    """Read the sources of a plan's jobs and list what its steps would do.

    Args:
        plan: A checked file.
        services: Those of a run; its journal takes no intents.
        ask_org: Whether plugins may check the jobs against the org with read-only requests.
    """
    return _forecast(plan, services, read=True, ask_org=ask_org)


def check_sources(plan: Plan, services: Services) -> list[Diagnostic]:
    """Check the sources of a plan's jobs, reading only their first rows."""
    return _forecast(plan, services, read=False, ask_org=False).diagnostics


def _forecast(plan: Plan, services: Services, *, read: bool, ask_org: bool) -> Forecast:
    made = Forecast(plan.source.name, services.orgs)
    inspector = Inspector(services)
    try:
        frame = Frame(plan.parameters, {}).enter(plan.body, services)
        forecaster = _Forecaster(made, services, inspector, read=read)
        forecaster.entered(plan.body, frame, 0)
        if ask_org:
            inspector.inspect_orgs(plan, forecaster.loads, forecaster.reads, made)
    finally:
        made.errors += [*inspector.errors, *services.shared.close()]
    made.diagnostics += inspector.found
    made.jobs = [
        JobForecast(job.key, job.settings, job.manifest, inspector.list_clauses(job), job.org)
        for job in services.jobs
    ]
    return made


class _Forecaster:
    def __init__(
        self, made: Forecast, services: Services, inspector: Inspector, *, read: bool
    ) -> None:
        self._made = made
        self._services = services
        self._inspector = inspector
        self._read = read
        self._processed: frozenset[str] = frozenset()
        """The keys of the jobs that are processed by now."""
        self.loads: list[Load] = []
        self.reads: list[Job] = []

    def entered(self, block: Block, frame: Frame, depth: int) -> None:
        """Check the sources of a block and list its statements."""
        self._look(block, frame)
        self.block(block, frame, depth)

    def _look(self, block: Block, frame: Frame) -> None:
        for each in block.jobs:
            self._inspector.note_job(each, frame.jobs[each.name])
        for planned, job in find_jobs_to_read(block, frame, self._services):
            self._inspector.inspect_source(planned, job, read=self._read)

    def block(self, block: Block, frame: Frame, depth: int) -> None:
        for statement in block.statements:
            self._statement(statement, frame, depth)

    def _statement(self, statement: Statement, frame: Frame, depth: int) -> None:
        match statement:
            case PlannedChain():
                for number, step in enumerate(statement.steps):
                    self._step(step, frame, depth, first=number == 0)
                for handler in statement.handlers:
                    self._title(f"on {handler.event.value}", depth, LineKind.HANDLER)
                    for number, step in enumerate(handler.steps):
                        self._step(step, frame, depth + 1, first=number == 0, handled=True)
            case PlannedParallel():
                self._title("in parallel", depth)
                self._branches(statement.body, frame, depth)
            case PlannedFor():
                self._loop(statement, frame, depth)
            case PlannedWhen():
                self._title(_first_line(statement.span.text), depth)
                self._inner(statement.body, frame, depth)
            case PlannedAlways():
                self._title("always", depth)
                self._inner(statement.body, frame, depth)
            case _:
                assert_never(statement)

    def _loop(self, loop: PlannedFor, frame: Frame, depth: int) -> None:
        empty = True
        for inner in iterate_loop(loop, frame, self._services):
            empty = False
            self._title(f"{loop.variable} {inner.iteration}", depth)
            self.entered(loop.body, inner, depth + 1)
        if empty:
            self._title(f"{_first_line(loop.span.text)} (matches no file now)", depth)

    def _branches(self, body: Block, frame: Frame, depth: int) -> None:
        inner = frame.enter(body, self._services)
        self._look(body, inner)
        before = self._processed
        after = before
        for branch in body.statements:
            self._processed = before
            self._statement(branch, inner, depth + 1)
            after |= self._processed
        self._processed = after

    def _inner(self, block: Block, frame: Frame, depth: int) -> None:
        self.entered(block, frame.enter(block, self._services), depth + 1)

    def _step(
        self, step: PlannedStep, frame: Frame, depth: int, *, first: bool, handled: bool = False
    ) -> None:
        record = self._services.catalogue.get_step(step)
        job = frame.jobs[step.job] if step.job else None
        requests: int | None = 0
        each = 0
        if not handled:
            requests, each = self._requests(step, record, job)
            self._follow(record, job)
        text = " ".join(step.span.text.split())
        kind = LineKind.STEP if first else LineKind.THEN
        org = step.org or (job.org if job else None)
        self._made.steps.append(
            StepForecast(depth, text, job.key if job else None, requests, kind, org, each)
        )

    def _requests(self, step: PlannedStep, record: Step, job: Job | None) -> tuple[int | None, int]:
        """Count the calls for the known parts of a job, and for each part that is read later."""
        if record.requests is None:
            return 0, 0
        manifest = job.manifest if job else None
        if manifest is None:
            return None, 0
        with attribute_errors(record.provider, f"counting the requests of `{step.word}`"):
            known = record.requests(manifest)
            one = evolve(manifest, parts=manifest.parts[:1])
            return known, record.requests(one) if manifest.more else 0

    def _follow(self, record: Step, job: Job | None) -> None:
        """Note when a job's rows are handed over, and when they are processed."""
        if job is None:
            return
        if record.only_reads:
            if all(read is not job for read in self.reads):
                self.reads.append(job)
        elif record.leaves in _HANDED_OVER and all(load.job is not job for load in self.loads):
            self.loads.append(Load(job, self._processed))
        if record.leaves is Phase.FINISHED:
            self._processed |= {job.key}

    def _title(self, text: str, depth: int, kind: LineKind = LineKind.BLOCK) -> None:
        self._made.steps.append(StepForecast(depth, text, kind=kind))


def _first_line(text: str) -> str:
    return " ".join(text.partition("\n")[0].split())
