"""Reads the jobs' sources before the first step, so bad data is found before any request.

A job is read later if its settings are not known yet (it is inside a loop), or if it reads what a
step of this file writes, or the rows of another job.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bulkflow.engine.context import StepContext
from bulkflow.engine.evaluate import evaluate, get_folder
from bulkflow.errors import BulkflowError, RunInterruptedError
from bulkflow.model.plan import (
    PlannedAlways,
    PlannedAnd,
    PlannedChain,
    PlannedComparison,
    PlannedFor,
    PlannedNot,
    PlannedOr,
    PlannedParallel,
    PlannedTest,
    PlannedTruth,
    PlannedWhen,
)
from bulkflow.model.value import plain, several

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from bulkflow.engine.run_state import Services
    from bulkflow.engine.scope import Frame
    from bulkflow.model.plan import (
        Block,
        Condition,
        PlannedClause,
        PlannedJob,
        PlannedStep,
        Statement,
    )
    from bulkflow.model.value import Value, Written
    from bulkflow.plugin.context import Job
    from bulkflow.plugin.phrase import Phrase
    from bulkflow.source import Span


def prepare_jobs(block: Block, frame: Frame, services: Services) -> list[BulkflowError]:
    """Read the sources of the block's jobs that some step uses; returns what is wrong with them."""
    errors: list[BulkflowError] = []
    for _, job in find_jobs_to_read(block, frame, services):
        try:
            services.prepare(job, StepContext(services, job, job.folder))
        except RunInterruptedError:
            raise
        except BulkflowError as error:
            errors.append(error)
    return errors


def find_jobs_to_read(
    block: Block, frame: Frame, services: Services
) -> Iterator[tuple[PlannedJob, Job]]:
    """Find the block's jobs that some step uses and whose source exists before the first step."""
    used = {step.job for step in iterate_steps(block)} | {test.job for test in iterate_tests(block)}
    written = list(_written(block, frame, services))
    for planned in block.jobs:
        reads = list(_reads(planned.clauses, frame, services))
        waits = any(clause.job is not None for clause in planned.clauses)
        if planned.name in used and not waits and not any(_within(path, written) for path in reads):
            yield planned, frame.jobs[planned.name]


def iterate_jobs(block: Block) -> Iterator[PlannedJob]:
    """Iterate over every job that a block and its inner blocks declare, in file order."""
    yield from block.jobs
    for statement in block.statements:
        if not isinstance(statement, PlannedChain):
            yield from iterate_jobs(statement.body)


def iterate_steps(block: Block) -> Iterator[PlannedStep]:
    """Iterate over every step of a block and its inner blocks, including handlers."""
    for statement in block.statements:
        yield from iterate_statement_steps(statement)


def iterate_tests(block: Block) -> Iterator[PlannedTest]:
    """Iterate over every question that the block's conditions ask."""
    for statement in block.statements:
        if isinstance(statement, PlannedWhen):
            yield from iterate_condition_tests(statement.condition)
        if not isinstance(statement, PlannedChain):
            yield from iterate_tests(statement.body)


def iterate_statement_steps(statement: Statement) -> Iterator[PlannedStep]:
    """Iterate over every step of a statement, including handlers."""
    match statement:
        case PlannedChain():
            yield from statement.steps
            for handler in statement.handlers:
                yield from handler.steps
        case PlannedParallel() | PlannedFor() | PlannedWhen() | PlannedAlways():
            yield from iterate_steps(statement.body)
        case _:
            assert_never(statement)


def iterate_condition_tests(condition: Condition) -> Iterator[PlannedTest]:
    """Iterate over every question that a condition may ask."""
    match condition:
        case PlannedTest():
            yield condition
        case PlannedNot():
            yield from iterate_condition_tests(condition.operand)
        case PlannedAnd() | PlannedOr():
            for operand in condition.operands:
                yield from iterate_condition_tests(operand)
        case PlannedComparison() | PlannedTruth():
            return
        case _:
            assert_never(condition)


def _written(block: Block, frame: Frame, services: Services) -> Iterator[Path]:
    """Find the paths that steps write to, as far as they are known."""
    for step in iterate_steps(block):
        record = services.catalogue.get_step(step)
        phrase = next(each for each in record.phrases if each.text == step.word)
        for kind in ("path", "folder"):
            yield from _paths(phrase, kind, step.arguments, frame, services)


def _reads(clauses: tuple[PlannedClause, ...], frame: Frame, services: Services) -> Iterator[Path]:
    for clause in clauses:
        record = services.catalogue.clause_by_phrase[clause.word]
        phrase = next(each for each in record.phrases if each.text == clause.word)
        yield from _paths(phrase, "location", clause.arguments, frame, services)


def _paths(
    phrase: Phrase,
    kind: str,
    arguments: Mapping[str, Written],
    frame: Frame,
    services: Services,
) -> Iterator[Path]:
    for slot in phrase.slots:
        if slot.type == kind and slot.name in arguments:
            for value in several(arguments[slot.name]):
                yield from _path(value, frame, services)


def _path(value: Value, frame: Frame, services: Services) -> Iterator[Path]:
    span: Span = value.span
    try:
        yield get_folder(span) / plain(evaluate(value, frame.scope, services.environ))
    except BulkflowError:
        # The path holds a loop's variable, so it is known only during the run.
        return


def _within(path: Path, written: list[Path]) -> bool:
    return any(path == each or each in path.parents for each in written)
