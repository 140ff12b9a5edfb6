"""Runs one step without a pipeline."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.model.job_phase import Phase
from bulkflow.plugin.context import Job
from bulkflow.source import SourceText, Span
from bulkflow.testing.context import RecordingContext

if TYPE_CHECKING:
    from bulkflow.plugin.records import Step


def make_span(text: str) -> Span:
    """Make a place in a pipeline file with this text, for events that need one."""
    return Span(SourceText("test.bulkflow", text), 0, len(text))


def make_job(
    name: str = "rows",
    *,
    phase: Phase = Phase.DECLARED,
    folder: Path | None = None,
    **settings: object,
) -> Job:
    """Make a job as the engine would; `settings` are what its clauses would set."""
    return Job(name, name, settings, folder or Path(), phase=phase)


def run_step(
    step: Step,
    *,
    job: Job | None = None,
    context: RecordingContext | None = None,
    **slots: object,
) -> RecordingContext:
    """Call a step as the engine would, and return the context that it was called with.

    Args:
        step: A record from the `step` decorator.
        job: The step's job; also passed in the slot of type `job`.
        context: Your own context; without it, one whose folders are deleted afterwards.
        slots: The filled slots, converted: a duration in seconds, a size in bytes, a path as
            `Path`.

    Raises:
        TypeError: No phrase of the step has slots with these names.
        AssertionError: The job is not in a phase that the step accepts, or the step left it in
            another phase than it declares.
        Exception: Whatever the step raises.
    """
    if context is None:
        with (
            tempfile.TemporaryDirectory(prefix="bulkflow-") as directory,
            RecordingContext(Path(directory), Path(directory)) as made,
        ):
            return run_step(step, job=job, context=made, **slots)
    context.job = job
    phrase = next(
        (each for each in step.phrases if set(slots) <= {slot.name for slot in each.slots}), None
    )
    if phrase is None:
        texts = " nor ".join(f"`{each.text}`" for each in step.phrases)
        raise TypeError(f"neither {texts} has slots for {', '.join(slots)}")
    if job is not None and step.accepts is not None and job.phase not in step.accepts:
        raise AssertionError(f"{phrase.verb} does not accept a job that is {job.phase.value}")
    arguments = dict(slots)
    if phrase.job_slot is not None:
        arguments[phrase.job_slot] = job
    step.function(context, **arguments)
    if job is not None and step.leaves is not None and job.phase is not step.leaves:
        raise AssertionError(
            f"{phrase.verb} declares to leave a job {step.leaves.value}, but left it "
            f"{job.phase.value}"
        )
    return context
