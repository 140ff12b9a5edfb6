"""The kit for plugin authors: it has to find what it promises to find."""

from __future__ import annotations

from types import ModuleType

import pytest

import bulkflow_control.plugin
import bulkflow_csv.plugin
import bulkflow_ingest.plugin
import bulkflow_salesforce.plugin
import bulkflow_sandbox.plugin
from bulkflow.errors import RunInterruptedError, StepError, UsageError
from bulkflow.model.event import Notice
from bulkflow.model.job_phase import Phase
from bulkflow.plugin import (
    Command,
    Org,
    Recorder,
    Source,
    ValueType,
    clause,
    condition,
    hookimpl,
    step,
)
from bulkflow.plugin.context import Clock, Context
from bulkflow.testing import (
    RecordingContext,
    RecordingJournal,
    TestClock,
    check_plugin,
    make_host,
    make_job,
    run_step,
)

SHIPPED = [
    bulkflow_control.plugin,
    bulkflow_csv.plugin,
    bulkflow_ingest.plugin,
    bulkflow_salesforce.plugin,
    bulkflow_sandbox.plugin,
]


def giving(hook: str, *records: object) -> ModuleType:
    made = ModuleType("made")
    setattr(made, hook, hookimpl(lambda: records))
    return made


# ------------------------------------------------------------------------------ conformance


@pytest.mark.parametrize("plugin", SHIPPED, ids=lambda plugin: plugin.__name__)
def test_every_shipped_plugin_conforms(plugin: ModuleType) -> None:
    assert check_plugin(plugin) == []


def test_the_shipped_plugins_do_not_clash() -> None:
    catalogue = make_host(*SHIPPED).catalogue
    assert catalogue.step_words.verbs
    assert catalogue.clause_words.verbs
    assert catalogue.condition_words.verbs


def _step(phrase: str, doc: str = "Do it.", function=None):
    function = function or (lambda context, **slots: None)
    function.__doc__ = doc
    return step(phrase)(function)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (_step("greet", doc=""), "`greet` has no description"),
        (_step("greet {whom:person}"), "a slot of the type person"),
        (_step("greet then {name}"), "`then`, which is reserved"),
        (_step("parallel {name}"), "begins with `parallel`"),
        (_step("greet! {name}"), "'greet!', which is not a word"),
        (_step("copy {job} {other:job}"), "two slots for a job"),
        (
            _step("greet [{name}]", function=lambda context, name: None),
            "cannot be called for `greet [{name}]`: missing a required argument: 'name'",
        ),
        (
            _step("greet {name}", function=lambda context, name, age: None),
            "cannot be called for `greet {name}`: missing a required argument: 'age'",
        ),
    ],
)
def test_a_step_that_breaks_a_rule_is_found(record, fault: str) -> None:
    (found,) = check_plugin(giving("bulkflow_steps", record))
    assert fault in found


def _nothing(**slots: object) -> dict[str, object]:
    return {}


def _asked(context: object) -> bool:
    return True


@pytest.mark.parametrize(
    ("hook", "record", "fault"),
    [
        ("bulkflow_clauses", clause("color {name}", sets=())(_nothing), "has no description"),
        ("bulkflow_conditions", condition("sunny and warm")(_asked), "`and`, which is reserved"),
        ("bulkflow_value_types", ValueType("shade", "", str), "type shade has no description"),
        ("bulkflow_value_types", ValueType("a shade", "x", str), "'a shade' is not a word"),
        ("bulkflow_orgs", Org("home", "", print), "org home has no description"),
        ("bulkflow_orgs", Org("my home", "x", print), "'my home' is not a word"),
        ("bulkflow_sources", Source(("acme",), "", print), "source acme:// has no description"),
        ("bulkflow_sources", Source(("Acme",), "x", print), "'Acme' is not a scheme"),
        ("bulkflow_commands", Command(("acme",), "", print), "command `acme` has no description"),
        ("bulkflow_commands", Command((), "x", print), "'' is not a command path"),
    ],
)
def test_any_record_that_breaks_a_rule_is_found(hook: str, record: object, fault: str) -> None:
    _asked.__doc__ = "Whether."
    assert any(fault in found for found in check_plugin(giving(hook, record)))


@pytest.mark.parametrize(
    ("plugin", "fault"),
    [
        (giving("bulkflow_stepps"), "it cannot be loaded: "),
        (giving("bulkflow_steps", "a text"), "which is not of type Step"),
        (giving("bulkflow_steps", _step("greet"), _step("greet")), "is claimed twice"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_one_fault(plugin: ModuleType, fault: str) -> None:
    (found,) = check_plugin(plugin)
    assert fault in found


def test_types_of_other_plugins_can_be_told() -> None:
    plugin = giving("bulkflow_steps", _step("count {object}"))
    assert check_plugin(plugin) != []
    assert check_plugin(plugin, types=["object"]) == []


# -------------------------------------------------------------------------------- run_step


@step("close {job} [after {time:duration}]", accepts=[Phase.OPEN], leaves=Phase.CLOSED)
def close(context, job, time=0.0):
    """Close."""
    intent = context.journal.intend(job.key, 0, "close", {})
    context.sleep(time)
    context.journal.settle(intent, "done", {})
    context.emit(Notice(f"closed {job.name} at {context.clock.time():.0f}"))
    job.phase = Phase.CLOSED


def test_a_step_runs_with_its_job_and_slots() -> None:
    run = run_step(close, job=make_job("accounts", phase=Phase.OPEN), time=5.0)
    assert run.clock.slept == [5.0]
    assert run.notices == ["closed accounts at 1700000005"]
    assert [entry.what for entry in run.journal.entries] == ["intend", "settle"]
    assert run.journal.unsettled == frozenset()


def test_a_step_is_held_to_the_phases_that_it_declares() -> None:
    with pytest.raises(AssertionError, match="close does not accept a job that is declared"):
        run_step(close, job=make_job())

    @step("close {job}", leaves=Phase.CLOSED)
    def lazy(context, job):
        """Close nothing."""

    with pytest.raises(AssertionError, match="leave a job closed, but left it open"):
        run_step(lazy, job=make_job(phase=Phase.OPEN))


def test_slots_that_the_step_does_not_have_are_refused() -> None:
    with pytest.raises(TypeError, match=r"`close \{job\} .*` has slots for colour"):
        run_step(close, job=make_job(phase=Phase.OPEN), colour="red")


def test_what_a_step_raises_comes_out() -> None:
    @step("fail")
    def fail(context):
        """Fail."""
        raise StepError("no")

    with pytest.raises(StepError, match="no"):
        run_step(fail)


def test_an_interrupted_context_stops_a_step(tmp_path) -> None:
    context = RecordingContext(tmp_path, tmp_path, interrupted=True)
    with pytest.raises(RunInterruptedError):
        run_step(close, job=make_job(phase=Phase.OPEN), context=context)
    assert len(context.journal.unsettled) == 1


def test_what_a_step_shares_is_closed_the_last_first(tmp_path) -> None:
    closed: list[str] = []
    with RecordingContext(tmp_path, tmp_path) as context:
        assert context.share("a", lambda: "first", closed.append) == "first"
        assert context.share("a", lambda: "again", closed.append) == "first"
        context.share("b", lambda: "second", closed.append)
        assert closed == []
    assert closed == ["second", "first"]


def test_a_context_knows_the_org_and_the_sources_that_it_was_given(tmp_path) -> None:
    source = Source(("acme",), "Acme.", print)
    context = RecordingContext(tmp_path, tmp_path, sources={"acme": source})
    assert context.find_source("ACME://x") is source
    with pytest.raises(UsageError, match="begin with other://"):
        context.find_source("other://x")
    with pytest.raises(UsageError, match="names no org"):
        context.open_org()


def test_an_intent_is_settled_once() -> None:
    journal = RecordingJournal()
    intent = journal.intend("accounts", 0, "create", {})
    journal.settle(intent, "done", {})
    for again in (intent, 99):
        with pytest.raises(AssertionError, match="it is not open"):
            journal.settle(again, "done", {})


def test_the_kit_offers_all_that_a_step_may_ask_for(tmp_path) -> None:
    """A member that only the engine's context had would fail a plugin's tests, not its runs."""
    context = RecordingContext(tmp_path, tmp_path)
    for kind, made in (
        (Context, context),
        (Clock, TestClock()),
        (Recorder, RecordingJournal()),
    ):
        members = {name for name in dir(kind) if not name.startswith("_")}
        assert {name for name in members if not hasattr(made, name)} == set()


def test_the_kit_does_not_need_pytest() -> None:
    import subprocess
    import sys

    code = "import sys, bulkflow.testing; sys.exit('pytest' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
