"""The decorators, and the types of slots."""

from __future__ import annotations

import pytest

from bulkflow.model.job_phase import Phase
from bulkflow.model.value import Boolean, Duration, Integer, Name, Percent, Size, Text
from bulkflow.plugin import OrgRequest, SourceRequest, clause, condition, step
from bulkflow.plugin.sentinel import UNKNOWN
from bulkflow.plugin.types import choice, framework_types
from bulkflow.source import SourceText, Span

SPAN = Span(SourceText("test", ""), 0, 0)


def test_a_step_takes_its_description_from_the_function() -> None:
    @step("greet {whom:text}", "hail {whom:text}", accepts=[Phase.OPEN], leaves=Phase.CLOSED)
    def greet(context, whom):
        """Say hello.

        Aloud.
        """

    assert greet.doc == "Say hello.\n\nAloud."
    assert [phrase.verb for phrase in greet.phrases] == ["greet", "hail"]
    assert greet.accepts == {Phase.OPEN}
    assert greet.leaves is Phase.CLOSED
    assert not greet.ends_chain
    assert greet.provider is None


def test_a_step_without_limits_accepts_any_phase() -> None:
    @step("greet")
    def greet(context):
        """Say hello."""

    assert greet.accepts is None
    assert greet.leaves is None
    assert greet.requests is None


def test_a_clause_says_what_it_sets() -> None:
    @clause("color {name}", sets=["color"], begins=[Phase.OPEN])
    def color(name):
        """Paint it."""
        return {"color": name}

    assert color.sets == ("color",)
    assert color.begins == {Phase.OPEN}
    assert color.function(name="red") == {"color": "red"}


@pytest.mark.parametrize(
    ("declare", "function", "fault"),
    [
        (step(), lambda context: None, "declared without a phrase"),
        (step("a {b}"), lambda context: None, r"no parameter for \{b\} of its phrase 'a \{b\}'"),
        (step("a {b}"), lambda b: None, "must take context first"),
        (step("a", "a {b}"), lambda context: None, "no parameter for"),
        (step("a ["), lambda context: None, "not closed"),
        (clause("a {b}", sets=()), lambda: {"a": 1}, "no parameter for"),
        (condition("a"), lambda: True, "must take context first"),
    ],
)
def test_a_declaration_that_cannot_work_is_refused(declare, function, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        declare(function)


def test_a_function_may_take_its_slots_as_keywords() -> None:
    @step("a {b} [or {c}]")
    def made(context, **slots):
        """Do it."""

    assert len(made.phrases[0].slots) == 2


def test_requests_keep_the_environment_to_themselves(tmp_path) -> None:
    environ = {"SF_ACCESS_TOKEN": "00Dsecret"}
    for request in (OrgRequest("x", environ, tmp_path), SourceRequest("x", tmp_path, environ)):
        assert "00Dsecret" not in repr(request)


# ----------------------------------------------------------------------------------- types

ONE_OF_EACH = {
    "name": Name("a", SPAN),
    "text": Text(("a",), SPAN),
    "number": Integer(3, SPAN),
    "duration": Duration(1.5, SPAN),
    "size": Size(90_000_000, SPAN),
    "percent": Percent(0.5, SPAN),
}


@pytest.mark.parametrize(
    ("kind", "takes", "gives"),
    [
        ("job", "name", "a"),
        ("name", "name", "a"),
        ("text", "text", "a"),
        ("path", "text", "a"),
        ("location", "text", "a"),
        ("number", "number", 3),
        ("duration", "duration", 1.5),
        ("size", "size", 90_000_000),
        ("percent", "percent", 0.5),
    ],
)
def test_a_type_takes_its_kind_of_value_and_no_other(kind, takes, gives) -> None:
    (made,) = [each for each in framework_types() if each.name == kind]
    assert made.convert(ONE_OF_EACH[takes]) == gives
    others = [value for name, value in ONE_OF_EACH.items() if name != takes]
    for value in [*others, Boolean(True, SPAN)]:
        with pytest.raises(ValueError, match=r"^takes ") as caught:
            made.convert(value)
        assert str(caught.value) == f"takes {made.shows}"


def test_the_type_value_takes_anything_as_it_reads() -> None:
    (made,) = [each for each in framework_types() if each.name == "value"]
    values = [*ONE_OF_EACH.values(), Boolean(False, SPAN)]
    assert [made.convert(value) for value in values] == [
        "a", "a", "3", "1.5s", "90000000", "0.5%", "false",
    ]  # fmt: skip


def test_names_of_jobs_and_orgs_are_never_constants() -> None:
    literal = {kind.name for kind in framework_types() if not kind.constants}
    assert literal == {"job", "org", "name"}


def test_a_choice_takes_its_words_only() -> None:
    convert = choice("red", "green")
    assert convert(Name("red", SPAN)) == "red"
    assert convert(Text(("green",), SPAN)) == "green"
    for value in (Name("blue", SPAN), Integer(3, SPAN)):
        with pytest.raises(ValueError, match="takes one of red, green"):
            convert(value)


def test_settings_of_a_clause_that_repeats_are_joined() -> None:
    @clause("keep {columns:name...}", sets=("kept",), repeats=True)
    def keep(columns: tuple[str, ...]) -> dict[str, object]:
        return {"kept": columns}

    first = keep.join_settings({"object": "Account"}, keep.function(columns=("a",)))
    assert keep.join_settings(first, keep.function(columns=("b", "c"))) == {
        "object": "Account",
        "kept": ("a", "b", "c"),
    }
    assert keep.join_settings(first, {"kept": UNKNOWN})["kept"] is UNKNOWN
    assert keep.join_settings({"kept": UNKNOWN}, first)["kept"] is UNKNOWN
