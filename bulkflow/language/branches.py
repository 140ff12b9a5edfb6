"""What a plan holds on its branches, and which of them are taken under assumptions."""

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

    from bulkflow.model.plan import Block, Condition, PlannedStep, Statement
    from bulkflow.plugin.registry import Catalogue


def steps_of(statements: Iterable[Statement]) -> Iterator[PlannedStep]:
    """Every step in statements, those of handlers and inner blocks included."""
    for statement in statements:
        if isinstance(statement, PlannedChain):
            yield from statement.steps
            for handler in statement.handlers:
                yield from handler.steps
        else:
            yield from steps_of(statement.body.statements)


def whens_of(block: Block) -> Iterator[PlannedWhen]:
    """Every `when` in a block and in the blocks in it."""
    for statement in block.statements:
        if isinstance(statement, PlannedWhen):
            yield statement
        if not isinstance(statement, PlannedChain):
            yield from whens_of(statement.body)


def pruned_to(block: Block, job: str, catalogue: Catalogue) -> Block:
    """A block with what matters to one job: it, its steps, and those that end the flow."""

    def kept(steps: tuple[PlannedStep, ...]) -> tuple[PlannedStep, ...]:
        return tuple(
            step
            for step in steps
            if step.job == job or catalogue.step_by_phrase[step.word].ends_chain
        )

    statements: list[Statement] = []
    for statement in block.statements:
        if isinstance(statement, PlannedChain):
            steps = kept(statement.steps)
            handlers = tuple(
                evolve(handler, steps=kept(handler.steps)) for handler in statement.handlers
            )
            if steps or any(handler.steps for handler in handlers):
                statements.append(evolve(statement, steps=steps, handlers=handlers))
        else:
            body = pruned_to(statement.body, job, catalogue)
            if body.statements or any(each.name == job for each in body.jobs):
                statements.append(evolve(statement, body=body))
    jobs = tuple(each for each in block.jobs if each.name == job)
    return evolve(block, statements=tuple(statements), jobs=jobs)


def questions_of(condition: Condition) -> Iterator[str]:
    """The questions that a condition is made of; one that is asked twice is the same twice."""
    match condition:
        case PlannedTruth(value=Boolean()):
            return
        case PlannedTest() | PlannedTruth():
            yield _spelled(condition.span.text)
        case PlannedComparison():
            yield _comparison(condition)
        case PlannedNot():
            yield from questions_of(condition.operand)
        case PlannedAnd() | PlannedOr():
            for operand in condition.operands:
                yield from questions_of(operand)
        case _:
            assert_never(condition)


def truth_of(condition: Condition, assumed: Mapping[str, bool]) -> bool | None:
    """Whether a condition holds, if its questions are answered so; None where that leaves it open.

    A question that is not among the `assumed` may have either answer.
    """
    match condition:
        case PlannedTruth(value=Boolean(truth=truth)):
            return truth
        case PlannedTest() | PlannedTruth():
            return assumed.get(_spelled(condition.span.text))
        case PlannedComparison():
            same = assumed.get(_comparison(condition))
            return None if same is None else same is condition.equal
        case PlannedNot():
            inner = truth_of(condition.operand, assumed)
            return None if inner is None else not inner
        case PlannedAnd() | PlannedOr():
            decisive = isinstance(condition, PlannedOr)
            found = [truth_of(operand, assumed) for operand in condition.operands]
            if decisive in found:
                return decisive
            return None if None in found else not decisive
        case _:
            assert_never(condition)


def _comparison(condition: PlannedComparison) -> str:
    return _spelled(f"{condition.left.span.text} is {condition.right.span.text}")


def _spelled(text: str) -> str:
    return " ".join(text.split())
