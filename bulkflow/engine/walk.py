"""Runs the statements of a plan."""

from __future__ import annotations

import glob
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import evolve

from bulkflow.engine.chain_runner import ChainRunner, Halt
from bulkflow.engine.completion import leave_out
from bulkflow.engine.evaluate import WrongValueError, evaluate, get_folder
from bulkflow.engine.preflight import iterate_condition_tests
from bulkflow.engine.step_runner import ask, note_judged_rows
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
from bulkflow.model.safe_path import build_file_name
from bulkflow.model.value import Boolean, is_same_value, plain
from bulkflow.plugin.control_flow import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulkflow.engine.run_state import Services
    from bulkflow.engine.scope import Frame
    from bulkflow.model.plan import Block, Condition, Statement
    from bulkflow.model.value import Scope

End: TypeAlias = Halt | Stop | RunInterruptedError


def walk(block: Block, frame: Frame, services: Services) -> None:
    """Run a block whose frame was already entered.

    After the first statement that ends the flow, only `always` blocks run.

    Raises:
        Halt: A chain failed.
        Stop: A step ended the run.
        RunInterruptedError: The user asked the run to stop.
    """
    ended: End | None = None
    for number, statement in enumerate(block.statements):
        goes_on = ended is None or (not services.mode.runs_file and isinstance(ended, Halt))
        if goes_on or isinstance(statement, PlannedAlways):
            # An `always` block after the end of the flow is not progress of the run, so `resume`
            # runs it again.
            recording = services if ended is None else evolve(services, is_progress=False)
            end = _ending(statement, frame.at(number), recording)
            ended = end if ended is None or isinstance(end, RunInterruptedError) else ended
        else:
            leave_out(statement, services)
    if ended is not None:
        raise ended


def _ending(statement: Statement, frame: Frame, services: Services) -> End | None:
    """Run a statement; returns how it ended the flow, or None if the flow continues."""
    try:
        _statement(statement, frame, services)
    except (Halt, Stop, RunInterruptedError) as end:
        return end
    except BulkflowError as error:
        # Not an error of a step: a value of the loop or block could not be evaluated.
        services.errors.append(error)
        return Halt()
    return None


def find_files(loop: PlannedFor, scope: Scope, environ: Mapping[str, str]) -> list[str]:
    """Find a loop's files in name order, with `/` between folders; relative if the pattern is."""
    pattern = plain(evaluate(loop.pattern, scope, environ))
    # Not Path.glob, which does not accept absolute patterns.
    found = glob.glob(pattern, root_dir=get_folder(loop.pattern.span), recursive=True)  # noqa: PTH207
    for name in found:
        try:
            name.encode()
        except UnicodeEncodeError as error:
            raise WrongValueError(
                f"the name of the file {name!a} is not UTF-8", loop.pattern.span
            ) from error
    return sorted(name.replace("\\", "/") for name in found)


def iterate_loop(loop: PlannedFor, frame: Frame, services: Services) -> Iterator[Frame]:
    """Enter the frame of each iteration of a loop."""
    none: list[str] = []
    files = services.decide_once(
        frame.place, lambda: find_files(loop, frame.scope, services.environ), none
    )
    pattern = evaluate(loop.pattern, frame.scope, services.environ)
    for name in files:
        value = build_file_name(name, pattern)
        yield frame.with_variable(loop.variable, value, name).enter(loop.body, services)


def _statement(statement: Statement, frame: Frame, services: Services) -> None:
    match statement:
        case PlannedChain():
            ChainRunner(statement, frame, services).run()
        case PlannedParallel():
            _parallel(statement, frame.enter(statement.body, services), services)
        case PlannedFor():
            _turns(statement, frame, services)
        case PlannedWhen():
            # Conditions of the file do not judge steps on the jobs of an earlier run.
            if services.mode.runs_file:
                for test in iterate_condition_tests(statement.condition):
                    note_judged_rows(test, frame, services)
            if services.decide_once(
                frame.place, lambda: evaluate_condition(statement.condition, frame, services), False
            ):
                walk(statement.body, frame.enter(statement.body, services), services)
        case PlannedAlways():
            with services.cancellation.shelter() as sheltered:
                services = evolve(services, cancellation=sheltered)
                walk(statement.body, frame.enter(statement.body, services), services)
        case _:
            assert_never(statement)


def _turns(statement: PlannedFor, frame: Frame, services: Services) -> None:
    """Run each iteration of a loop; stops at the first failure unless they are independent."""
    failed: Halt | None = None
    for inner in iterate_loop(statement, frame, services):
        if failed is not None and services.mode.runs_file:
            leave_out(statement, services)
            break
        try:
            walk(statement.body, inner, services)
        except Halt as halt:
            failed = halt
    if failed is not None:
        raise failed


def _parallel(statement: PlannedParallel, frame: Frame, services: Services) -> None:
    """Run all branches to their ends, then raise the most severe ending."""
    branches = statement.body.statements
    # Collect errors per branch first, so they are reported in file order.
    apart = [evolve(services, errors=[]) for _ in branches]
    with ThreadPoolExecutor(max(1, len(branches)), thread_name_prefix="branch") as pool:
        frames = [frame.at(number) for number in range(len(branches))]
        ends = list(pool.map(_ending, branches, frames, apart))
    for branch in apart:
        services.errors += branch.errors
    ended = [end for end in ends if end is not None]
    if ended:
        raise max(ended, key=_severity)


def _severity(end: End) -> int:
    match end:
        case Stop():
            return 0
        case Halt():
            return 1
        case RunInterruptedError():
            return 2
        case _:
            assert_never(end)


def evaluate_condition(condition: Condition, frame: Frame, services: Services) -> bool:
    """Evaluate a condition."""
    match condition:
        case PlannedTest():
            return ask(condition, frame, services)
        case PlannedComparison():
            sides = (condition.left, condition.right)
            left, right = (evaluate(side, frame.scope, services.environ) for side in sides)
            return is_same_value(left, right) is condition.equal
        case PlannedTruth():
            return _truth(condition, frame, services)
        case PlannedNot():
            return not evaluate_condition(condition.operand, frame, services)
        case PlannedAnd():
            return all(
                evaluate_condition(operand, frame, services) for operand in condition.operands
            )
        case PlannedOr():
            return any(
                evaluate_condition(operand, frame, services) for operand in condition.operands
            )
        case _:
            assert_never(condition)


def _truth(condition: PlannedTruth, frame: Frame, services: Services) -> bool:
    value = evaluate(condition.value, frame.scope, services.environ)
    if isinstance(value, Boolean):
        return value.truth
    # `--set` and environment variables give texts.
    if plain(value) in {"true", "false"}:
        return plain(value) == "true"
    raise WrongValueError(f"`{plain(value)}` is neither true nor false", condition.span)
