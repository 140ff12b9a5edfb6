"""The host: what it refuses, and whose fault it says something is."""

from __future__ import annotations

from types import ModuleType

import pytest

from bulkflow.errors import PluginError, StepError
from bulkflow.model.event import Notice, RunStarted, Shown
from bulkflow.model.part import Manifest
from bulkflow.plugin import (
    Command,
    Org,
    Problem,
    Source,
    Stop,
    ValueType,
    clause,
    condition,
    hookimpl,
    step,
)
from bulkflow.plugin.error_boundary import attribute_errors
from bulkflow.plugin.event_hooks import HOOK_OF_EVENT
from bulkflow.plugin.hookspecs import hookspec
from bulkflow.plugin.loader import Found, LoadedPlugin
from bulkflow.plugin.records import Provider
from bulkflow.plugin.registry import PluginConflictError
from bulkflow.testing import make_entry_point, make_host, make_job


def plugin(**hooks):
    """A plugin of functions by the names of their hooks."""
    made = ModuleType("made")
    for name, function in hooks.items():
        setattr(made, name, hookimpl(function))
    return made


def giving(hook: str, *records):
    """A plugin that answers one hook."""
    return plugin(**{hook: lambda: records})


def a_step(phrase: str):
    @step(phrase)
    def greet(context, **slots):
        """Greet."""

    return greet


# --------------------------------------------------------------------- what pluggy refuses


def test_a_misspelt_hook_breaks_its_plugin_and_no_other() -> None:
    bad = giving("bulkflow_stepps", a_step("greet"))
    host = make_host(bad=bad, good=giving("bulkflow_steps", a_step("wave")))
    (broken,) = host.broken
    assert broken.provider.plugin == "bad"
    assert "bulkflow_stepps" in str(broken.cause)
    assert [each.phrases[0].text for each in host.catalogue.steps] == ["wave"]


def test_an_unknown_argument_breaks_the_plugin_and_none_of_its_hooks_is_called() -> None:
    called = []
    bad = plugin(
        bulkflow_steps=lambda: called.append("steps") or [a_step("greet")],
        bulkflow_run_started=lambda event, colour: called.append("heard"),
    )
    host = make_host(bad=bad)
    assert host.loaded == ()
    assert "colour" in str(host.broken[0].cause)
    assert host.catalogue.steps == ()
    assert host.notify(RunStarted("1", "x", "y", 0.0)) == ()
    assert called == []


def test_a_hook_may_leave_out_arguments() -> None:
    heard = []
    host = make_host(quiet=plugin(bulkflow_run_started=lambda: heard.append("started")))
    assert host.broken == ()
    host.notify(RunStarted("1", "x", "y", 0.0))
    assert heard == ["started"]


def test_one_module_under_two_names_is_broken_the_second_time() -> None:
    one = giving("bulkflow_steps", a_step("greet"))
    host = make_host(first=one, second=one)
    assert [each.provider.plugin for each in host.loaded] == ["first"]
    assert [each.provider.plugin for each in host.broken] == ["second"]
    assert len(host.catalogue.steps) == 1


def test_a_wrapper_is_refused() -> None:
    wrapping = ModuleType("wrapping")

    @hookimpl(wrapper=True)
    def bulkflow_steps():
        return (yield)

    wrapping.bulkflow_steps = bulkflow_steps
    (broken,) = make_host(wrapping).broken
    assert str(broken.cause) == "bulkflow_steps is a wrapper, which bulkflow does not support"


def test_broken_and_blocked_plugins_are_in_the_catalogue_and_the_host() -> None:
    host = make_host(
        make_entry_point(ImportError("gone"), "lost"),
        make_entry_point(plugin(), "out"),
        blocked=["out"],
    )
    assert [each.provider.plugin for each in host.catalogue.broken] == ["lost"]
    assert [each.plugin for each in host.blocked] == ["out"]


# ------------------------------------------------------------------------------ answers


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        ("bulkflow_steps", "Step"),
        ("bulkflow_clauses", "Clause"),
        ("bulkflow_conditions", "Condition"),
        ("bulkflow_value_types", "ValueType"),
        ("bulkflow_orgs", "Org"),
        ("bulkflow_sources", "Source"),
        ("bulkflow_commands", "Command"),
    ],
)
def test_a_record_of_the_wrong_kind_names_the_plugin(hook: str, kind: str) -> None:
    (broken,) = make_host(odd=giving(hook, "a text")).catalogue.broken
    assert str(broken.cause) == (
        f"plugin odd (in-memory 0) failed while answering {hook}: "
        f"TypeError: it returned 'a text', which is not of type {kind}"
    )


@pytest.mark.parametrize("answer", [lambda: None, lambda: 1 / 0, lambda: [Stop()]])
def test_a_hook_that_fails_breaks_its_plugin_and_no_other(answer) -> None:
    heard: list[str] = []
    hooks = {
        "bulkflow_orgs": lambda: [Org("home", "Home.", lambda request: None)],
        "bulkflow_run_started": lambda: heard.append("odd"),
    }
    host = make_host(
        odd=plugin(bulkflow_steps=answer, **hooks), fine=giving("bulkflow_steps", a_step("greet"))
    )
    catalogue = host.catalogue
    assert ([each.verb for step in catalogue.steps for each in step.phrases], catalogue.orgs) == (
        ["greet"],
        {},
    )
    (broken,) = catalogue.broken
    assert "plugin odd (in-memory 0) failed while answering bulkflow_steps" in str(broken.cause)
    assert (host.broken, [each.provider.plugin for each in host.loaded]) == ((broken,), ["fine"])
    host.notify(RunStarted("1", "x", "y", 0.0))
    assert heard == []


def test_every_record_gets_its_provider() -> None:
    provider = Provider("all", "in-memory", "0")

    @clause("color {name}", sets=("color",))
    def color(name):
        """Color."""
        return {"color": name}

    @condition("sunny")
    def sunny(context):
        """Sun."""
        return True

    catalogue = make_host(
        all=plugin(
            bulkflow_steps=lambda: iter([a_step("greet")]),
            bulkflow_clauses=lambda: [color],
            bulkflow_conditions=lambda: [sunny],
            bulkflow_value_types=lambda: [ValueType("shade", "a shade", str)],
            bulkflow_orgs=lambda: [Org("home", "Home.", lambda request: None)],
            bulkflow_sources=lambda: [Source(("acme", "acmes"), "Acme.", lambda request: ())],
            bulkflow_commands=lambda: [Command(("acme",), "Acme.", lambda: None)],
        )
    ).catalogue
    records = [
        *catalogue.steps,
        *catalogue.clauses,
        *catalogue.conditions,
        catalogue.value_types["shade"],
        catalogue.orgs["home"],
        catalogue.sources["acme"],
        catalogue.sources["acmes"],
        *catalogue.commands,
    ]
    assert [record.provider for record in records] == [provider] * 8
    assert catalogue.value_types["text"].provider is None
    assert catalogue.step_by_phrase["greet"] is catalogue.steps[0]
    assert catalogue.clause_by_phrase["color {name}"] is catalogue.clauses[0]
    assert catalogue.condition_by_phrase["sunny"] is catalogue.conditions[0]


def test_records_stand_in_the_order_of_loading() -> None:
    host = make_host(
        make_entry_point(giving("bulkflow_steps", a_step("c")), "c", distribution="zeta"),
        make_entry_point(
            giving("bulkflow_steps", a_step("b"), a_step("a")), "b", distribution="acme"
        ),
    )
    assert [each.phrases[0].text for each in host.catalogue.steps] == ["b", "a", "c"]


# ------------------------------------------------------------------------------ clashes


@pytest.mark.parametrize(
    ("hook", "record", "what"),
    [
        ("bulkflow_value_types", ValueType("shade", "a shade", str), "value type shade"),
        ("bulkflow_orgs", Org("home", "Home.", lambda request: None), "org home"),
        ("bulkflow_sources", Source(("x",), "X.", lambda request: ()), "source scheme x"),
    ],
)
def test_one_name_from_two_plugins_is_an_error_that_names_both(hook, record, what) -> None:
    host = make_host(one=giving(hook, record), two=giving(hook, record))
    with pytest.raises(PluginConflictError) as caught:
        _ = host.catalogue
    assert caught.value.message == (
        f"two plugins claim the {what}: one (in-memory 0) and two (in-memory 0)"
    )


def test_a_type_of_the_framework_cannot_be_replaced() -> None:
    host = make_host(thief=giving("bulkflow_value_types", ValueType("text", "a text", str)))
    with pytest.raises(PluginConflictError, match=r"bulkflow itself and thief \(in-memory 0\)"):
        _ = host.catalogue


def test_one_phrase_from_two_plugins_is_an_error_that_names_both() -> None:
    host = make_host(
        one=giving("bulkflow_steps", a_step("greet now")),
        two=giving("bulkflow_steps", a_step("greet now")),
    )
    with pytest.raises(PluginConflictError) as caught:
        _ = host.catalogue.step_words
    assert caught.value.message == (
        "the step `greet now` is claimed twice: by one (in-memory 0) and by two (in-memory 0)"
    )


# ------------------------------------------------------------------- faults and the border


@pytest.mark.parametrize("error", [StepError("no"), PluginError("other")])
def test_errors_of_bulkflow_pass_the_border(error) -> None:
    with pytest.raises(type(error)) as caught, attribute_errors(None, "x"):
        raise error
    assert caught.value is error


def test_signals_pass_the_border_of_a_step_and_no_other() -> None:
    with pytest.raises(Stop), attribute_errors(None, "running `stop`", signals=True):
        raise Stop
    with pytest.raises(PluginError, match="failed while asking"), attribute_errors(None, "asking"):
        raise Stop


def test_a_fault_is_named_with_its_cause() -> None:
    provider = Provider("acme", "bulkflow-acme", "2.1")
    with pytest.raises(PluginError) as caught, attribute_errors(provider, "running `x`"):
        {}["key"]
    assert caught.value.message == (
        "plugin acme (bulkflow-acme 2.1) failed while running `x`: KeyError: 'key'"
    )
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, GeneratorExit])
def test_what_is_no_fault_is_not_taken_for_one(stop) -> None:
    with pytest.raises(stop), attribute_errors(None, "x"):
        raise stop


def test_the_first_plugin_that_knows_a_job_prepares_it() -> None:
    asked = []

    def prepare(name, answer):
        def bulkflow_prepare_job(context, job):
            asked.append(name)
            return answer

        return plugin(bulkflow_prepare_job=bulkflow_prepare_job)

    manifest = Manifest((), (), 0, 0)
    host = make_host(a=prepare("a", None), b=prepare("b", manifest), c=prepare("c", manifest))
    assert host.prepare_job(None, make_job()) is manifest
    assert asked == ["a", "b"]
    assert make_host().prepare_job(None, make_job()) is None


def test_a_manifest_that_is_none_names_the_plugin() -> None:
    host = make_host(odd=plugin(bulkflow_prepare_job=lambda job: 3))
    with pytest.raises(PluginError, match=r"plugin odd .* preparing job rows: .* not a Manifest"):
        host.prepare_job(None, make_job("rows"))


def test_problems_of_all_plugins_are_told() -> None:
    host = make_host(
        a=plugin(bulkflow_job_problems=lambda settings: [Problem("no object")]),
        b=plugin(bulkflow_job_problems=lambda settings: [Problem(str(settings))]),
    )
    problems = host.catalogue.job_problems({"x": 1})
    assert [problem.message for problem in problems] == ["no object", "{'x': 1}"]
    assert list(make_host().catalogue.job_problems({})) == []


@pytest.mark.parametrize("answer", [None, ["a text"]])
def test_problems_that_are_none_name_the_plugin(answer) -> None:
    host = make_host(odd=plugin(bulkflow_job_problems=lambda settings: answer))
    with pytest.raises(PluginError, match=r"plugin odd .* checking a job's settings"):
        list(host.catalogue.job_problems({}))


@pytest.mark.parametrize("hook", ["source", "org"])
def test_problems_of_data_and_org_are_told_with_their_plugin(hook: str) -> None:
    def ask(host):
        if hook == "source":
            return list(host.find_source_problems(None, make_job("rows")))
        return list(host.find_org_problems(None, (), (), 3))

    name = f"bulkflow_{hook}_problems"
    fine = plugin(**{name: lambda context: [Problem("no"), Problem("never", code="ACME1")]})
    assert [each.code for each in ask(make_host(fine))] == [None, "ACME1"]
    with pytest.raises(PluginError, match=r"plugin odd .* not a Problem"):
        ask(make_host(odd=plugin(**{name: lambda context: ["a text"]})))
    assert ask(make_host()) == []


def test_every_listener_hears_although_one_fails() -> None:
    heard = []
    host = make_host(
        a=plugin(bulkflow_notice=lambda event: 1 / 0),
        b=plugin(bulkflow_notice=lambda event: heard.append(event.message)),
    )
    ((provider, failure),) = host.notify(Notice("hello"))
    assert heard == ["hello"]
    assert provider.plugin == "a"
    assert "plugin a (in-memory 0) failed while handling Notice" in failure.message
    assert isinstance(failure.__cause__, ZeroDivisionError)


def test_data_for_the_user_is_no_news_for_plugins() -> None:
    assert make_host().notify(Shown("job", {})) == ()


def test_what_a_plugin_listens_to_can_be_listed() -> None:
    host = make_host(
        a=plugin(bulkflow_run_finished=lambda event: None, bulkflow_steps=lambda: (a_step("x"),)),
        b=plugin(),
    )
    assert [host.list_events(each) for each in host.loaded] == [["run_finished"], []]
    nobody = LoadedPlugin(Provider("x", "x", "0"), "x", object())
    assert host.list_events(nobody) == []


def test_every_event_has_a_hook_or_is_kept_from_plugins() -> None:
    from typing import get_args

    from bulkflow.model.event import Event

    assert set(get_args(Event)) == set(HOOK_OF_EVENT)
    assert [event for event, hook in HOOK_OF_EVENT.items() if hook is None] == [Shown]


def test_a_host_can_be_made_of_nothing() -> None:
    from bulkflow.plugin.host import PluginHost

    host = PluginHost.of(Found((), (), ()))
    assert "text" in host.catalogue.value_types
    assert hookspec.project_name == "bulkflow"
