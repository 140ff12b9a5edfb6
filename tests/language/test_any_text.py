"""Whatever a file holds, it is parsed and checked: no exception, and no surprise in time."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulkflow.language import check, parse
from bulkflow.model.diagnostic import Severity
from bulkflow.source import SourceText

at_any_speed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
CASES = sorted((Path(__file__).parent / "cases").glob("*/*.bulkflow"))
TEXTS = [SourceText.decode(path.name, path.read_bytes()).text for path in CASES]
WORDS = """
    org param let include job for in when always parallel then on failure success interrupt env and
    or not is
    upload close wait load up to of rows failed sandbox x a b true 3 30s = ( ) : # { } " "a" "{x}"
"""
PIECES = [
    *WORDS.split(),
    *('"a', '"""', '"""t"""', "\\", "\0", "é", "\u2028", "\xa0", "job x"),
    *("\t", "\n", "\n\n", "\n  ", "\n    ", "\n        ", "\n\t", " ", "  "),
]


def refuse(path):
    raise FileNotFoundError(2, "No such file or directory", str(path))


def check_text(text, catalogue):
    return check(SourceText("any", text), catalogue, settings={}, environ={}, read=refuse)


def holds(text, catalogue):
    source = SourceText("any", text)
    parsed = parse(source)
    starts = [each.span.start for each in parsed.diagnostics]
    assert starts == sorted(starts)
    found = check_text(text, catalogue)
    for each in found.diagnostics:
        assert 0 <= each.span.start <= each.span.end <= len(text)
        assert each.message
        assert not each.message.endswith(".")
    assert (found.plan is None) == any(d.severity is Severity.ERROR for d in found.diagnostics)
    assert len(found.diagnostics) >= len(parsed.diagnostics)


@at_any_speed
@given(st.text())
def test_any_characters_are_checked(catalogue, text):
    holds(text, catalogue)


@at_any_speed
@given(st.lists(st.sampled_from(PIECES)).map(" ".join))
def test_any_words_of_the_language_are_checked(catalogue, text):
    holds(text, catalogue)


@at_any_speed
@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_words_run_together_are_checked(catalogue, text):
    holds(text, catalogue)


@at_any_speed
@given(st.data())
def test_a_damaged_file_is_checked(catalogue, data):
    text = data.draw(st.sampled_from(TEXTS))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 40)))
    inserted = data.draw(st.sampled_from(["", *PIECES]))
    holds(text[:start] + inserted + text[end:], catalogue)


@at_any_speed
@given(st.data())
def test_lines_in_any_order_and_indentation_are_checked(catalogue, data):
    lines = data.draw(st.sampled_from(TEXTS)).split("\n")
    shuffled = data.draw(st.permutations(lines[:12]))
    margins = data.draw(
        st.lists(st.integers(0, 12), min_size=len(shuffled), max_size=len(shuffled))
    )
    moved = (" " * margin + line.strip() for margin, line in zip(margins, shuffled, strict=True))
    holds("\n".join(moved), catalogue)


HARD = {
    "nothing but quotes": '"' * 3001,
    "nothing but backslashes in quotes": '"' + "\\" * 3001,
    "nothing but braces": 'log "' + "{" * 3001 + '"',
    "an unclosed long text": '"""' + '\\"' * 3000,
    "many unclosed long texts": '"""\n' * 3000,
    "nothing but newlines": "\n" * 20000,
    "nothing but spaces": " " * 20000,
    "nothing but tabs on lines": "\t\n" * 5000,
    "one long line": "upload " * 3000,
    "one long chain": " then ".join(["upload"] * 3000),
    "one long name": "a" * 20000,
    "one long dotted name": "a." * 10000,
    "one long number": "log " + "9" * 20000,
    "one long number with underscores": "log " + "9_" * 10000 + "x",
    "open parentheses": "when " + "(" * 5000 + "\n  log 1",
    "many negations": "when " + "not " * 5000 + "true\n  log 1",
    "many conditions": "when " + " and ".join(["true"] * 3000) + "\n  log 1",
    "many small parentheses": "when " + " or ".join(["(true and not false)"] * 2000) + "\n  log 1",
    "ever deeper conditions": "when " + "not not (true and " * 2000 + "\n  log 1",
    "deep blocks": "".join(" " * depth + "when true\n" for depth in range(300)),
    "deep broken blocks": "".join(" " * depth + "for :\n" for depth in range(300)),
    "ever less indentation": "".join(" " * (300 - depth) + "log 1\n" for depth in range(300)),
    "zero bytes": "\0" * 3000,
    "zero bytes on lines": "log \0\n" * 1000,
    "unknown verbs": "frobnicate x\n" * 2000,
    "unknown jobs": "org sandbox\n" + "".join(f"load job j{n}\n" for n in range(2000)),
    "many handlers": "log 1" + " on failure log 2" * 2000,
    "many params": "".join(f"param p{n}\n" for n in range(2000)),
    "lone carriage returns": "log 1\r" * 2000,
    "line separators": "log 1\u2028\x85\x0b\x0c" * 1000,
    "surrogates": "log \ud800\n" * 1000,
    "combining marks": "a\u0301" * 5000,
}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_a_hard_text_is_checked(catalogue, text):
    holds(text, catalogue)


JOBS = """
job accounts{n}
    upsert Account by External_Id__c
    from "export/accounts-{n}.csv"
upload then close job accounts{n} on failure abort
wait for job accounts{n} up to 2h
save failed rows of job accounts{n} to "out/{n}.csv"
"""
BROKEN = """
job accounts{n}:
    upsert Account by
uplaod then close job accounts{n} on failur abort
wait for job acounts{n} up "2h
"""


def calls(text, catalogue):
    """How many functions are called to check a text; unlike a time, the same on every machine."""
    count = 0

    def counting(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        check_text(text, catalogue)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("block", [JOBS, BROKEN], ids=["valid", "broken"])
def test_the_work_grows_with_the_length_and_not_faster(catalogue, block):
    def work(blocks):
        text = "org sandbox\n" + "".join(block.replace("{n}", str(n)) for n in range(blocks))
        return calls(text, catalogue)

    work(1)
    small, large = work(100), work(400)
    assert large < 4.4 * small


def test_a_wide_condition_is_not_taken_for_a_deep_one(catalogue):
    text = "when " + " or ".join(["not (true and not not false)"] * 500) + "\n    log 1"
    assert check_text(text, catalogue).diagnostics == ()


@pytest.mark.parametrize("opening", ["(", "not ", "not (", "(not not ", "true or ("])
def test_a_condition_may_be_fifty_deep_and_no_deeper(catalogue, opening):
    step = opening.count("(") + opening.count("not")
    for times, fits in ((50 // step, True), (50 // step + 1, False)):
        closing = ")" * (opening.count("(") * times)
        text = f"when {opening * times}true{closing}\n    log 1"
        assert [each.code for each in check_text(text, catalogue).diagnostics] == (
            [] if fits else ["B109"]
        )
