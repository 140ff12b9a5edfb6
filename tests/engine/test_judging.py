"""Which rows that are not loaded a file has judged: a run with others ends with 3."""

from __future__ import annotations

import pytest
from attrs import evolve

from bulkflow.engine.run import run_plan
from bulkflow.errors import ExitCode
from bulkflow.model.part import NOT_LOADED
from bulkflow.model.plan import PlannedAnd, PlannedNot, PlannedOr
from bulkflow.model.run_mode import RunMode
from bulkflow.plugin import condition, step

LOST = ExitCode.ROWS_FAILED
JUDGES = {
    "a step": "require 9 {kind} rows of job j",
    "a condition": "any {kind} rows of job j",
    "a condition that is not so": "over 9 {kind} rows of job j",
}


def ends(bench, *statements) -> ExitCode:
    """The exit code of a run that is the first of its file."""
    bench.journal.decisions.clear()
    finished = bench.run(*statements, jobs=[bench.job("j")])
    assert not finished.errors
    return finished.exit_code


def statement(bench, line: str):
    return line if line.startswith("require") else bench.when(line, 'do "x"')


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("kind", NOT_LOADED)
def test_each_kind_is_judged_by_what_names_it(bench, kind: str, judge: str) -> None:
    judging = statement(bench, JUDGES[judge].format(kind=kind))
    assert ends(bench, f"have 2 {kind} rows of job j", judging) is ExitCode.DONE


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("kind", NOT_LOADED)
def test_no_kind_is_judged_by_what_names_the_others(bench, kind: str, judge: str) -> None:
    others = [each for each in (*NOT_LOADED, "all", "successful") if each != kind]
    judging = [statement(bench, JUDGES[judge].format(kind=other)) for other in others]
    finished = bench.run(f"have 2 {kind} rows of job j", *judging, jobs=[bench.job("j")])
    assert finished.exit_code is LOST
    assert f"require {kind} rows of job j" in str(finished.help)


def test_the_advice_names_a_kind_that_is_not_judged(bench) -> None:
    finished = bench.run(
        "have 2 failed rows of job j then have 1 withheld rows of job j",
        "require 5 failed rows of job j",
        jobs=[bench.job("j")],
    )
    assert finished.exit_code is LOST
    assert "require withheld rows of job j" in str(finished.help)


def test_one_job_is_not_judged_by_what_is_asked_of_another(bench) -> None:
    finished = bench.run(
        "have 2 failed rows of job j then require 5 failed rows of job k",
        jobs=[bench.job("j"), bench.job("k")],
    )
    assert finished.exit_code is LOST


def test_rows_that_come_after_it_are_not_judged(bench) -> None:
    judging = "require 5 failed rows of job j"
    assert ends(bench, judging, "have 2 failed rows of job j") is LOST
    early = bench.when("any failed rows of job j", 'do "x"')
    assert ends(bench, early, "have 2 failed rows of job j") is LOST
    more = ("have 2 failed rows of job j", judging, "have 3 failed rows of job j")
    assert ends(bench, *more) is LOST
    fewer = ("have 2 failed rows of job j", judging, "have 1 failed rows of job j")
    assert ends(bench, *fewer) is ExitCode.DONE


def test_what_was_not_reached_judges_nothing(bench) -> None:
    lost = "have 2 failed rows of job j"
    judging = "require 5 failed rows of job j"
    no = bench.test('asked "nothing"')
    never = PlannedAnd((no, PlannedNot(no)))
    assert ends(bench, lost, bench.chain('do "x"', failure=judging)) is LOST
    assert ends(bench, lost, bench.when(never, judging)) is LOST
    within = bench.when(never, bench.when("any failed rows of job j", 'do "x"'))
    assert ends(bench, lost, within) is LOST
    assert ends(bench, lost, bench.loop("f", "none*.csv", judging)) is LOST
    assert ends(bench, lost, "stop", judging) is LOST


def test_what_is_reached_judges_wherever_it_stands(bench) -> None:
    lost = "have 2 failed rows of job j"
    judging = "require 5 failed rows of job j"
    handled = bench.chain('break "x"', failure=f"{judging} then continue")
    assert ends(bench, lost, handled) is ExitCode.DONE
    assert ends(bench, lost, bench.chain('do "x"', success=judging)) is ExitCode.DONE
    assert ends(bench, lost, bench.always(judging)) is ExitCode.DONE
    assert ends(bench, lost, bench.parallel('do "x"', judging)) is ExitCode.DONE


def test_a_requirement_that_fails_has_judged(bench) -> None:
    tolerant = bench.chain("require 1 failed rows of job j", failure="continue")
    assert ends(bench, "have 2 failed rows of job j", tolerant) is ExitCode.DONE


def test_a_condition_judges_what_it_need_not_ask(bench) -> None:
    bench.run('do "done"')
    for made in (PlannedOr, PlannedAnd):
        first = bench.test('asked "done"') if made is PlannedOr else bench.test('asked "never"')
        both = made((first, PlannedNot(bench.test("any failed rows of job j"))))
        assert ends(bench, "have 2 failed rows of job j", bench.when(both, 'do "x"')) is (
            ExitCode.DONE
        )


def test_values_of_a_question_that_is_not_asked_are_not_looked_at(bench) -> None:
    wrong = bench.test("over $UNSET failed rows of job j")
    either = PlannedOr((PlannedNot(bench.test('asked "never"')), wrong))
    assert ends(bench, bench.when(either, 'do "x"')) is ExitCode.DONE
    assert bench.world.trace[-1] == "x"


def test_a_wrong_value_of_a_step_that_judges_is_a_failure_of_the_step(bench) -> None:
    finished = bench.run("require $UNSET failed rows of job j", jobs=[bench.job("j")])
    assert finished.exit_code is ExitCode.WRONG
    assert "StepFailed" in bench.kinds()


def test_each_turn_of_a_loop_judges_its_own_job(bench) -> None:
    for name in ("1.csv", "2.csv"):
        (bench.folder / name).write_text("A\n", "utf-8")
    lost = "have 2 failed rows of job j"
    for judging, code in (
        (bench.when("any failed rows of job j", 'do "x"'), ExitCode.DONE),
        (bench.when("any unknown rows of job j", 'do "x"'), LOST),
    ):
        bench.journal.decisions.clear()
        finished = bench.run(bench.loop("f", "*.csv", lost, judging, jobs=[bench.job("j")]))
        assert len(finished.jobs) == 2
        assert finished.exit_code is code


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(("kind", "code"), [("failed", ExitCode.DONE), ("unknown", LOST)])
def test_a_run_that_is_gone_on_with_judges_the_same(bench, judge, kind, code) -> None:
    judging = statement(bench, JUDGES[judge].format(kind=kind))
    tolerant = bench.chain(f"require 1 {kind} rows of job j", failure="continue")
    plan = bench.plan(
        "have 2 failed rows of job j", judging, tolerant, "interrupt", 'do "y"',
        jobs=[bench.job("j")],
    )  # fmt: skip
    assert run_plan(plan, bench.services()).exit_code is ExitCode.INTERRUPTED
    bench.journal.steps = dict(bench.journal.reached)
    bench.renew()
    bench.world.trace.clear()
    finished = run_plan(plan, bench.services())
    assert bench.world.trace[-1:] == ["y"]
    assert finished.jobs[0].counts.failed == 2
    assert finished.exit_code is code


@pytest.mark.parametrize(("mode", "code"), [(RunMode.RETRY, LOST), (RunMode.UNDO, ExitCode.DONE)])
def test_steps_on_the_jobs_of_an_earlier_run_are_not_judged_by_its_conditions(
    bench, mode: RunMode, code: ExitCode
) -> None:
    lost = "have 2 failed rows of job j"
    when = bench.when("any failed rows of job j", 'do "x"')
    plan = bench.plan(lost, when, jobs=[bench.job("j")])
    assert run_plan(plan, bench.services()).exit_code is ExitCode.DONE
    later = evolve(bench.services(), mode=mode)
    finished = run_plan(plan, later)
    assert finished.exit_code is code
    # A file may say what it likes of the rows of its runs.
    assert finished.help is None


def test_what_judges_rows_must_always_name_them() -> None:
    def function(context, what=None, job=None):
        """Do nothing."""

    with pytest.raises(ValueError, match="judges"):
        step("do [{what:name}] of {job}", judges="what")(function)
    with pytest.raises(ValueError, match="judges"):
        condition("so {what:name} of {job}", "so of {job}", judges="what")(function)
