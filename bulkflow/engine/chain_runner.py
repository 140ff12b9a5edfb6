"""Runs a chain: its steps in order, then its handlers."""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow.engine.completion import leave_out_steps
from bulkflow.engine.step_runner import run_step
from bulkflow.errors import BulkflowError, RunInterruptedError, StepError
from bulkflow.model.event import Notice
from bulkflow.model.history import StepState
from bulkflow.model.plan import HandlerEvent
from bulkflow.plugin.control_flow import Continue, RetryStep, Stop

if TYPE_CHECKING:
    from bulkflow.engine.run_state import Services
    from bulkflow.engine.scope import Frame
    from bulkflow.model.plan import PlannedChain, PlannedStep

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0
"""In seconds. Pauses between retries double from one second up to this."""


class Halt(Exception):  # noqa: N818 - the errors are in `Services.errors`
    """A chain failed and no handler continued the flow."""


class ChainRunner:
    """Runs one chain."""

    def __init__(self, chain: PlannedChain, frame: Frame, services: Services) -> None:
        self._chain = chain
        self._frame = frame
        self._services = services
        self._retried: Counter[int] = Counter()

    def run(self) -> None:
        """Run the steps and the handlers of their outcome.

        Raises:
            Halt: The chain failed; the errors are in `Services.errors`.
            Stop: A step ends the run.
            RunInterruptedError: The user asked the run to stop.
        """
        cancellation = self._services.cancellation
        if self._services.find_earlier(self._place(0).place) is None:
            # A chain that no attempt has started needs no interruption handler.
            cancellation.checkpoint()
        came_before = cancellation.requested
        try:
            self._walk()
            if self._handler(HandlerEvent.INTERRUPT) and not came_before:
                # The last step may have succeeded after the request to stop, and the jobs that it
                # started keep running in the org.
                cancellation.checkpoint()
        except RunInterruptedError:
            self._handle_interruption()
            raise

    def _walk(self) -> None:
        at = 0
        while at < len(self._chain.steps):
            try:
                self._step(self._chain.steps[at], self._place(at), self._services)
            except RunInterruptedError:
                raise
            except BulkflowError as error:
                try:
                    again = self._handle_failure(error, at)
                except Halt:
                    leave_out_steps(self._chain.steps[at:], self._frame, self._services)
                    raise
                if not again:
                    return
            else:
                at += 1
        self._handle_success()

    def _place(self, at: int) -> Frame:
        """Build the place of a step for the current try."""
        return self._frame.at(f"{at}#{self._retried[at]}")

    def _step(self, step: PlannedStep, place: Frame, services: Services) -> None:
        """Run a step outside of a failure handler, where only `stop` may change the flow."""
        try:
            run_step(step, place, services)
        except (Continue, RetryStep) as signal:
            raise StepError(
                f"`{_text(step)}` is only valid in a failure handler",
                help="write it after `on failure`",
            ) from signal

    def _handle_failure(self, failure: BulkflowError, at: int) -> bool:
        """Run the failure handlers; returns whether to run the failed step again."""
        place = self._place(at)
        handler = self._handler(HandlerEvent.FAILURE)
        logger.info("`%s` failed; %d steps handle it", _text(self._chain.steps[at]), len(handler))
        try:
            for number, step in enumerate(handler):
                try:
                    run_step(step, place.at(f"failure {number}"), self._services, failure)
                except RetryStep as retry:
                    if self._retried[at] < retry.times:
                        self._pause(retry, at)
                        return True
        except Continue:
            return False
        except RunInterruptedError:
            self._services.errors.append(failure)
            raise
        except Stop:
            # The run ends here either way; `stop` does not turn the failure into a success.
            pass
        except BulkflowError as second:
            self._services.errors += [failure, second]
            self._halt(self._chain.steps[at], place)
            raise Halt from second
        self._services.errors.append(failure)
        self._halt(self._chain.steps[at], place)
        raise Halt from failure

    def _handle_success(self) -> None:
        for number, step in enumerate(self._handler(HandlerEvent.SUCCESS)):
            place = self._frame.at(f"success {number}")
            try:
                self._step(step, place, self._services)
            except RunInterruptedError:
                raise
            except BulkflowError as error:
                self._services.errors.append(error)
                self._halt(step, place)
                raise Halt from error

    def _handle_interruption(self) -> None:
        """Run the interruption handlers; another interruption ends them.

        Nothing of this is recorded as progress of the run, as with `always` after the flow has
        ended.
        """
        if self._services.cancellation.tolerates:
            # This chain already runs after an interruption, so this one ends everything.
            return
        steps = self._handler(HandlerEvent.INTERRUPT)
        if not steps:
            return
        try:
            with self._services.cancellation.shelter() as sheltered:
                services = evolve(self._services, cancellation=sheltered, is_progress=False)
                for number, step in enumerate(steps):
                    self._step(step, self._frame.at(f"interrupt {number}"), services)
        except (RunInterruptedError, Stop):
            # The run ends here either way.
            pass
        except BulkflowError as error:
            self._services.errors.append(error)

    def _halt(self, step: PlannedStep, place: Frame) -> None:
        """Record that no handler dealt with a failure, so `resume` runs the step again."""
        self._services.record(place.place, _text(step), StepState.HALTED, {})

    def _handler(self, event: HandlerEvent) -> list[PlannedStep]:
        return [
            step
            for handler in self._chain.handlers
            if handler.event is event
            for step in handler.steps
        ]

    def _pause(self, retry: RetryStep, at: int) -> None:
        seconds = retry.interval
        if seconds is None:
            seconds = min(LONGEST_PAUSE, 2.0 ** self._retried[at])
        self._retried[at] += 1
        text = _text(self._chain.steps[at])
        self._services.emit(
            Notice(f"retrying `{text}` in {seconds:g} s ({self._retried[at]} of {retry.times})")
        )
        self._services.cancellation.sleep(seconds)


def _text(step: PlannedStep) -> str:
    return " ".join(step.span.text.split())
