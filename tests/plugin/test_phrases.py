"""Phrases: how they are read, and which lines they take."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkflow.model.value import Duration, Integer, Name, Percent, Size, Text, Value, several
from bulkflow.plugin.phrase import Group, Match, Mismatch, Phrase, Slot, Word
from bulkflow.plugin.records import step
from bulkflow.plugin.registry import PluginConflictError, Words
from bulkflow.source import SourceText, Span

SPAN = Span(SourceText("test", ""), 0, 0)


def items(line: str) -> list[Value]:
    """Words are names; numbers are numbers; what is quoted is a text."""
    made: list[Value] = []
    for word in line.split():
        if word.isdigit():
            made.append(Integer(int(word), SPAN))
        elif word.startswith('"'):
            made.append(Text((word.strip('"'),), SPAN))
        else:
            made.append(Name(word, SPAN))
    return made


def matched(phrase: str, line: str) -> dict[str, str] | None:
    """The arguments, as they read; None for no match."""
    found = Phrase.parse(phrase).match(items(line))
    if isinstance(found, Mismatch):
        return None
    return {
        name: value.name if isinstance(value, Name) else str(getattr(value, "number", "text"))
        for name, written in found.arguments.items()
        for value in several(written)
    }


# --------------------------------------------------------------------------------- reading


def test_a_phrase_is_taken_apart() -> None:
    phrase = Phrase.parse("wait [for {job}] [up to {timeout:duration}]")
    assert phrase.elements == (
        Word("wait"),
        Group((Word("for"), Slot("job", "job"))),
        Group((Word("up"), Word("to"), Slot("timeout", "duration"))),
    )
    assert phrase.verb == "wait"
    assert phrase.job_slot == "job"
    assert [slot.name for slot in phrase.slots] == ["job", "timeout"]


def test_the_slot_of_the_job_may_have_another_name() -> None:
    assert Phrase.parse("copy {from_job:job}").job_slot == "from_job"
    assert Phrase.parse("copy {job:name}").job_slot is None


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must begin with a literal word"),
        ("   ", "must begin with a literal word"),
        ("{job} waits", "must begin with a literal word"),
        ("[please] wait", "must begin with a literal word"),
        ("wait [for [{job}]]", "a group inside a group"),
        ("wait [for {job}", "a group that is not closed"),
        ("wait for {job}]", "an empty or unopened group"),
        ("wait []", "an empty or unopened group"),
        ("wait {job", "a stray brace"),
        ("wait job}", "a stray brace"),
        ("wait {}", "a malformed slot"),
        ("wait {Job}", "a malformed slot"),
        ("wait {a:b:c}", "a malformed slot"),
        ("wait {n} [or {n}]", "names a slot twice"),
        ("keep {a...} {b...}", "two slots that take several values"),
        ("keep {a..}", "a malformed slot"),
        ("wait {job...}", "a slot for several jobs"),
    ],
)
def test_a_malformed_phrase_is_refused(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Phrase.parse(text)


# -------------------------------------------------------------------------------- matching

WAIT = "wait [for {job}] [up to {timeout:duration}] [every {interval:duration}]"


@pytest.mark.parametrize(
    ("phrase", "line", "arguments"),
    [
        (WAIT, "wait", {}),
        (WAIT, "wait for job a", {"job": "a"}),
        (WAIT, "wait up to 5 every 1", {"timeout": "5", "interval": "1"}),
        (WAIT, "wait every 1 for job a up to 5", {"interval": "1", "job": "a", "timeout": "5"}),
        (WAIT, "wait for", None),
        (WAIT, "wait for job", None),
        (WAIT, "wait job a", None),
        (WAIT, "wait up 5", None),
        (WAIT, "wait every 1 every 2", None),
        (WAIT, "wait for job a now", None),
        (WAIT, "waits", None),
        ("load {job}", "load job job", {"job": "job"}),
        ("load {job}", 'load job "a"', None),
        # A slot takes any one item; whether it is of the type is asked later.
        ("log {message}", "log 3", {"message": "3"}),
        ("log {message}", "log", None),
        ("log {message}", "log a b", None),
        # The group has to be given up again, for the words behind it to fit.
        ("save [{what:name}] rows", "save rows", {}),
        ("save [{what:name}] rows", "save rows rows", {"what": "rows"}),
        ("go [to {a}] to {b}", "go to 1", {"b": "1"}),
        ("go [to {a}] to {b}", "go to 1 to 2", {"a": "1", "b": "2"}),
        ("a [b] c [d] [e]", "a c e d", {}),
        ("a [b] c [d] [e]", "a b c", {}),
        ("a [b] c [d] [e]", "a c b", None),
        ("retry {n:number} [at {when}] times", "retry 3 at 5 times", {"n": "3", "when": "5"}),
    ],
)
def test_lines_match_or_do_not(phrase: str, line: str, arguments: dict[str, str] | None) -> None:
    assert matched(phrase, line) == arguments


@pytest.mark.parametrize(
    ("phrase", "line", "at", "expected"),
    [
        (WAIT, "wait up 5", 2, ("`to`",)),
        (WAIT, "wait up to", 3, ("{duration}",)),
        (WAIT, "wait for x", 2, ("`job NAME`",)),
        (WAIT, 'wait for job "x"', 3, ("the name of a job",)),
        (WAIT, "wait quickly", 1, ("`for`", "`up`", "`every`", "the end of the step")),
        (WAIT, "wait every 1 x", 3, ("`for`", "`up`", "the end of the step")),
        ("close {job}", "close", 1, ("`job NAME`",)),
        ("close {job}", "close job a b", 3, ("the end of the step",)),
        ("close", "open", 0, ("`close`",)),
        ("keep {columns:name...}", "keep", 1, ("{name}",)),
    ],
)
def test_a_mismatch_says_how_far_it_came_and_what_could_follow(phrase, line, at, expected) -> None:
    found = Phrase.parse(phrase).match(items(line))
    assert isinstance(found, Mismatch)
    assert (found.at, found.expected) == (at, expected)


def test_a_slot_for_several_values_takes_one_or_more() -> None:
    phrase = Phrase.parse("keep {columns:name...} [of {whole}]")
    line = items("keep a b of")
    assert phrase.slots[0].many
    assert phrase.match(line) == Match(phrase, {"columns": tuple(line[1:])})
    assert phrase.match(items("keep a")) == Match(phrase, {"columns": tuple(items("a"))})
    assert isinstance(phrase.match(items("keep")), Mismatch)


def test_the_phrase_with_fewest_filled_slots_counts_each_of_several_values() -> None:
    phrase = Phrase.parse("keep {columns:name...}")
    found = phrase.match(items("keep a b c"))
    assert isinstance(found, Match)
    assert found.filled == 3


# ------------------------------------------------------------------------------------ laws

WORDS = [f"w{chr(97 + n)}" for n in range(26)]
VALUES = st.one_of(
    st.integers(0, 99).map(lambda n: Integer(n, SPAN)),
    st.integers(0, 99).map(lambda n: Duration(float(n), SPAN)),
    st.integers(0, 99).map(lambda n: Size(n, SPAN)),
    st.integers(0, 99).map(lambda n: Percent(float(n), SPAN)),
    st.text(max_size=3).map(lambda text: Text((text,), SPAN)),
)


class Vocabulary:
    """Gives out words and slot names, each once, so that a line can be read in one way only."""

    def __init__(self) -> None:
        self._words = iter(WORDS)
        self._slots = 0
        self._job = False

    def word(self) -> str:
        return next(self._words)

    def slot(self, want_job: bool) -> str:
        if want_job and not self._job:
            self._job = True
            return "{job}"
        self._slots += 1
        return f"{{s{'x' * self._slots}:value}}"


@st.composite
def phrases(draw) -> list[list[str] | str]:
    """A verb, then runs of groups that begin with a word of their own, and words and slots."""
    vocabulary = Vocabulary()
    made: list[list[str] | str] = [vocabulary.word()]
    for kind in draw(st.lists(st.sampled_from(["word", "slot", "group", "group"]), max_size=6)):
        if kind == "word":
            made.append(vocabulary.word())
        elif kind == "slot":
            made.append(vocabulary.slot(draw(st.booleans())))
        else:
            inside = [vocabulary.word()]
            for _ in range(draw(st.integers(0, 2))):
                word = draw(st.booleans())
                inside.append(vocabulary.word() if word else vocabulary.slot(draw(st.booleans())))
            made.append(inside)
    return made


def printed(elements: list[list[str] | str]) -> str:
    return " ".join(e if isinstance(e, str) else f"[{' '.join(e)}]" for e in elements)


@st.composite
def phrases_with_lines(draw):
    """A phrase, a line that is printed from it, and the arguments that the line gives."""
    elements = draw(phrases())
    flat: list[str] = []
    run: list[list[str]] = []
    for element in [*elements, None]:
        if isinstance(element, list):
            run.append(element)
            continue
        written = draw(st.permutations([group for group in run if draw(st.booleans())]))
        flat += [piece for group in written for piece in group]
        run = []
        if element is not None:
            flat.append(element)
    line: list[Value] = []
    arguments: dict[str, Value] = {}
    for piece in flat:
        if piece == "{job}":
            arguments["job"] = Name(draw(st.sampled_from([*WORDS, "job"])), SPAN)
            line += [Name("job", SPAN), arguments["job"]]
        elif piece.startswith("{"):
            name = piece[1:-1].partition(":")[0]
            arguments[name] = draw(VALUES)
            line.append(arguments[name])
        else:
            line.append(Name(piece, SPAN))
    return printed(elements), line, arguments


@settings(deadline=None)
@given(phrases_with_lines())
def test_a_line_printed_from_a_phrase_matches_it_with_the_same_arguments(case) -> None:
    text, line, arguments = case
    found = Phrase.parse(text).match(line)
    assert isinstance(found, Match), found
    assert found.arguments == arguments


@settings(deadline=None)
@given(phrases_with_lines(), st.data())
def test_a_line_with_one_word_changed_is_missed_at_that_word_or_later(case, data) -> None:
    text, line, _ = case
    at = data.draw(st.integers(0, len(line) - 1))
    changed = [*line[:at], Name("nonsense", SPAN), *line[at + 1 :]]
    found = Phrase.parse(text).match(changed)
    if isinstance(found, Mismatch):
        assert at <= found.at <= len(line)
        assert found.expected


@given(phrases())
def test_a_phrase_keeps_its_words_and_slots_in_order(elements) -> None:
    phrase = Phrase.parse(printed(elements))
    pieces = [p for e in elements for p in ([e] if isinstance(e, str) else e)]
    assert [slot.name for slot in phrase.slots] == [
        piece[1:-1].partition(":")[0] for piece in pieces if piece.startswith("{")
    ]
    assert phrase.verb == pieces[0]


# ----------------------------------------------------------------------------------- words


def steps(*texts: str):
    def make(text: str):
        @step(text)
        def function(context, **slots):
            """Do it."""

        return function

    return [make(text) for text in texts]


def test_words_are_found_by_their_first_one() -> None:
    words = Words.of("step", steps("wait", "save {a}", "save {a} to {b}"))
    assert words.verbs == ("save", "wait")
    assert [phrase.text for phrase in words.phrases("save")] == ["save {a}", "save {a} to {b}"]
    assert words.phrases("load") == ()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("greet {name}", "greet {whom:text}"),
        ("greet [{job}]", "greet [{other:job}]"),
        ("greet  {name}", "greet {name}"),
    ],
)
def test_phrases_that_take_the_same_lines_clash(one: str, two: str) -> None:
    with pytest.raises(PluginConflictError, match="is claimed twice"):
        Words.of("step", steps(one, two))


def test_phrases_of_different_shapes_do_not_clash() -> None:
    texts = ("greet {job}", "greet {name}", "greet [{name}]", "greet {name} twice")
    assert len(Words.of("step", steps(*texts)).phrases("greet")) == 4
