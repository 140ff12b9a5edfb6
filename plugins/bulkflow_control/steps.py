"""The steps that control a run: retry, continue, stop, fail, log, pause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import StepError
from bulkflow.plugin import Continue, RetryStep, Step, Stop, step

if TYPE_CHECKING:
    from bulkflow.plugin import Context


@step("retry [{n:count}] times [every {interval:duration}]", "retry", retries=True)
def retry(context: Context, n: int = 1, interval: float | None = None) -> None:
    """In a handler: run the failed step again, then the rest of its chain.

    The pauses grow from one second unless `every` sets them. If the step still fails after all
    tries, the handler continues with its next step.
    """
    raise RetryStep(n, interval)


@step("continue", ends_chain=True, resumes=True)
def continue_(context: Context) -> None:
    """In a handler: continue after the chain, as if it had not failed."""
    raise Continue


@step("stop", ends_chain=True, stops=True)
def stop(context: Context) -> None:
    """End the run here; `always` blocks still run."""
    raise Stop


@step("fail {message:text}", ends_chain=True)
def fail(context: Context, message: str) -> None:
    """Fail the chain with a message."""
    raise StepError(message)


@step("log {message:value}")
def log(context: Context, message: str) -> None:
    """Write a message into the run's log."""
    from bulkflow.model.event import Notice

    context.emit(Notice(message))


@step("pause {time:duration}")
def pause(context: Context, time: float) -> None:
    """Wait for the given time."""
    context.sleep(time)


STEPS: tuple[Step, ...] = (retry, continue_, stop, fail, log, pause)
