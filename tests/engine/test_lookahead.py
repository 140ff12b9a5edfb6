"""What a step is told of the steps that follow it for its job."""

from __future__ import annotations

import pytest

from bulkflow.engine.lookahead import find_steps_ahead
from bulkflow.engine.preflight import iterate_steps
from bulkflow.model.value import plain


def after_send(bench, *statements) -> list[str]:
    """What follows the first `send` of job a, as `do WHAT`."""
    block = bench.block(*statements, jobs=[bench.job("a"), bench.job("b")])
    ahead = find_steps_ahead(block)
    first = next(each for each in iterate_steps(block) if each.word.startswith("send"))
    return [plain(each.arguments["what"]) for each in ahead[id(first)]]


def test_the_steps_of_the_job_follow_in_the_order_of_the_file(bench) -> None:
    following = after_send(
        bench,
        'send job a then do "1" with job a then do "other" with job b',
        bench.always('do "2" with job a'),
    )
    assert following == ["1", "2"]


def test_what_answers_a_failure_does_not_follow_and_what_answers_success_does(bench) -> None:
    chain = bench.chain("send job a", failure='do "bad" with job a', success='do "good" with job a')
    assert after_send(bench, chain) == ["good"]


@pytest.mark.parametrize("guard", ["when", "loop"])
def test_what_may_be_left_out_does_not_follow(bench, guard) -> None:
    def guarded(*inner):
        return bench.when('asked "x"', *inner) if guard == "when" else bench.loop("f", "*", *inner)

    assert after_send(bench, "send job a", guarded('do "1" with job a'), 'do "2" with job a') == [
        "2"
    ]
    assert after_send(bench, guarded("send job a", 'do "1" with job a'), 'do "2" with job a') == [
        "1",
        "2",
    ]


def test_a_job_of_the_same_name_in_a_block_is_another(bench) -> None:
    inner = bench.parallel('do "inner" with job a', jobs=[bench.job("a")])
    assert after_send(bench, "send job a", inner, 'do "outer" with job a') == ["outer"]


def test_a_step_of_a_run_is_told(bench) -> None:
    bench.run('foresee job a then do "1" with job a then do "2" with job a', jobs=[bench.job("a")])
    assert bench.world.trace[0] == "ahead: 1 2"
