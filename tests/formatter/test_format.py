"""One style: cases as data, and laws that hold for every file.

`cases/NAME.in` is what somebody wrote, `cases/NAME.out` what it is formatted to.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkflow.language import parse
from bulkflow.language.formatter import format_source
from bulkflow.language.formatter.format import replace_tabs
from bulkflow.model.diagnostic import PipelineError
from bulkflow.source import SourceText

CASES = Path(__file__).parent / "cases"
VALID = sorted((CASES.parents[1] / "language" / "cases" / "valid").glob("*.bulkflow"))
FILES = [*sorted(CASES.glob("*.in")), *VALID]
TEXTS = [SourceText.decode(path.name, path.read_bytes()).text for path in FILES]
PLAIN = [text for text in TEXTS if '"""' not in text]
OPENERS = ("job ", "parallel", "for ", "when ", "always")

WORD = re.compile(
    r'"(?:[^"\\]|\\.)*"|on (?:failure|success|interrupt)|env \w+|(?P<comment>#.*)|[^\s#"]+'
)


def formatted(text: str) -> str:
    return format_source(SourceText("file", text))


def comments(text: str) -> list[str]:
    return sorted(
        each[0].lstrip("# ") for each in WORD.finditer(text) if each["comment"] is not None
    )


@pytest.mark.parametrize("path", sorted(CASES.glob("*.in")), ids=lambda path: path.stem)
def test_a_case_is_formatted_as_it_should_be(path: Path) -> None:
    expected = path.with_suffix(".out").read_text("utf-8")
    assert formatted(path.read_text("utf-8")) == expected
    assert formatted(expected) == expected


@pytest.mark.parametrize("path", VALID, ids=lambda path: path.stem)
def test_a_formatted_file_says_the_same(path: Path) -> None:
    source = SourceText.decode(path.name, path.read_bytes())
    again = parse(SourceText(path.name, format_source(source)))
    assert (again.tree, again.diagnostics) == (parse(source).tree, ())


def relaid(text: str, data: st.DataObject, breaks: list[str]) -> str:
    """The text with its words apart in another way; a line that opens a block stays in one."""
    lines = []
    for line in text.split("\n"):
        margin = len(line) - len(line.lstrip(" "))
        words = [each[0] for each in WORD.finditer(line)]
        if line.lstrip().startswith(OPENERS) or not words:
            lines.append(line)
            continue
        laid = " " * margin + words[0]
        for word in words[1:]:
            gap = data.draw(st.sampled_from(breaks))
            laid += gap.replace("\n", "\n" + " " * (margin + 2)) + word
        lines.append(laid)
    return "\n".join(lines)


@given(st.sampled_from(PLAIN), st.data())
def test_no_comment_is_lost_wherever_it_stands(text: str, data: st.DataObject) -> None:
    gaps = [" ", " ", "  ", "\n", "#c\n", "  # d\n", "\n# e\n", "\n\n    # f\n\n", "#\n#g\n"]
    written = relaid(text, data, gaps)
    result = formatted(written)
    assert comments(result) == comments(written)
    assert parse(SourceText("result", result)).tree == parse(SourceText("text", text)).tree


@given(st.sampled_from(PLAIN), st.data())
def test_comments_between_lines_are_kept_in_order(text: str, data: st.DataObject) -> None:
    lines = []
    for number, line in enumerate(text.split("\n")):
        margin = data.draw(st.integers(0, 9)) * " "
        lines += [f"{margin}#! {number}", line]
    result = formatted("\n".join(lines))
    numbers = [int(each) for each in re.findall(r"#! (\d+)$", result, re.MULTILINE)]
    assert numbers == sorted(numbers)
    assert len(numbers) == len(lines) // 2


@given(
    st.lists(
        st.sampled_from(
            ["upload", "close job a", "wait for job a up to 2h", 'log "some words about it"']
        ),
        min_size=1,
        max_size=6,
    ),
    st.data(),
)
def test_a_break_inside_a_step_never_matters(steps: list[str], data: st.DataObject) -> None:
    broken = [
        re.sub(" ", lambda _: data.draw(st.sampled_from([" ", "\n  ", "\n\n      "])), step)
        if '"' not in step
        else step
        for step in steps
    ]
    assert formatted(" then ".join(broken)) == formatted(" then ".join(steps))


@given(st.sampled_from(PLAIN), st.integers(1, 8))
def test_the_width_of_the_indentation_never_matters(text: str, factor: int) -> None:
    widened = re.sub("^ +", lambda margin: margin[0] * factor, text, flags=re.MULTILINE)
    assert formatted(widened) == formatted(text)


@pytest.mark.parametrize("text", TEXTS)
def test_lines_end_without_space_and_blank_lines_stand_alone(text: str) -> None:
    result = formatted(text)
    if '"""' not in result:
        assert not re.search(r"[ \t]$", result, re.MULTILINE)
        assert "\n\n\n" not in result
    assert not result.startswith("\n")
    assert result == "" or (result.endswith("\n") and not result.endswith("\n\n"))


def test_no_chain_is_wider_than_a_line_may_be() -> None:
    chain = " then ".join(['log "about as long as this"'] * 20)
    text = f"{chain} on failure {chain} on success {chain} on interrupt {chain}"
    assert max(map(len, formatted(text).split("\n"))) <= 100


def test_a_text_with_mistakes_is_refused_with_all_of_them() -> None:
    with pytest.raises(PipelineError) as caught:
        formatted('log "a\norg\n')
    assert [each.code for each in caught.value.diagnostics] == ["B103", "B101"]


PIECES = [
    "job a\n", "    insert X\n", "upload", "\n    then close", "\n  on failure abort", " # c\n",
    "\n", "  \n", '"', '"""\n  a\n  b\n  """', "when true\n", "  log 3\n", "log ", "not ", "(", ")",
    "and ", "# d\n", "\t", "always\n", "    ", "é", "let x = 3\n", " then ", "\r",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
@example("job a\n\tjob a\n")
@example("when true\n\tjob a\n    log 3\n")
def test_any_text_is_formatted_or_refused_with_its_mistakes(text: str) -> None:
    source = SourceText.decode("any", text.encode())
    found = parse(source).diagnostics
    if [each.code for each in found] == ["B107"]:
        # Tabs that alone indent are replaced; what is left may have mistakes.
        found = parse(replace_tabs(source)).diagnostics
    if not found:
        format_source(source)
        return
    with pytest.raises(PipelineError) as caught:
        format_source(source)
    assert caught.value.diagnostics == found


def test_tabs_are_replaced_where_they_alone_indent() -> None:
    text = 'when true\n\tjob a\n\t\tinsert A\n\twhen true\n\t\tload job a\n\t\t\tthen log "\tx"\n'
    assert formatted(text) == text.replace("\n\t\t\t", "\n            ").replace(
        "\n\t\t", "\n        "
    ).replace("\n\t", "\n    ")


@pytest.mark.parametrize(
    "text",
    [
        "when true\n\tlog 1\n    log 2\n",
        "when true\n \tlog 1\n",
        'log """\n\tx\n"""\nwhen true\n\tlog 1\n',
        "when true\n\tlog :\n",
    ],
    ids=["beside spaces", "behind a space", "beside a long text", "beside a mistake"],
)
def test_tabs_that_may_mean_several_things_are_refused(text: str) -> None:
    with pytest.raises(PipelineError) as refused:
        formatted(text)
    assert "tab" in refused.value.diagnostics[0].message
