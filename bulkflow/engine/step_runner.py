"""Runs one step or asks one question, and notifies the listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field

from bulkflow.engine.context import StepContext
from bulkflow.engine.evaluate import evaluate_arguments, get_folder
from bulkflow.engine.replay import (
    describe_failure,
    describe_signal,
    rebuild_failure,
    rebuild_signal,
    restore,
    take_snapshot,
)
from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow.model.event import Notice, NoticeLevel, StepFailed, StepFinished, StepStarted
from bulkflow.model.history import StepState
from bulkflow.model.job_phase import Phase
from bulkflow.plugin.control_flow import FlowSignal
from bulkflow.plugin.error_boundary import attribute_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.engine.run_state import Services
    from bulkflow.engine.scope import Frame
    from bulkflow.model.plan import PlannedStep, PlannedTest
    from bulkflow.plugin.context import Job
    from bulkflow.plugin.records import Condition, Step


_ENDS: Final = frozenset({Phase.FINISHED, Phase.ABORTED})
"""The phases of a job whose rows are processed or abandoned."""


def run_step(
    planned: PlannedStep, frame: Frame, services: Services, failure: BaseException | None = None
) -> None:
    """Run a step to its end, unless an earlier attempt did; `frame` is its place.

    Raises:
        BulkflowError: The step failed; the listeners were notified.
        FlowSignal: The step changes the flow.
        RunInterruptedError: The user asked the run to stop.
    """
    record = services.catalogue.get_step(planned)
    job = frame.jobs[planned.job] if planned.job else None
    turn = _Turn(planned, frame.place, services, job, record)
    if turn.was_done():
        return
    # Not earlier: a replayed step restores its job, and the interruption handlers need the job in
    # that state.
    services.cancellation.checkpoint()
    context = StepContext(
        services,
        job,
        get_folder(planned.span),
        failure,
        planned.org,
        steps_ahead=services.get_steps_ahead(planned),
    )
    turn.begin()
    try:
        if job is not None and services.is_unreadable(job) and _works_on_ended_jobs(record):
            # What a handler chose to continue after: there is nothing to save, judge or resend.
            message = f"job {job.name} has no rows, so `{turn.text}` has nothing to do"
            services.emit(Notice(message, NoticeLevel.WARNING, job=job.key))
            turn.finish()
            return
        if job is not None:
            services.prepare(job, context)
        arguments = _arguments(planned, record, frame, services, job)
        _judge(record, arguments, job)
        with attribute_errors(record.provider, f"running `{turn.text}`", signals=True):
            record.function(context, **arguments)
    except RunInterruptedError:
        raise
    except BulkflowError as error:
        turn.fail(error)
        raise
    except FlowSignal as signal:
        turn.finish(signal)
        raise
    turn.finish()


def _works_on_ended_jobs(record: Step) -> bool:
    return record.accepts is not None and Phase.FINISHED in record.accepts


@define(eq=False, repr=False)
class _Turn:
    """One execution of a step, as the journal and the listeners see it."""

    _planned: PlannedStep
    _place: str
    _services: Services
    _job: Job | None
    _record: Step
    text: str = field(init=False)
    _began: float = field(init=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        self.text = " ".join(self._planned.span.text.split())

    @property
    def _job_key(self) -> str | None:
        return self._job.key if self._job else None

    def was_done(self) -> bool:
        """Whether an earlier attempt finished the step; raises what the step raised then."""
        earlier = self._services.find_earlier(self._place)
        if earlier is None or earlier.state in {StepState.STARTED, StepState.HALTED}:
            return False
        if self._job is not None and "job" in earlier.detail:
            settled = self._services.journal.find_counts_since(self._job.key, earlier)
            if settled is not None and earlier.state is StepState.FAILED:
                # A retry may have done what the step could not.
                return False
            restore(self._job, earlier.detail["job"])
            self._job.counts = settled or self._job.counts
        self._services.emit(
            Notice(f"`{self.text}` was already done", NoticeLevel.DETAIL, self._job_key)
        )
        if earlier.state is StepState.FAILED:
            raise rebuild_failure(earlier.detail)
        if "signal" in earlier.detail:
            raise rebuild_signal(earlier.detail["signal"])
        return True

    def begin(self) -> None:
        self._began = self._services.clock.monotonic()
        self._services.record(self._place, self.text, StepState.STARTED, {})
        self._services.emit(
            StepStarted(
                self._planned.word,
                self.text,
                self._job_key,
                self._planned.span,
                self._services.clock.time(),
            )
        )

    def finish(self, signal: FlowSignal | None = None) -> None:
        detail = take_snapshot(self._job)
        if signal is not None:
            detail["signal"] = describe_signal(signal)
        self._services.record(self._place, self.text, StepState.FINISHED, detail)
        ended = self._job if self._record.leaves in _ENDS else None
        self._services.emit(
            StepFinished(
                self._planned.word,
                self.text,
                self._job_key,
                self._planned.span,
                self._services.clock.time(),
                self._services.clock.monotonic() - self._began,
                ended.counts if ended is not None else None,
            )
        )

    def fail(self, error: BulkflowError) -> None:
        detail = {**take_snapshot(self._job), **describe_failure(error)}
        self._services.record(self._place, self.text, StepState.FAILED, detail)
        self._services.emit(
            StepFailed(
                self._planned.word,
                self.text,
                self._job_key,
                self._planned.span,
                self._services.clock.time(),
                self._services.clock.monotonic() - self._began,
                error,
            )
        )


def ask(planned: PlannedTest, frame: Frame, services: Services) -> bool:
    """Ask one question of a condition."""
    record = services.catalogue.condition_by_phrase[planned.word]
    job = frame.jobs[planned.job] if planned.job else None
    context = StepContext(services, job, get_folder(planned.span), org=planned.org)
    arguments = _arguments(planned, record, frame, services, job)
    with attribute_errors(record.provider, f"asking `{planned.span.text}`"):
        return bool(record.function(context, **arguments))


def note_judged_rows(planned: PlannedTest, frame: Frame, services: Services) -> None:
    """Note which rows a question judges, whether or not it has to be asked.

    A condition stops asking as soon as its answer is known, and a resumed run does not ask again.
    """
    record = services.catalogue.condition_by_phrase[planned.word]
    if record.judges is None or planned.job is None:
        return
    # Only this slot: the others may hold wrong values that would never be evaluated.
    slot = evolve(planned, arguments={record.judges: planned.arguments[record.judges]})
    job = frame.jobs[planned.job]
    _judge(record, _arguments(slot, record, frame, services, job), job)


def _judge(record: Step | Condition, arguments: Mapping[str, object], job: Job | None) -> None:
    """Note how many of a job's rows a step or condition judges, whatever its answer."""
    if record.judges is not None and job is not None:
        kind = str(arguments[record.judges])
        job.judged[kind] = job.counts.not_loaded.get(kind, 0)


def _arguments(
    planned: PlannedStep | PlannedTest,
    record: Step | Condition,
    frame: Frame,
    services: Services,
    job: Job | None,
) -> dict[str, object]:
    phrase = next(each for each in record.phrases if each.text == planned.word)
    arguments = evaluate_arguments(
        phrase, planned.arguments, frame.scope, services.environ, services.catalogue
    )
    if phrase.job_slot:
        arguments[phrase.job_slot] = job
    return arguments
