"""Chains, their handlers, and what the errors of a run come to."""

from __future__ import annotations

from itertools import pairwise

import pytest

from bulkflow.errors import ExitCode, PluginError, StepError
from bulkflow.model.event import StepFailed, StepFinished, StepStarted


def test_steps_run_in_order(bench) -> None:
    finished = bench.run('do "a" then do "b"', 'do "c"')
    assert bench.world.trace == ["a", "b", "c"]
    assert finished.exit_code is ExitCode.DONE
    assert finished.errors == ()


def test_the_first_failure_ends_the_chain_and_the_flow(bench) -> None:
    finished = bench.run('do "a" then break "b" then do "c"', 'do "d"')
    assert bench.world.trace == ["a", "b"]
    assert finished.exit_code is ExitCode.FAILED
    assert [str(error) for error in finished.errors] == ["b"]


def test_a_failure_handler_knows_the_failure_and_does_not_mend_it(bench) -> None:
    finished = bench.run(
        bench.chain('break "a"', failure='why then do "b"', success='do "never"'), 'do "after"'
    )
    assert bench.world.trace == ["a", "because a", "b"]
    assert finished.exit_code is ExitCode.FAILED


def test_a_step_outside_a_failure_handler_knows_of_no_failure(bench) -> None:
    bench.run(bench.chain('break "a" then do "x"', failure="continue"), "why")
    assert bench.world.trace == ["a", "because None"]


def test_continue_goes_on_after_the_chain(bench) -> None:
    finished = bench.run(
        bench.chain('break "a" then do "skipped"', failure="continue", success='do "never"'),
        'do "after"',
    )
    assert bench.world.trace == ["a", "after"]
    assert finished.exit_code is ExitCode.DONE
    assert finished.errors == ()


def test_a_success_handler_runs_after_the_last_step(bench) -> None:
    bench.run(bench.chain('do "a" then do "b"', failure='do "never"', success='do "c"'))
    assert bench.world.trace == ["a", "b", "c"]


def test_a_failing_success_handler_fails_the_flow(bench) -> None:
    finished = bench.run(bench.chain('do "a"', success='break "b"'), 'do "never"')
    assert bench.world.trace == ["a", "b"]
    assert [str(error) for error in finished.errors] == ["b"]


def test_a_handlers_own_failure_stands_behind_the_first_one(bench) -> None:
    finished = bench.run(bench.chain('break "first"', failure='break "second"'))
    assert [str(error) for error in finished.errors] == ["first", "second"]
    assert finished.exit_code is ExitCode.FAILED


def test_stop_ends_the_run_well(bench) -> None:
    finished = bench.run('do "a" then stop', 'do "never"')
    assert bench.world.trace == ["a"]
    assert finished.exit_code is ExitCode.DONE


def test_stop_in_a_failure_handler_makes_no_success_of_the_failure(bench) -> None:
    finished = bench.run(bench.chain('break "a"', failure="stop"), 'do "never"')
    assert bench.world.trace == ["a"]
    assert [str(error) for error in finished.errors] == ["a"]
    assert finished.exit_code is ExitCode.FAILED


@pytest.mark.parametrize("line", ["continue", "retry 2 times"])
def test_an_answer_to_a_failure_fails_where_there_is_none(bench, line: str) -> None:
    finished = bench.run(f'do "a" then {line}', bench.always('do "always"'))
    (error,) = finished.errors
    assert isinstance(error, StepError)
    assert f"`{line}`" in error.message
    assert bench.world.trace == ["a", "always"]


def test_retry_in_a_success_handler_fails_the_chain(bench) -> None:
    finished = bench.run(bench.chain('do "a"', success="retry 2 times"))
    assert finished.exit_code is ExitCode.FAILED


# --------------------------------------------------------------------------------- retry


def _times(bench, run) -> list[float]:
    """When `try` ran, in seconds since the start."""
    start = bench.clock.now
    run()
    return [
        event.at - start
        for event in bench.events
        if isinstance(event, StepStarted) and event.text.startswith("try")
    ]


def test_retry_runs_the_failed_step_and_the_rest_of_its_chain(bench) -> None:
    bench.world.failing["b"] = 2
    finished = bench.run(
        bench.chain('do "a" then try "b" then do "c"', failure="retry 3 times", success='do "d"')
    )
    assert bench.world.trace == ["a", "b", "b", "b", "c", "d"]
    assert finished.exit_code is ExitCode.DONE


def test_pauses_between_retries_double_from_one_second_to_a_minute(bench) -> None:
    bench.world.failing["b"] = 8
    times = _times(bench, lambda: bench.run(bench.chain('try "b"', failure="retry 9 times")))
    pauses = [after - before for before, after in pairwise(times)]
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]


def test_pauses_between_retries_are_as_long_as_written(bench) -> None:
    bench.world.failing["b"] = 2
    chain = bench.chain('try "b"', failure="retry 2 times every 90s")
    assert _times(bench, lambda: bench.run(chain)) == [0, 90, 180]
    assert bench.notices() == [
        'retrying `try "b"` in 90 s (1 of 2)',
        'retrying `try "b"` in 90 s (2 of 2)',
    ]


def test_after_the_last_retry_the_handler_goes_on(bench) -> None:
    bench.world.failing["b"] = 9
    finished = bench.run(bench.chain('try "b"', failure='retry 2 times then do "give up"'))
    assert bench.world.trace == ["b", "b", "b", "give up"]
    assert [str(error) for error in finished.errors] == ["b"]


def test_each_step_of_a_chain_has_its_own_retries(bench) -> None:
    bench.world.failing |= {"a": 2, "b": 2}
    finished = bench.run(bench.chain('try "a" then try "b"', failure="retry 2 times every 1s"))
    assert bench.world.trace == ["a", "a", "a", "b", "b", "b"]
    assert finished.exit_code is ExitCode.DONE


def test_an_interruption_during_a_pause_keeps_the_failure(bench) -> None:
    bench.world.failing["b"] = 9
    finished = bench.run(bench.chain('try "b"', failure="interrupt then retry 9 times"))
    assert finished.exit_code is ExitCode.INTERRUPTED
    assert [str(error) for error in finished.errors] == ["b"]


# ----------------------------------------------------------------------- events and blame


def test_every_step_that_starts_ends_well_or_badly(bench) -> None:
    bench.run(bench.chain('do "a" then pause 5s then break "b"', failure="continue"))
    told = [e for e in bench.events if isinstance(e, StepStarted | StepFinished | StepFailed)]
    assert [(type(e).__name__, e.text) for e in told] == [
        ("StepStarted", 'do "a"'),
        ("StepFinished", 'do "a"'),
        ("StepStarted", "pause 5s"),
        ("StepFinished", "pause 5s"),
        ("StepStarted", 'break "b"'),
        ("StepFailed", 'break "b"'),
        ("StepStarted", "continue"),
        ("StepFinished", "continue"),
    ]
    assert told[3].seconds == 5


def test_a_fault_in_a_step_is_attributed_to_its_plugin(bench) -> None:
    finished = bench.run('crash "boom"')
    (error,) = finished.errors
    assert isinstance(error, PluginError)
    assert error.message == (
        'plugin Words (in-memory 0) failed while running `crash "boom"`: ZeroDivisionError: boom'
    )
    assert isinstance(error.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("statement", "action"),
    [
        ("typed 1", "reading `1` as fussy"),
        ("open the org", "connecting to org broken"),
    ],
)
def test_a_fault_behind_a_step_is_attributed_to_its_plugin(bench, statement, action) -> None:
    bench.orgs = {"broken": "broken"}
    (error,) = bench.run(statement).errors
    assert isinstance(error, PluginError)
    assert f"plugin Words (in-memory 0) failed while {action}: ZeroDivisionError" in error.message


def test_a_fault_in_a_clause_is_attributed_to_its_plugin(bench) -> None:
    (error,) = bench.run('do "a"', jobs=[bench.job("x", "crooked")]).errors
    assert isinstance(error, PluginError)
    assert "plugin Words (in-memory 0) failed while reading `crooked`" in error.message


def test_a_signal_from_a_condition_is_a_fault_of_its_plugin(bench) -> None:
    (error,) = bench.run(bench.when("signal", 'do "a"')).errors
    assert isinstance(error, PluginError)
    assert "plugin Words (in-memory 0) failed while asking `signal`" in error.message


def test_a_type_that_nobody_brings_is_named(bench) -> None:
    (error,) = bench.run("untyped 1").errors
    assert "no plugin provides the type missing" in error.message
