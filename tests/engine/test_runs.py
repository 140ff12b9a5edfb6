"""A whole run: exit codes, what is read before it, what is closed behind it, who hears of it."""

from __future__ import annotations

import pytest

from bulkflow.engine.forecast import forecast
from bulkflow.engine.null_recorder import NullRecorder
from bulkflow.errors import DataError, ExitCode, PluginError, UsageError
from bulkflow.model.event import NoticeLevel
from bulkflow.plugin import Stop, hookimpl

# ---------------------------------------------------------------------------- exit codes


def test_a_wrong_value_ends_with_2_while_nothing_was_sent(bench) -> None:
    assert bench.run('refuse "a"').exit_code is ExitCode.WRONG


def test_a_wrong_value_ends_with_1_when_something_was_sent(bench) -> None:
    finished = bench.run('send job j then refuse "a"', jobs=[bench.job("j")])
    assert finished.exit_code is ExitCode.FAILED


def test_a_wrong_value_beside_a_failed_step_ends_with_1(bench) -> None:
    finished = bench.run(bench.chain('refuse "a"', failure='break "b"'))
    assert finished.exit_code is ExitCode.FAILED


def test_failed_rows_that_nobody_answers_for_end_with_3_and_say_what_to_write(bench) -> None:
    finished = bench.run("lose 2 rows of job j", jobs=[bench.job("j")])
    assert finished.exit_code is ExitCode.ROWS_FAILED
    assert finished.help is not None
    assert "save failed rows of job j" in finished.help


def test_failed_rows_that_a_step_answers_for_end_with_0(bench) -> None:
    finished = bench.run("lose 2 rows of job j then answer for job j", jobs=[bench.job("j")])
    assert finished.exit_code is ExitCode.DONE
    assert finished.help is None


def test_an_interrupted_run_ends_with_130_and_names_what_is_left_in_the_org(bench) -> None:
    finished = bench.run(
        'leave "750A" of job j then interrupt then do "never"', jobs=[bench.job("j")]
    )
    assert finished.exit_code is ExitCode.INTERRUPTED
    assert bench.world.trace == ["interrupt"]
    assert finished.jobs[0].left == ("750A",)
    assert finished.help is not None
    assert "unfinished in the org" in finished.help


def test_no_step_begins_after_an_interruption(bench) -> None:
    bench.run('do "a" then interrupt then do "b"')
    assert [event for event in bench.kinds() if event == "StepStarted"] == ["StepStarted"] * 2


def test_a_run_starts_and_finishes_with_an_event(bench) -> None:
    bench.orgs = {"fine": "fine"}
    finished = bench.run('do "a"', "pause 7s")
    kinds = bench.kinds()
    assert (kinds[0], kinds[-1]) == ("RunStarted", "RunFinished")
    assert bench.events[-1] is finished
    assert finished.seconds == 7


# ----------------------------------------------------------------------------- preflight


def test_sources_are_read_before_the_run_starts(bench) -> None:
    bench.run("send job j", jobs=[bench.job("j")])
    assert bench.kinds()[:2] == ["JobPrepared", "RunStarted"]
    assert [entry.what for entry in bench.journal.entries] == ["prepared", "intend", "settle"]


def test_a_job_that_no_step_uses_is_not_read(bench) -> None:
    finished = bench.run(
        bench.when("lost rows of job asked", 'do "x"'),
        bench.chain("send job used", failure='leave "1" of job handled'),
        jobs=[bench.job(name) for name in ("used", "unused", "asked", "handled")],
    )
    assert bench.world.prepared == ["used", "asked", "handled"]
    assert finished.exit_code is ExitCode.DONE


def test_a_source_is_read_once(bench) -> None:
    bench.run("send job j then send job j", jobs=[bench.job("j")])
    assert bench.world.prepared == ["j"]


def test_all_bad_sources_are_reported_and_no_step_runs(bench) -> None:
    finished = bench.run(
        "send job a then send job b then send job c",
        bench.always('do "always"'),
        jobs=[
            bench.job("a", 'bad "no rows"'),
            bench.job("b"),
            bench.job("c", 'bad "no header"'),
        ],
    )
    assert [str(error) for error in finished.errors] == ["a: no rows", "c: no header"]
    assert all(isinstance(error, DataError) for error in finished.errors)
    assert finished.exit_code is ExitCode.WRONG
    assert bench.world.trace == []
    assert bench.kinds() == ["JobPrepared", "RunFinished"]


def test_a_job_that_reads_what_a_step_writes_is_read_when_the_run_gets_there(bench) -> None:
    bench.run(
        'write "out.csv"',
        "send job later then send job early",
        jobs=[bench.job("later", 'from "out.csv"'), bench.job("early", 'from "in.csv"')],
    )
    assert bench.world.prepared == ["early", "later"]
    assert bench.kinds().index("RunStarted") == 1


def test_a_job_below_a_folder_that_a_step_writes_is_read_when_the_run_gets_there(bench) -> None:
    bench.run(
        bench.when("lost rows of job j", 'write "{name}"'),
        "send job j",
        jobs=[bench.job("j", 'from "{name}/a.csv"')],
        params={"name": '"out"'},
    )
    assert bench.kinds()[0] == "RunStarted"


def test_an_environment_variable_that_is_not_set_is_named(bench) -> None:
    finished = bench.run("note $REGION")
    assert [str(error) for error in finished.errors] == [
        "test.bulkflow:1:1: environment variable REGION is not set"
    ]
    assert finished.exit_code is ExitCode.WRONG


def test_values_are_resolved_when_the_step_runs(bench) -> None:
    bench.environ["REGION"] = "EMEA"
    bench.run(
        'note "{region}/{kind}" then note 12 then note 90s then note kind',
        lets={"region": "$REGION", "kind": '"new"'},
    )
    assert bench.world.trace == ["EMEA/new", "12", "90s", "new"]


# -------------------------------------------------------------------- org, sources, shared


def test_the_org_is_opened_once_and_closed_at_the_end(bench) -> None:
    bench.orgs = {"fine": "fine"}
    bench.run("open the org then open the org", bench.always('do "always"'))
    assert bench.world.trace == ["fine", "fine", "always", "org closed"]


def test_an_org_that_no_step_asks_for_is_not_opened(bench) -> None:
    bench.orgs = {"broken": "broken"}
    assert bench.run('do "a"').exit_code is ExitCode.DONE


@pytest.mark.parametrize(("org", "message"), [({}, "names no org"), ({"x": "x"}, "unknown org")])
def test_an_org_that_is_not_there_is_a_usage_error(bench, org, message) -> None:
    bench.orgs = org
    (error,) = bench.run("open the org").errors
    assert isinstance(error, UsageError)
    assert message in error.message


def test_a_step_works_in_its_own_org_else_in_its_jobs(bench) -> None:
    bench.orgs = {"source": "fine", "target": "apart"}
    jobs = [bench.job("a", "in source"), bench.job("b", "in target")]
    bench.run(
        "open the org of job a then open the org of job b then open the org in source"
        " then open the org of job a in target then open the org of job b",
        jobs=jobs,
    )
    assert bench.world.trace == [
        "fine as source",
        "apart 1 as target",
        "fine as source",
        "apart 1 as target",
        "apart 1 as target",
        "org closed",
    ]


def test_a_step_that_says_no_org_has_none_where_there_are_several(bench) -> None:
    bench.orgs = {"source": "fine", "target": "fine"}
    (error,) = bench.run("open the org").errors
    assert isinstance(error, UsageError)
    assert "the file has source, target" in error.message
    assert bench.world.trace == []


def test_two_names_of_a_profile_open_one_org_unless_it_is_one_for_each(bench) -> None:
    bench.orgs = {"one": "fine", "two": "fine", "three": "apart", "four": "apart"}
    bench.run(" then ".join(f"open the org in {name}" for name in bench.orgs))
    assert bench.world.trace == [
        "fine as one",
        "fine as two",
        "apart 1 as three",
        "apart 2 as four",
        "org closed",
    ]


def test_a_job_is_recorded_with_its_org(bench) -> None:
    bench.orgs = {"source": "fine", "target": "fine"}
    bench.run("send job j", jobs=[bench.job("j", "in target")])
    (prepared,) = [each for each in bench.journal.entries if each.what == "prepared"]
    assert prepared.arguments[2] == "target"


def test_a_scheme_that_nobody_reads_is_named(bench) -> None:
    (error,) = bench.run('read "acme://x"').errors
    assert "acme://" in error.message


def test_shared_things_are_closed_in_reverse(bench) -> None:
    bench.run('share "a" then share "b" then share "a" then break "c"')
    assert bench.world.trace == ["a", "b", "a", "c", "close b", "close a"]


def test_all_that_cannot_be_closed_is_reported(bench) -> None:
    finished = bench.run(
        'share "a" failing "refused" then share "b" then share "c" failing "stuck"'
    )
    assert bench.world.trace[3:] == ["close c", "close b", "close a"]
    assert [str(error) for error in finished.errors] == [
        "could not close c: OSError: stuck",
        "a will not close",
    ]
    assert finished.exit_code is ExitCode.FAILED


# ----------------------------------------------------------------------------- listeners


class Ears:
    def __init__(self) -> None:
        self.heard: list[str] = []

    @hookimpl
    def bulkflow_step_started(self, event):
        self.heard.append(event.text)

    @hookimpl
    def bulkflow_run_finished(self, event):
        self.heard.append(event.exit_code.name)


class BadEars:
    def __init__(self, error: Exception) -> None:
        self._error = error
        self.asked = 0

    @hookimpl
    def bulkflow_step_started(self, event):
        self.asked += 1
        raise self._error


def test_plugins_hear_what_they_listen_to(bench, with_plugins) -> None:
    ears = Ears()
    with_plugins(ears).run('do "a"')
    assert ears.heard == ['do "a"', "DONE"]


@pytest.mark.parametrize("error", [ZeroDivisionError("deaf"), UsageError("deaf"), Stop()])
def test_a_listener_that_fails_is_warned_about_once_and_stops_nobody(
    bench, with_plugins, error: Exception
) -> None:
    bad, ears = BadEars(error), Ears()
    finished = with_plugins(bad, ears).run('do "a" then do "b"', 'do "c"')
    assert finished.exit_code is ExitCode.DONE
    assert bench.world.trace == ["a", "b", "c"]
    assert ears.heard == ['do "a"', 'do "b"', 'do "c"', "DONE"]
    assert bad.asked == 3
    (warning,) = bench.notices(NoticeLevel.WARNING)
    assert "plugin BadEars (in-memory 0) failed while handling StepStarted" in warning


# ------------------------------------------------------------------------------ forecast


def _forecast(bench, *statements, **rest):
    services = bench.services()
    services.journal = NullRecorder()
    return forecast(bench.plan(*statements, **rest), services)


def test_a_forecast_lists_the_steps_and_runs_none(bench) -> None:
    made = _forecast(
        bench,
        bench.chain("count job j then send job j", failure="count job j"),
        bench.parallel('do "a"', 'do "b"'),
        bench.when("lost rows of job j", 'do "c"'),
        bench.always('do "d"'),
        jobs=[bench.job("j")],
    )
    assert bench.world.trace == []
    assert [(step.depth, step.text, step.job, step.requests) for step in made.steps] == [
        (0, "count job j", "j", 2),
        (0, "send job j", "j", 0),
        (0, "on failure", None, 0),
        (1, "count job j", "j", 0),
        (0, "in parallel", None, 0),
        (1, 'do "a"', None, 0),
        (1, 'do "b"', None, 0),
        (0, "when it is so", None, 0),
        (1, 'do "c"', None, 0),
        (0, "always", None, 0),
        (1, 'do "d"', None, 0),
    ]
    assert (made.requests, made.rows, made.bytes) == (2, 3, 20)


def test_a_forecast_reads_the_jobs_of_every_block(bench) -> None:
    (bench.folder / "a.csv").write_text("A\n1\n", "utf-8")
    made = _forecast(
        bench,
        bench.parallel("count job p", jobs=[bench.job("p")]),
        bench.loop("f", "*.csv", "count job l", jobs=[bench.job("l", 'from "{f}"')]),
        bench.loop("f", "*.txt", "count job l", jobs=[bench.job("l", 'from "{f}"')]),
    )
    assert [(job.job, job.manifest.rows) for job in made.jobs] == [("p", 3), ("l[a.csv]", 3)]
    assert made.requests == 4
    assert made.steps[-1].text == 'for f in "*.txt" (matches no file now)'


def test_a_forecast_reports_all_bad_sources(bench) -> None:
    made = _forecast(
        bench,
        "count job a",
        bench.always("count job b", jobs=[bench.job("b", 'bad "second"')]),
        jobs=[bench.job("a", 'bad "first"')],
    )
    assert [(each.code, each.message) for each in made.diagnostics] == [
        ("B401", "a: first"),
        ("B401", "b: second"),
    ]
    assert made.errors == []
    assert [step.requests for step in made.steps if step.job] == [None, None]


def test_a_step_that_cannot_count_its_requests_is_a_fault_of_its_plugin(bench) -> None:
    with pytest.raises(PluginError, match=r"plugin Words .* failed while counting the requests"):
        _forecast(bench, "miscount job j", jobs=[bench.job("j")])


def test_nothing_can_be_intended_while_only_a_plan_was_asked_for() -> None:
    with pytest.raises(PluginError, match="during `bulkflow plan`"):
        NullRecorder().intend("j", 0, "create", {})
    with pytest.raises(PluginError, match="does not exist"):
        NullRecorder().settle(1, "done", {})
