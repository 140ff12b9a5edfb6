"""What `check` asks of plugins and of its caller, and what it makes of the answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from attrs import evolve

from bulkflow.errors import PluginError
from bulkflow.language import EVERY, Checked, check
from bulkflow.model.value import Duration, Integer, Name, Text
from bulkflow.plugin import UNKNOWN, Provider, ValueType, clause, condition, step
from bulkflow.plugin.registry import BrokenPlugin, Catalogue, PluginConflictError
from bulkflow.source import SourceText

ACME = Provider("acme", "bulkflow-acme", "1.2")


def checked(text: str, catalogue: Catalogue, **options) -> Checked:
    arguments = {"settings": {}, "environ": {}, "read": None, **options}
    return check(SourceText("some.bulkflow", text), catalogue, **arguments)


def codes(found: Checked) -> list[str]:
    return [each.code for each in found.diagnostics]


def test_the_sentence_is_planned_exactly_as_written(catalogue):
    text = (
        'org sandbox\njob X\n    insert A\n    from "a"\nupload then close job X on failure abort'
    )
    plan = checked(text, catalogue).plan
    assert plan is not None
    (chain,) = plan.body.statements
    assert [(step.word, dict(step.arguments), step.job) for step in chain.steps] == [
        ("upload [{job}]", {}, "X"),
        ("close [{job}]", {}, "X"),
    ]
    (handler,) = chain.handlers
    assert handler.event.value == "failure"
    assert [(step.word, step.job) for step in handler.steps] == [("abort [{job}]", "X")]


def test_the_phrase_with_the_most_literal_words_is_taken(catalogue):
    def shout(context, a, b=None):
        raise AssertionError

    wide = step("shout {a:value} {b:value}")(shout)
    narrow = step("shout loud {a:value}")(shout)
    for steps in ((wide, narrow), (narrow, wide)):
        plan = checked("shout loud 3", evolve(catalogue, steps=steps)).plan
        assert plan is not None
        assert plan.body.statements[0].steps[0].word == "shout loud {a:value}"


def test_a_setting_is_read_as_the_kind_of_the_default(catalogue):
    text = 'param a = "x"\nparam b = 30s\nparam c = Account\nparam d\nparam e\nlog a'
    settings = {"a": "2h", "b": "2h", "c": "Contact", "d": "7", "e": "seven"}
    plan = checked(text, catalogue, settings=settings).plan
    assert plan is not None
    found = {name: type(value) for name, value in plan.parameters.items()}
    assert found == {"a": Text, "b": Duration, "c": Name, "d": Integer, "e": Text}


@pytest.mark.parametrize("text", ['"', "3\nlet y = 4", "3 # four", "", "{x}", "env HOME", "a b"])
def test_a_setting_that_is_no_value_is_a_text(catalogue, text):
    plan = checked("param a\nlog a", catalogue, settings={"a": text}).plan
    assert plan is not None
    value = plan.parameters["a"]
    assert isinstance(value, Text)
    assert "".join(value.parts) == text


def test_the_org_of_the_command_line_is_taken_before_that_of_the_file(catalogue):
    plan = checked("org sandbox\nlog 1", catalogue, orgs={EVERY: "prod"}).plan
    assert plan is not None
    assert plan.orgs == {"sandbox": "prod"}


def test_a_plan_without_jobs_needs_no_org(catalogue):
    plan = checked("log 1", catalogue).plan
    assert plan is not None
    assert plan.orgs == {}


def test_settings_that_only_the_run_knows_are_asked_about_as_unknown(catalogue):
    asked = []

    def problems(settings, kind):
        asked.append(dict(settings))
        return ()

    text = """
org sandbox
param object = Account
for file in "*.csv"
    job each
        insert object
        from "{file}"
        parts of 10 rows
    load job each
"""
    checked(text, evolve(catalogue, job_problems=problems))
    assert asked == [{"operation": "insert", "object": "Account", "location": UNKNOWN, "parts": 10}]


def test_the_environment_is_read_for_the_check_and_stays_out_of_the_steps(catalogue):
    text = "log env TOKEN\nlet t = env TOKEN\nlog t"
    found = checked(text, catalogue, environ={"TOKEN": "hush"})
    assert found.plan is not None
    assert "hush" not in repr(found.plan.body)


def test_a_file_is_read_only_where_it_is_included(catalogue):
    read = []

    def reading(path: Path) -> SourceText:
        read.append(path)
        return SourceText(
            str(path), 'include "three.bulkflow"\n' if path.stem == "two" else "log 3\n"
        )

    main = SourceText("one", 'include "parts/two.bulkflow"\nlog 1\n', Path("flows/one.bulkflow"))
    found = check(main, catalogue, settings={}, environ={}, read=reading)
    assert found.plan is not None
    assert read == [Path("flows/parts/two.bulkflow"), Path("flows/parts/three.bulkflow")]
    assert [each.span.source.name for each in found.plan.body.statements] == [
        str(Path("flows/parts/three.bulkflow")),
        "one",
    ]


@pytest.mark.parametrize("main", ["x.bulkflow", "../x.bulkflow", "a/x.bulkflow", "/a/x.bulkflow"])
@pytest.mark.parametrize("name", ["../y.bulkflow", "b/../../y.bulkflow", "/y.bulkflow", ".."])
def test_nothing_outside_of_the_folder_is_read(catalogue, main, name):
    source = SourceText("main", f'include "{name}"\n', Path(main))
    assert codes(check(source, catalogue, settings={}, environ={}, read=None)) == ["B123"]


def test_a_long_line_of_includes_is_followed_to_its_end(catalogue):
    def reading(path: Path) -> SourceText:
        number = int(path.stem)
        text = f'include "{number + 1}.bulkflow"\n' if number < 2000 else "log 1\n"
        return SourceText(path.name, text, path)

    main = SourceText("main", 'include "0.bulkflow"\n')
    found = check(main, catalogue, settings={}, environ={}, read=reading)
    assert found.plan is not None
    assert len(found.plan.body.statements) == 1


def test_an_unknown_verb_names_the_plugins_that_could_not_be_loaded(catalogue):
    broken = (BrokenPlugin(ACME, "acme", ImportError("no module")),)
    (found,) = checked("frobnicate", evolve(catalogue, broken=broken)).diagnostics
    assert "acme (bulkflow-acme 1.2)" in (found.help or "")


def test_two_plugins_with_one_phrase_are_an_error_that_names_both(catalogue):
    @step("log {message:value}")
    def log(context, message):
        raise AssertionError

    twice = evolve(catalogue, steps=(*catalogue.steps, evolve(log, provider=ACME)))
    with pytest.raises(PluginConflictError, match="acme"):
        checked("log 1", twice)


def test_a_type_that_breaks_is_the_fault_of_its_plugin(catalogue):
    def fragile(value):
        raise KeyError(value)

    types = {**catalogue.value_types, "value": ValueType("value", "x", fragile, provider=ACME)}
    with pytest.raises(PluginError, match="acme"):
        checked("log 1", evolve(catalogue, value_types=types))


def test_a_clause_that_breaks_is_the_fault_of_its_plugin(catalogue):
    @clause("from {location}", sets=("location",))
    def fragile(location):
        raise ZeroDivisionError

    broken = evolve(catalogue, clauses=(evolve(fragile, provider=ACME),))
    with pytest.raises(PluginError, match="acme"):
        checked('org sandbox\njob a\n    from "x"\nload job a', broken)


def test_a_question_of_a_plugin_goes_before_a_comparison(catalogue):
    @condition("today is {day:value}")
    def today(context, day):
        raise AssertionError

    known = evolve(catalogue, conditions=(today,))
    plan = checked('when today is "monday"\n    log 1', known).plan
    assert plan is not None
    assert plan.body.statements[0].condition.word == "today is {day:value}"


def test_warnings_keep_no_file_from_running(catalogue):
    found = checked('org sandbox\njob a\n    insert A\n    from "a"\n', catalogue)
    assert codes(found) == ["B202"]
    assert found.plan is not None


def test_a_near_name_is_searched_only_so_often(catalogue):
    text = "".join(f"uplaod{n}\n" for n in range(200))
    found = checked(text, catalogue)
    assert len(found.diagnostics) == 200
    offered = [each for each in found.diagnostics if "did you mean" in (each.help or "")]
    assert 0 < len(offered) <= 30
