"""Handlers of `on interrupt`: when they run, and what they change of how a run ends."""

from __future__ import annotations

import threading

import pytest

from bulkflow.errors import ExitCode


def test_a_handler_runs_for_the_chain_that_was_under_way(bench) -> None:
    finished = bench.run(
        bench.chain('do "over"', interrupt='do "never"'),
        bench.chain('interrupt then do "skipped"', interrupt='do "a" then do "b"'),
        bench.chain('do "not begun"', interrupt='do "never"'),
    )
    assert bench.world.trace == ["over", "interrupt", "a", "b"]
    assert finished.exit_code is ExitCode.INTERRUPTED
    assert finished.errors == ()


def test_a_handler_runs_before_the_always_blocks(bench) -> None:
    bench.run(
        bench.chain("interrupt then checkpoint", interrupt='do "handler"'),
        bench.always('do "always"'),
    )
    assert bench.world.trace == ["interrupt", "handler", "always"]


@pytest.mark.parametrize(
    "chain",
    [
        {"line": "interrupt then checkpoint"},
        {"line": 'break "x"', "failure": 'interrupt then do "never"'},
        {"line": 'try "x"', "failure": "interrupt then retry 9 times"},
        {"line": 'do "x"', "success": 'interrupt then do "never"'},
        {"line": 'interrupt then do "never"', "failure": 'do "never"', "success": 'do "never"'},
    ],
    ids=["within a step", "failure", "pause", "success", "between"],
)
def test_a_chain_is_under_way_until_its_handlers_are_over(bench, chain) -> None:
    bench.world.failing["x"] = 9
    finished = bench.run(bench.chain(**chain, interrupt='do "handler"'))
    assert bench.world.trace[-2:] == ["interrupt", "handler"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_a_handler_runs_though_the_last_step_ended_well(bench) -> None:
    finished = bench.run(bench.chain("interrupt", interrupt='do "handler"'))
    assert bench.world.trace == ["interrupt", "handler"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_without_a_handler_an_interruption_that_leaves_nothing_undone_is_none(bench) -> None:
    assert bench.run(bench.chain("interrupt")).exit_code is ExitCode.DONE


def test_a_chain_that_was_to_begin_next_needs_no_handler(bench) -> None:
    finished = bench.run(
        bench.chain("interrupt"), bench.chain('do "not begun"', interrupt='do "never"')
    )
    assert bench.world.trace == ["interrupt"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_the_failure_of_a_handler_is_told_and_the_run_is_still_interrupted(bench) -> None:
    finished = bench.run(
        bench.chain("interrupt then checkpoint", interrupt='break "b" then do "never"'),
        bench.always('do "always"'),
    )
    assert bench.world.trace == ["interrupt", "b", "always"]
    assert [str(error) for error in finished.errors] == ["b"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_a_second_interruption_ends_a_handler(bench) -> None:
    finished = bench.run(
        bench.chain("interrupt then checkpoint", interrupt='do "a" then interrupt then do "never"')
    )
    assert bench.world.trace == ["interrupt", "a", "interrupt"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_a_second_interruption_begins_no_handler_of_an_always_block(bench) -> None:
    bench.run(
        bench.chain("interrupt then checkpoint"),
        bench.always(bench.chain('interrupt then do "never"', interrupt='do "never"')),
    )
    assert bench.world.trace == ["interrupt", "interrupt"]


def test_an_always_block_is_not_interrupted_so_its_handlers_never_run(bench) -> None:
    bench.run(bench.always(bench.chain('interrupt then do "a"', interrupt='do "never"')))
    assert bench.world.trace == ["interrupt", "a"]


def test_every_branch_that_is_under_way_runs_its_own(bench) -> None:
    both, asked = threading.Barrier(2), threading.Event()
    bench.world.meet = lambda where: asked.wait(10) if where else both.wait(10)

    def interrupt() -> None:
        bench.cancellation.request()
        asked.set()

    bench.world.interrupt = interrupt
    bench.run(
        bench.parallel(
            bench.chain("meet then interrupt then checkpoint", interrupt='do "a"'),
            bench.chain('meet then meet at "asked" then do "never"', interrupt='do "b"'),
        )
    )
    assert sorted(bench.world.trace) == ["a", "b", "interrupt"]


def test_stop_in_a_handler_changes_nothing(bench) -> None:
    finished = bench.run(
        bench.chain("interrupt then checkpoint", interrupt="stop"), bench.always('do "always"')
    )
    assert bench.world.trace == ["interrupt", "always"]
    assert finished.exit_code is ExitCode.INTERRUPTED


@pytest.mark.parametrize("line", ["continue", "retry 2 times"])
def test_an_interruption_is_no_failure_that_could_be_answered(bench, line: str) -> None:
    finished = bench.run(bench.chain("interrupt then checkpoint", interrupt=line), 'do "never"')
    assert bench.world.trace == ["interrupt"]
    assert "only valid in a failure handler" in str(finished.errors[0])


def go_on(bench) -> None:
    """Let the next run find what the one before it kept."""
    bench.journal.steps = dict(bench.journal.reached)
    bench.world.trace.clear()
    bench.renew()


def test_what_a_handler_did_is_no_progress_of_the_run(bench) -> None:
    chain = bench.chain('do "a" then interrupt then checkpoint', interrupt='do "handler"')
    bench.run(chain)
    go_on(bench)
    bench.run(chain)
    assert bench.world.trace == ["checkpoint passed"]


def test_a_chain_that_an_earlier_attempt_began_is_under_way(bench) -> None:
    chain = bench.chain('do "a" then interrupt then do "b"', interrupt='do "handler"')
    bench.run(chain)
    go_on(bench)
    bench.cancellation.request()
    finished = bench.run(chain)
    assert bench.world.trace == ["handler"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_a_chain_that_an_earlier_attempt_ended_is_over(bench) -> None:
    chain = bench.chain('do "a"', interrupt='do "never"')
    bench.run(chain)
    go_on(bench)
    bench.cancellation.request()
    assert bench.run(chain, 'do "b"').exit_code is ExitCode.INTERRUPTED
    assert bench.world.trace == []
