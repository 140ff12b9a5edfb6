"""What a run of a plan would do, without doing it: jobs, parts, bytes, rows, API calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import Factory, define, frozen

from bulkflow.engine.frame import Frame
from bulkflow.engine.preflight import prepare_jobs
from bulkflow.engine.walk import iterations
from bulkflow.model.plan import (
    PlannedAlways,
    PlannedChain,
    PlannedFor,
    PlannedParallel,
    PlannedWhen,
)
from bulkflow.plugin.boundary import attributed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.engine.services import Services
    from bulkflow.errors import BulkflowError
    from bulkflow.model.part import Manifest
    from bulkflow.model.plan import Block, Plan, PlannedStep, Statement


@frozen
class JobForecast:
    """A job and what its source comes to; no manifest where that is not known before the run."""

    job: str
    settings: Mapping[str, object]
    manifest: Manifest | None


@frozen
class StepForecast:
    """A line of the plan. `requests` are the API calls at the least, None where nobody can tell."""

    depth: int
    text: str
    job: str | None = None
    requests: int | None = 0


@define
class Forecast:
    """All that a run would do. `requests` adds up the calls that are known."""

    pipeline: str
    org: str | None
    jobs: list[JobForecast] = Factory(list)
    steps: list[StepForecast] = Factory(list)
    errors: list[BulkflowError] = Factory(list)

    @property
    def requests(self) -> int:
        """API calls at the least; waiting takes more, and handlers are not counted."""
        return sum(step.requests or 0 for step in self.steps)

    @property
    def rows(self) -> int:
        """Rows of all jobs whose source is known."""
        return sum(job.manifest.rows for job in self.jobs if job.manifest)

    @property
    def bytes(self) -> int:
        """Bytes of all parts, headers included."""
        return sum(job.manifest.bytes for job in self.jobs if job.manifest)


def forecast(plan: Plan, services: Services) -> Forecast:
    """Read the sources of a plan's jobs and list what its steps would do. Sends nothing."""
    made = Forecast(plan.source.name, services.org_name)
    try:
        frame = Frame(plan.parameters, {}).enter(plan.body, services)
        made.errors += prepare_jobs(plan.body, frame, services)
        _Forecaster(made, services).block(plan.body, frame, 0)
    finally:
        made.errors += services.shared.close()
    made.jobs = [JobForecast(job.key, job.settings, job.manifest) for job in services.jobs]
    return made


class _Forecaster:
    def __init__(self, made: Forecast, services: Services) -> None:
        self._made = made
        self._services = services

    def block(self, block: Block, frame: Frame, depth: int) -> None:
        for statement in block.statements:
            self._statement(statement, frame, depth)

    def _statement(self, statement: Statement, frame: Frame, depth: int) -> None:
        match statement:
            case PlannedChain():
                for step in statement.steps:
                    self._step(step, frame, depth)
                for handler in statement.handlers:
                    self._title(f"on {handler.event.value}", depth)
                    for step in handler.steps:
                        self._step(step, frame, depth + 1, counted=False)
            case PlannedParallel():
                self._title("side by side", depth)
                self._inner(statement.body, frame, depth)
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
        for inner in iterations(loop, frame, self._services):
            empty = False
            self._title(f"{loop.variable} {inner.iteration}", depth)
            self._entered(loop.body, inner, depth)
        if empty:
            self._title(f"{_first_line(loop.span.text)} (matches no file now)", depth)

    def _inner(self, block: Block, frame: Frame, depth: int) -> None:
        self._entered(block, frame.enter(block, self._services), depth)

    def _entered(self, block: Block, frame: Frame, depth: int) -> None:
        self._made.errors += prepare_jobs(block, frame, self._services)
        self.block(block, frame, depth + 1)

    def _step(self, step: PlannedStep, frame: Frame, depth: int, *, counted: bool = True) -> None:
        record = self._services.catalogue.step_by_phrase[step.word]
        job = frame.jobs[step.job] if step.job else None
        requests: int | None = 0
        if record.requests is not None and counted:
            manifest = job.manifest if job else None
            with attributed(record.provider, f"counting the requests of `{step.word}`"):
                requests = record.requests(manifest) if manifest else None
        text = " ".join(step.span.text.split())
        self._made.steps.append(StepForecast(depth, text, job.key if job else None, requests))

    def _title(self, text: str, depth: int) -> None:
        self._made.steps.append(StepForecast(depth, text))


def _first_line(text: str) -> str:
    return " ".join(text.partition("\n")[0].split())
