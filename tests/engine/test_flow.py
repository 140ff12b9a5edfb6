"""Blocks: parallel, for, when, always."""

from __future__ import annotations

import threading

import pytest

from bulkflow.errors import ExitCode
from bulkflow.model.plan import (
    PlannedAnd,
    PlannedComparison,
    PlannedNot,
    PlannedOr,
    PlannedTruth,
)

# ------------------------------------------------------------------------------ parallel


def test_branches_run_side_by_side(bench) -> None:
    barrier = threading.Barrier(2, timeout=60)
    bench.world.meet = lambda _: barrier.wait()
    finished = bench.run(bench.parallel("meet", "meet"), 'do "after"')
    assert finished.exit_code is ExitCode.DONE
    assert bench.world.trace == ["after"]


def test_a_failing_branch_lets_the_others_end(bench) -> None:
    met = threading.Event()
    bench.world.meet = lambda _: met.wait(10)
    bench.world.interrupt = met.set  # so that the other branch waits until this one is over
    finished = bench.run(
        bench.parallel(
            bench.chain('break "a"', failure="interrupt"), 'meet then do "b" then do "c"'
        ),
        'do "never"',
    )
    assert bench.world.trace == ["a", "interrupt", "b", "c"]
    assert finished.exit_code is ExitCode.FAILED


def test_errors_of_branches_are_all_reported_in_the_order_of_the_file(bench) -> None:
    second_is_over = threading.Event()
    bench.world.meet = lambda _: second_is_over.wait(10)
    bench.world.interrupt = second_is_over.set
    finished = bench.run(
        bench.parallel(
            'meet then break "first"',
            bench.chain('break "second"', failure="interrupt"),
            bench.when(_truth(bench, "nobody"), 'do "x"'),
        )
    )
    assert [str(error).rpartition(": ")[2] for error in finished.errors] == [
        "first",
        "second",
        "`nobody` is neither true nor false",
    ]


def test_an_interruption_of_one_branch_counts_for_more_than_failures_of_others(bench) -> None:
    finished = bench.run(
        bench.parallel(
            'break "a"',
            "interrupt then checkpoint",
            bench.when(_truth(bench, "nobody"), 'do "x"'),
        )
    )
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_a_failure_of_one_branch_counts_for_more_than_a_stop_of_another(bench) -> None:
    finished = bench.run(bench.parallel("stop", 'break "a"'), 'do "never"')
    assert finished.exit_code is ExitCode.FAILED


def test_a_stop_in_a_branch_ends_the_run(bench) -> None:
    finished = bench.run(bench.parallel("stop", 'do "a"'), 'do "never"')
    assert bench.world.trace == ["a"]
    assert finished.exit_code is ExitCode.DONE


def test_many_branches_leave_all_their_jobs_and_errors(bench) -> None:
    branches = [
        bench.when(_truth(bench, "true"), "send job j", f'break "{n}"', jobs=[bench.job("j")])
        for n in range(20)
    ]
    finished = bench.run(bench.parallel(*branches))
    assert [str(error) for error in finished.errors] == [str(n) for n in range(20)]
    assert sorted(job.job for job in finished.jobs) == sorted(
        ["j", *(f"j#{n}" for n in range(2, 21))]
    )


# ----------------------------------------------------------------------------------- for


@pytest.fixture
def files(bench):
    for name in ("b.csv", "a.csv", "c.txt"):
        (bench.folder / name).write_text("A\n1\n", "utf-8")


def test_a_loop_runs_once_for_each_file_in_name_order(bench, files) -> None:
    bench.run(bench.loop("f", "*.csv", 'do "{f}"'))
    assert bench.world.trace == ["a.csv", "b.csv"]


def test_name_order_is_that_of_characters_through_all_folders(bench) -> None:
    names = ["b/10.csv", "b/9.csv", "a/z.csv", "C/x.csv", "a.csv", "b/-.csv", "a/b/c.csv", "ab.csv"]
    for name in names:
        path = bench.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    bench.run(bench.loop("f", "**/*.csv", 'do "{f}"'))
    assert bench.world.trace == sorted(names)


def test_a_loop_without_files_runs_nothing(bench) -> None:
    assert bench.run(bench.loop("f", "*.csv", 'do "{f}"')).exit_code is ExitCode.DONE
    assert bench.world.trace == []


def test_each_iteration_has_jobs_and_constants_of_its_own(bench, files) -> None:
    loop = bench.loop(
        "f",
        "{kind}*.csv",
        "send job j",
        'do "{label}"',
        jobs=[bench.job("j", 'from "{label}"')],
        lets={"label": '"for {f}"'},
    )
    finished = bench.run(loop, lets={"kind": '""'})
    assert [job.job for job in finished.jobs] == ["j[a.csv]", "j[b.csv]"]
    assert bench.world.prepared == ["j[a.csv]", "j[b.csv]"]
    assert bench.world.trace == [
        "send j[a.csv]",
        "for a.csv",
        "send j[b.csv]",
        "for b.csv",
    ]


def test_what_a_loop_finds_through_a_variable_leads_no_output_out_of_its_folder(bench) -> None:
    (bench.folder / "in").mkdir()
    (bench.folder / "in" / "a.csv").write_text("A\n1\n", "utf-8")
    bench.environ["WHERE"] = (bench.folder / "in").as_posix()
    finished = bench.run(
        bench.loop("f", "./in/*.csv", 'write "{f}.kept"'),
        bench.loop("f", "{where}/*.csv", 'write "{f}.lost"'),
        lets={"where": "$WHERE"},
    )
    (error,) = finished.errors
    assert "comes from outside of the file" in str(error)
    assert [path.name for path in (bench.folder / "in").glob("*.*.*")] == ["a.csv.kept"]


def test_jobs_of_one_name_in_two_loops_are_two_jobs(bench, files) -> None:
    loops = [
        bench.loop("f", "a.csv", "send job j", jobs=[bench.job("j", 'from "{f}"')])
        for _ in range(2)
    ]
    finished = bench.run(*loops)
    assert [job.job for job in finished.jobs] == ["j[a.csv]", "j[a.csv]#2"]
    assert bench.world.prepared == ["j[a.csv]", "j[a.csv]#2"]


def test_a_failure_in_an_iteration_ends_the_loop(bench, files) -> None:
    finished = bench.run(bench.loop("f", "*.csv", 'break "{f}"', bench.always('do "end {f}"')))
    assert bench.world.trace == ["a.csv", "end a.csv"]
    assert finished.exit_code is ExitCode.FAILED


def test_a_pattern_that_cannot_be_evaluated_ends_the_flow_but_for_always(bench) -> None:
    finished = bench.run(bench.loop("f", "{nobody}/*.csv", 'do "x"'), bench.always('do "always"'))
    assert bench.world.trace == ["always"]
    assert [str(error) for error in finished.errors] == [
        "test.bulkflow:1:1: name nobody is not set"
    ]


# ---------------------------------------------------------------------------------- when


def _truth(bench, text: str) -> PlannedTruth:
    value = bench.value(text)
    return PlannedTruth(value, value.span)


def _same(bench, left: str, right: str, *, equal: bool = True) -> PlannedComparison:
    value = bench.value(left)
    return PlannedComparison(value, bench.value(right), equal, value.span)


def test_a_block_runs_when_the_answer_is_yes(bench) -> None:
    bench.run('do "a"', bench.when('asked "a"', 'do "b"'), bench.when('asked "x"', 'do "c"'))
    assert bench.world.trace == ["a", "asked a", "b", "asked x"]


def test_and_or_not_ask_no_more_than_they_need(bench) -> None:
    yes, no = bench.test('asked "a"'), bench.test('asked "x"')
    bench.run(
        'do "a"',
        bench.when(PlannedAnd((no, yes)), 'do "and"'),
        bench.when(PlannedOr((yes, no)), 'do "or"'),
        bench.when(PlannedNot(PlannedAnd((yes, no))), 'do "not"'),
    )
    assert bench.world.trace == ["a", "asked x", "asked a", "or", "asked a", "asked x", "not"]


def test_values_are_compared_as_they_read(bench) -> None:
    bench.environ["REGION"] = "EMEA"
    bench.run(
        bench.when(_same(bench, "region", '"EMEA"'), 'do "param"'),
        bench.when(_same(bench, "$REGION", "EMEA"), 'do "environment"'),
        bench.when(_same(bench, "region", '"APAC"', equal=False), 'do "not"'),
        bench.when(_same(bench, "1", '"1"'), 'do "never"'),
        params={"region": '"EMEA"'},
    )
    assert bench.world.trace == ["param", "environment", "not"]


@pytest.mark.parametrize(("text", "runs"), [('"true"', True), ('"false"', False)])
def test_a_param_may_be_true_or_false(bench, text: str, runs: bool) -> None:
    bench.run(bench.when(_truth(bench, "full"), 'do "it"'), params={"full": text})
    assert bench.world.trace == (["it"] if runs else [])


def test_what_is_neither_true_nor_false_ends_the_flow(bench) -> None:
    finished = bench.run(bench.when(_truth(bench, '"maybe"'), 'do "it"'), 'do "never"')
    assert finished.exit_code is ExitCode.WRONG
    assert bench.world.trace == []


def test_a_question_may_be_about_a_job(bench) -> None:
    bench.run(
        "lose 2 rows of job j",
        bench.when("lost rows of job j", 'do "it" with job j'),
        jobs=[bench.job("j")],
    )
    assert bench.world.trace == ["it j"]


# -------------------------------------------------------------------------------- always


def test_always_runs_in_its_place_when_all_is_well(bench) -> None:
    bench.run('do "a"', bench.always('do "always"'), 'do "b"')
    assert bench.world.trace == ["a", "always", "b"]


@pytest.mark.parametrize("end", ['break "x"', "stop", "interrupt then checkpoint"])
def test_always_runs_however_the_flow_ended(bench, end: str) -> None:
    bench.run(f'do "a" then {end}', 'do "never"', bench.always("checkpoint"), 'do "never"')
    assert bench.world.trace[-1] == "checkpoint passed"
    assert "never" not in bench.world.trace


def test_always_runs_when_the_interruption_was_not_noticed_yet(bench) -> None:
    finished = bench.run("interrupt", bench.always('do "always"'), 'do "never"')
    assert bench.world.trace == ["interrupt", "always"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_always_runs_when_a_failure_and_an_interruption_fall_together(bench) -> None:
    finished = bench.run(bench.chain('break "a"', failure="interrupt"), bench.always('do "always"'))
    assert bench.world.trace == ["a", "interrupt", "always"]
    assert [str(error) for error in finished.errors] == ["a"]


def test_a_second_interruption_breaks_the_always_block(bench) -> None:
    finished = bench.run(
        "interrupt then checkpoint", bench.always('do "a" then interrupt then checkpoint')
    )
    assert bench.world.trace == ["interrupt", "a", "interrupt"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_an_always_block_that_is_under_way_runs_on_after_an_interruption(bench) -> None:
    finished = bench.run(
        bench.always('interrupt then checkpoint then do "a"'), 'do "never"', bench.always('do "b"')
    )
    assert bench.world.trace == ["interrupt", "checkpoint passed", "a", "b"]
    assert finished.exit_code is ExitCode.INTERRUPTED


def test_an_interruption_of_an_always_block_counts_for_more_than_the_failure_before(bench) -> None:
    finished = bench.run(
        'break "a"', bench.always("interrupt then interrupt then interrupt then checkpoint")
    )
    assert bench.world.trace == ["a", "interrupt", "interrupt"]
    assert finished.exit_code is ExitCode.INTERRUPTED
    assert [str(error) for error in finished.errors] == ["a"]


def test_an_always_block_of_one_branch_does_not_hide_the_interruption_from_another(bench) -> None:
    other_began, always_began, other_ended = (threading.Event() for _ in range(3))
    acts = {
        "one": lambda: other_began.wait(10),
        "one's always": lambda: (always_began.set(), other_ended.wait(10)),
        "other": lambda: (other_began.set(), always_began.wait(10)),
        "other's always": other_ended.set,
    }
    bench.world.meet = lambda where: acts[where]()
    yes = _truth(bench, "true")
    finished = bench.run(
        bench.parallel(
            bench.when(
                yes,
                'meet at "one" then interrupt then checkpoint',
                bench.always("""meet at "one's always\""""),
            ),
            bench.when(
                yes,
                'meet at "other" then checkpoint',
                bench.always("""meet at "other's always\""""),
            ),
        )
    )
    assert finished.exit_code is ExitCode.INTERRUPTED
    assert bench.world.trace == ["interrupt"]
    assert other_ended.is_set()
