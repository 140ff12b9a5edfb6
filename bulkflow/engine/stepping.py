"""Runs one step, or asks one question, and tells the listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.engine.context import StepContext
from bulkflow.engine.evaluate import arguments_of, folder_of
from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow.model.event import StepFailed, StepFinished, StepStarted
from bulkflow.plugin.boundary import attributed
from bulkflow.plugin.flow import FlowSignal

if TYPE_CHECKING:
    from bulkflow.engine.frame import Frame
    from bulkflow.engine.services import Services
    from bulkflow.model.plan import PlannedStep, PlannedTest
    from bulkflow.plugin.context import Job
    from bulkflow.plugin.records import Condition, Step


def run_step(
    planned: PlannedStep, frame: Frame, services: Services, failure: BaseException | None = None
) -> None:
    """Run a step to its end.

    Raises:
        BulkflowError: it failed; told to the listeners already.
        FlowSignal: it says where to go on.
        RunInterruptedError: the user asked the run to stop.
    """
    services.cancellation.checkpoint()
    record = services.catalogue.step_by_phrase[planned.word]
    job = frame.jobs[planned.job] if planned.job else None
    context = StepContext(services, job, folder_of(planned.span), failure)
    text = " ".join(planned.span.text.split())
    job_key = job.key if job else None
    began = services.clock.monotonic()
    services.emit(StepStarted(planned.word, text, job_key, planned.span, services.clock.time()))
    try:
        if job is not None:
            services.prepare(job, context)
        arguments = _arguments(planned, record, frame, services, job)
        with attributed(record.provider, f"running `{text}`", signals=True):
            record.function(context, **arguments)
    except RunInterruptedError:
        raise
    except BulkflowError as error:
        services.emit(
            StepFailed(
                planned.word,
                text,
                job_key,
                planned.span,
                services.clock.time(),
                services.clock.monotonic() - began,
                error,
            )
        )
        raise
    except FlowSignal:
        _finished(planned, text, job_key, services, began)
        raise
    _finished(planned, text, job_key, services, began)


def ask(planned: PlannedTest, frame: Frame, services: Services) -> bool:
    """The answer to one question of a condition."""
    record = services.catalogue.condition_by_phrase[planned.word]
    job = frame.jobs[planned.job] if planned.job else None
    context = StepContext(services, job, folder_of(planned.span))
    arguments = _arguments(planned, record, frame, services, job)
    with attributed(record.provider, f"asking `{planned.span.text}`"):
        return bool(record.function(context, **arguments))


def _arguments(
    planned: PlannedStep | PlannedTest,
    record: Step | Condition,
    frame: Frame,
    services: Services,
    job: Job | None,
) -> dict[str, object]:
    phrase = next(each for each in record.phrases if each.text == planned.word)
    arguments = arguments_of(
        phrase, planned.arguments, frame.scope, services.environ, services.catalogue
    )
    if phrase.job_slot:
        arguments[phrase.job_slot] = job
    return arguments


def _finished(
    planned: PlannedStep, text: str, job: str | None, services: Services, began: float
) -> None:
    now = services.clock.monotonic()
    services.emit(
        StepFinished(planned.word, text, job, planned.span, services.clock.time(), now - began)
    )
