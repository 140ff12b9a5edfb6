"""Finds the later steps of a job from the file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import frozen

from bulkflow.model.plan import (
    HandlerEvent,
    PlannedAlways,
    PlannedChain,
    PlannedFor,
    PlannedParallel,
    PlannedWhen,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow.model.plan import Block, PlannedStep

Guards = tuple[int, ...]
"""The conditions and loops around a step, outermost first."""


@frozen
class _Sighting:
    """A step in file order; `job` identifies its job's declaration."""

    step: PlannedStep
    job: int
    guards: Guards


def find_steps_ahead(body: Block) -> Mapping[int, tuple[PlannedStep, ...]]:
    """Find the later steps of the same job for each step, keyed by the step's `id`.

    Only steps that run if nothing fails are included: no failure handlers, and nothing inside a
    condition or loop unless the step itself is inside it.
    """
    lives: dict[int, list[_Sighting]] = {}
    for each in _of_block(body, {}, ()):
        lives.setdefault(each.job, []).append(each)
    return {
        id(each.step): tuple(
            later.step
            for later in life[number:]
            if later.guards == each.guards[: len(later.guards)]
        )
        for life in lives.values()
        for number, each in enumerate(life, 1)
    }


def _of_block(block: Block, outer: Mapping[str, int], guards: Guards) -> Iterator[_Sighting]:
    jobs = {**outer, **{job.name: id(job) for job in block.jobs}}
    for statement in block.statements:
        match statement:
            case PlannedChain():
                yield from _of_chain(statement, jobs, guards)
            case PlannedFor() | PlannedWhen():
                yield from _of_block(statement.body, jobs, (*guards, id(statement)))
            case PlannedParallel() | PlannedAlways():
                yield from _of_block(statement.body, jobs, guards)
            case _:
                assert_never(statement)


def _of_chain(chain: PlannedChain, jobs: Mapping[str, int], guards: Guards) -> Iterator[_Sighting]:
    answers = (each.steps for each in chain.handlers if each.event is HandlerEvent.SUCCESS)
    for steps in (chain.steps, *answers):
        for step in steps:
            if step.job is not None and step.job in jobs:
                yield _Sighting(step, jobs[step.job], guards)
