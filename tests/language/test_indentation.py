"""Blank lines, comments, margins and line breaks that change nothing, and some that do."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow.language import parse
from bulkflow.source import SourceText

at_any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
VALID = sorted((Path(__file__).parent / "cases" / "valid").glob("*.bulkflow"))
TEXTS = [SourceText.decode(path.name, path.read_bytes()).text for path in VALID]
PLAIN = [text for text in TEXTS if '"""' not in text]


def tree_of(text):
    parsed = parse(SourceText("layout", text))
    assert parsed.diagnostics == ()
    return parsed.tree


@at_any_speed
@given(st.sampled_from(PLAIN), st.data())
def test_blank_lines_and_comments_never_matter(text, data):
    lines = []
    for line in text.split("\n"):
        between = data.draw(
            st.lists(st.sampled_from(["", "   ", "# c", "      # deep", "  # \"'\\"]), max_size=2)
        )
        lines += [*between, line + data.draw(st.sampled_from(["", " ", "  # c", "# then"]))]
    assert tree_of("\n".join(lines)) == tree_of(text)


@at_any_speed
@given(st.sampled_from(PLAIN), st.integers(1, 8))
def test_the_width_of_the_indentation_never_matters(text, factor):
    widened = [
        " " * (factor * (len(line) - len(line.lstrip(" ")))) + line.lstrip(" ")
        for line in text.split("\n")
    ]
    assert tree_of("\n".join(widened)) == tree_of(text)


@at_any_speed
@given(
    st.sampled_from(["upload then close job x on failure abort then stop on success log 3"]),
    st.data(),
)
def test_a_chain_may_go_on_on_indented_lines_at_any_word(text, data):
    words = text.replace("on failure", "on_failure").replace("on success", "on_success").split()
    breaks = st.sampled_from([" ", "   ", "\n ", "\n      ", "\n\n  # c\n    "])
    broken = words[0] + "".join(data.draw(breaks) + word for word in words[1:])
    broken = broken.replace("on_", "on ")
    assert tree_of(broken + "\nlog 4") == tree_of(text + "\nlog 4")


@pytest.mark.parametrize("text", TEXTS)
def test_line_ends_and_a_byte_order_mark_never_matter(text):
    for end in (b"\r\n", b"\r"):
        data = b"\xef\xbb\xbf" + text.encode().replace(b"\n", end)
        assert tree_of(SourceText.decode("ends", data).text) == tree_of(text)


@pytest.mark.parametrize("text", TEXTS)
def test_the_last_newline_never_matters(text):
    assert tree_of(text.rstrip("\n")) == tree_of(text)
    assert tree_of(text + "\n\n   ") == tree_of(text)


def test_a_block_ends_at_the_first_line_that_is_indented_less():
    file = tree_of("when true\n  when true\n    log 1\n  log 2\nlog 3")
    outer, last = file.body
    assert [type(each).__name__ for each in outer.body] == ["WhenNode", "ChainNode"]
    assert last.span.line == 5


def test_every_node_knows_where_it_stands():
    text = 'org sandbox\nfor f in "*.csv"\n    upload then close job x\n        on failure abort\n'
    org, loop = tree_of(text).body
    (chain,) = loop.body
    assert org.span.text == "org sandbox"
    assert loop.span.text == 'for f in "*.csv"'
    assert [step.span.text for step in chain.steps] == ["upload", "close job x"]
    assert chain.handlers[0].span.text == "on failure abort"
    assert chain.steps[1].items[2].span.text == "x"


def test_only_the_first_tab_of_a_file_is_reported():
    parsed = parse(SourceText("tabs", "when true\n\tlog 1\n\tlog 2\n"))
    assert [each.code for each in parsed.diagnostics] == ["B107"]
    assert len(parsed.tree.body[0].body) == 2
