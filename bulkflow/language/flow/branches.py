"""Walk the branches of a plan, and evaluate its conditions under assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from attrs import evolve

from bulkflow.model.plan import (
    PlannedAnd,
    PlannedChain,
    PlannedComparison,
    PlannedNot,
    PlannedOr,
    PlannedTest,
    PlannedTruth,
    PlannedWhen,
)
from bulkflow.model.value import Boolean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from bulkflow.model.plan import Block, Condition, PlannedJob, PlannedStep, Statement
    from bulkflow.plugin.registry import Catalogue


def iter_steps(statements: Iterable[Statement]) -> Iterator[PlannedStep]:
    """Yield every step in statements, including handlers and inner blocks."""
    for statement in statements:
        if isinstance(statement, PlannedChain):
            yield from statement.steps
            for handler in statement.handlers:
                yield from handler.steps
        else:
            yield from iter_steps(statement.body.statements)


def iter_jobs(block: Block) -> Iterator[PlannedJob]:
    """Yield every job that a block and its inner blocks declare."""
    yield from block.jobs
    for statement in block.statements:
        if not isinstance(statement, PlannedChain):
            yield from iter_jobs(statement.body)


def iter_whens(block: Block) -> Iterator[PlannedWhen]:
    """Yield every `when` in a block and its inner blocks."""
    for statement in block.statements:
        if isinstance(statement, PlannedWhen):
            yield statement
        if not isinstance(statement, PlannedChain):
            yield from iter_whens(statement.body)


def prune_to_job(block: Block, job: str, catalogue: Catalogue) -> Block:
    """Return a block with one job, its steps, and the steps that end a chain."""

    def select(steps: tuple[PlannedStep, ...]) -> tuple[PlannedStep, ...]:
        return tuple(
            step for step in steps if step.job == job or catalogue.get_step(step).ends_chain
        )

    statements: list[Statement] = []
    for statement in block.statements:
        if isinstance(statement, PlannedChain):
            steps = select(statement.steps)
            handlers = tuple(
                evolve(handler, steps=select(handler.steps)) for handler in statement.handlers
            )
            if steps or any(handler.steps for handler in handlers):
                statements.append(evolve(statement, steps=steps, handlers=handlers))
        else:
            body = prune_to_job(statement.body, job, catalogue)
            if body.statements or any(each.name == job for each in body.jobs):
                statements.append(evolve(statement, body=body))
    jobs = tuple(each for each in block.jobs if each.name == job)
    return evolve(block, statements=tuple(statements), jobs=jobs)


def iter_questions(condition: Condition) -> Iterator[str]:
    """Yield the atomic conditions of a condition, normalized, so that equal ones are equal."""
    match condition:
        case PlannedTruth(value=Boolean()):
            return
        case PlannedTest() | PlannedTruth():
            yield _normalize(condition.span.text)
        case PlannedComparison():
            yield _comparison(condition)
        case PlannedNot():
            yield from iter_questions(condition.operand)
        case PlannedAnd() | PlannedOr():
            for operand in condition.operands:
                yield from iter_questions(operand)
        case _:
            assert_never(condition)


def evaluate_condition(condition: Condition, assumed: Mapping[str, bool]) -> bool | None:
    """Return the value of a condition under assumptions about its atomic conditions.

    None means that the assumptions do not decide it.
    """
    match condition:
        case PlannedTruth(value=Boolean(truth=truth)):
            return truth
        case PlannedTest() | PlannedTruth():
            return assumed.get(_normalize(condition.span.text))
        case PlannedComparison():
            same = assumed.get(_comparison(condition))
            return None if same is None else same is condition.equal
        case PlannedNot():
            inner = evaluate_condition(condition.operand, assumed)
            return None if inner is None else not inner
        case PlannedAnd() | PlannedOr():
            decisive = isinstance(condition, PlannedOr)
            found = [evaluate_condition(operand, assumed) for operand in condition.operands]
            if decisive in found:
                return decisive
            return None if None in found else not decisive
        case _:
            assert_never(condition)


def _comparison(condition: PlannedComparison) -> str:
    return _normalize(f"{condition.left.span.text} is {condition.right.span.text}")


def _normalize(text: str) -> str:
    return " ".join(text.split())
