"""Describe a token that the parser did not expect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
from bulkflow.language.syntax.other_words import (
    COUNTED,
    DELIMITER,
    DELIMITERS,
    HANDLERS,
    LOGIN,
    ONE_VALUE,
    SCHEDULES,
    STEP_ADVICE,
)
from bulkflow.language.syntax.tokens import get_end, get_span, get_start
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from lark import Token

    from bulkflow.source import SourceText

FORMS = {
    "ORG": "org NAME",
    "PARAM": 'param NAME = VALUE "help"',
    "LET": "let NAME = VALUE",
    "INCLUDE": 'include "file"',
    "JOB": "job NAME",
    "PARALLEL": "parallel",
    "FOR": 'for NAME in "pattern"',
    "WHEN": "when CONDITION",
    "ALWAYS": "always",
}
"""The form of each line that starts with a structural word."""

_VALUED = ("PARAM", "LET")
"""Lines with `=` after the name."""

_BLOCKS = ("ALWAYS", "PARALLEL", "WHEN", "FOR")
_HANDLERS = tuple(HANDLERS)

_HINTS = {
    ":": "remove the colon: indentation alone makes a block",
    ";": "write each chain on its own line, or join steps with `then`",
    "'": "use double quotes",
    "`": "use double quotes",
    "“": 'use straight double quotes: "',
    "”": 'use straight double quotes: "',
    ",": "separate values with spaces, not commas",
    "/": "a comment starts with #; a path needs double quotes",
    "//": "a comment starts with #",
    "--": "a comment starts with #",
    "\\": "remove the backslash: a line that is indented deeper continues the line above",
    "*": "a pattern needs double quotes",
    "$": "write {name} inside a text, or `env NAME` for an environment variable",
    "{": "a block needs no braces; {name} is only valid inside a text, in double quotes",
    "}": "remove the brace: a block ends where its indentation ends",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "-": "a number has no sign, and a name starts with a letter or a digit",
    "~": 'a delimiter needs double quotes: "~"',
    "\xa0": "this is a no-break space; use an ordinary one",
    "\ufeff": "this is a byte order mark inside the file; delete it",
}

_NAME = re.compile(r"\w(?:[\w.\-]*\w)?")
_COMPARISONS = {"==": "is", "=": "is", "!=": "is not", "<>": "is not"}


def describe_unexpected(
    source: SourceText, line: Sequence[Token], token: Token, expected: Collection[str]
) -> tuple[Code, str, Span, str | None]:
    """Return code, message, place and help.

    Args:
        source: The text.
        line: The tokens before, on the same logical line.
        token: The unexpected token.
        expected: The terminals that the parser accepts instead.
    """
    span = get_span(token, source)
    match token.type:
        case "UNCLOSED_TEXT":
            return (
                Code.UNCLOSED_TEXT,
                "this text has no closing quote",
                span,
                'close it with " on the same line, or use """ for a text of several lines',
            )
        case "UNCLOSED_LONG_TEXT":
            return (
                Code.UNCLOSED_TEXT,
                'this text has no closing """',
                Span(source, get_start(token), get_start(token) + 3),
                'close it with """; the rest of the file was read as part of the text',
            )
        case "UNKNOWN":
            return (
                Code.UNKNOWN_CHARACTER,
                f"unexpected {_spell(token.value)}",
                span,
                _describe_character(source, line, token, expected),
            )
    form = FORMS.get(line[0].type) if line else None
    wanted = _list_expected(line, expected)
    if token.type == "_NEWLINE":
        last = line[-1]
        return (
            Code.UNEXPECTED,
            f"the line ends after `{last.value}`, but {wanted} is expected",
            get_span(last, source),
            _describe_end(last) or (f"write `{form}`" if form else None),
        )
    help_line = _describe_habit(source, line, token, expected)
    if help_line is None and form:
        help_line = f"write `{form}`"
    return Code.UNEXPECTED, f"expected {wanted}, not `{token.value}`", span, help_line


def _describe_end(last: Token) -> str | None:
    """Return the help for a line that ends too early."""
    if last.type == "_THEN":
        return "write the next step here, or on the next line, indented deeper than this one"
    if last.type in HANDLERS:
        return f"write what to do then, such as `{HANDLERS[last.type]}`"
    return None


def _describe_character(
    source: SourceText, line: Sequence[Token], token: Token, expected: Collection[str]
) -> str | None:
    start = get_start(token)
    two = source.text[start : start + 2]
    before, after = _split_line(source, line, token)
    first = line[0] if line else None
    if first is None or "\n" in before:
        return _HINTS.get(two) or _HINTS.get(token.value)
    if token.value == ":":
        return _describe_colon(line, before, after)
    if first.type == "WHEN":
        comparison = _COMPARISONS.get(two)
        if comparison is not None and after:
            return f"write `{before} {comparison} {after.lstrip('=> ')}`"
        if token.value in "<>":
            number = after.lstrip("= ").split()[:1]
            return COUNTED.format(number=number[0] if number and number[0].isdigit() else 10)
    if first.type == "WORD":
        filled = _fill_in(line, token, expected, before, after)
        if filled is not None:
            return filled
    return _HINTS.get(two) or _HINTS.get(token.value)


def _describe_colon(line: Sequence[Token], before: str, after: str) -> str | None:
    first = line[0]
    if first.value.lower() in SCHEDULES:
        return STEP_ADVICE[first.value.lower()]
    if first.type in _VALUED and len(line) > 1:
        return f"write `=` after the name: `{before} = {after or 'VALUE'}`"
    if first.type == "ORG" and after:
        return f"write `{before} = {after}`" if len(line) > 1 else f"write `{before} {after}`"
    if first.type in _BLOCKS and after:
        return f"write `{before}`, and `{after}` on a line below, indented"
    return _HINTS[":"]


def _fill_in(
    line: Sequence[Token], token: Token, expected: Collection[str], before: str, after: str
) -> str | None:
    """Return the help for a clause or a step: its words, with another one for the character."""
    first, character = line[0].value, token.value
    is_clause = "_THEN" not in expected
    arrow = character == ">" or (character in "-=" and after.startswith(">"))
    after = after.lstrip("->= ")
    if is_clause and first == DELIMITER and len(line) == 1 and character in DELIMITERS:
        return f"write `{first} {DELIMITERS[character]}`"
    if arrow and after:
        joint = "to" if is_clause else "then"
        rest = after.replace("->", joint).replace("=>", joint)
        return f"write `{before} {joint} {rest}`"
    if character == "," and after:
        if is_clause or not after[0].isalpha():
            values = " ".join(after.replace(",", " ").split())
            return ONE_VALUE.get(first) or f"separate values with spaces: `{before} {values}`"
        steps = " then ".join(part.strip() for part in after.split(",") if part.strip())
        return f"join steps with `then`: `{before} then {steps}`"
    if character == ";" and after and not is_clause:
        return (
            f"join steps with `then`, or write each chain on its own line: `{before} then {after}`"
        )
    return None


def _describe_habit(
    source: SourceText, line: Sequence[Token], token: Token, expected: Collection[str]
) -> str | None:
    """Return the help for what other languages and plain English have in this place."""
    if not line:
        return "a line starts with a verb or a structural word; `bulkflow words` lists the verbs"
    before, after = _split_line(source, line, token)
    first = line[0]
    if first.type == "JOB" and len(line) == 2 and token.type == "WORD":
        if token.value == "in":
            return f"write it on a line of its own below, indented: `in {after or 'ORG'}`"
        return f"a name is one word: `job {line[1].value}-{token.value}`"
    if first.type == "ORG" and len(line) == 1 and token.type == "TEXT":
        return _describe_quoted_org(token.value[1:-1])
    if first.type in _BLOCKS and len(line) == 1 and token.type == "WORD":
        return f"write `{token.value}{f' {after}' if after else ''}` on a line below, indented"
    if token.type == "EQUALS":
        if first.type == "WHEN" and "\n" not in before:
            return f"write `{before} is {after.lstrip('= ') or 'VALUE'}`"
        if first.type == "WORD":
            if after.startswith(">"):
                return _fill_in(line, token, expected, before, after)
            return "only `org`, `param` and `let` use `=`; `bulkflow words` lists the other lines"
    return None


def _describe_quoted_org(written: str) -> str | None:
    if "://" in written:
        login = f"{LOGIN} NAME --login-url {written}"
        return f"log in to it once: `{login}`; then write `org NAME`"
    return f"write `org {written}`, without quotes" if _NAME.fullmatch(written) else None


def _split_line(source: SourceText, line: Sequence[Token], token: Token) -> tuple[str, str]:
    """Return the text of the logical line before a token, and of its own line after it."""
    if not line:
        return "", ""
    end = source.text.find("\n", get_end(token))
    after = source.text[get_end(token) : len(source.text) if end < 0 else end]
    hash_sign = after.find(" #") if '"' not in after else -1
    before = source.text[get_start(line[0]) : get_end(line[-1])]
    return before, (after if hash_sign < 0 else after[:hash_sign]).strip()


def _list_expected(line: Sequence[Token], expected: Collection[str]) -> str:
    """Say in words what the parser accepts."""
    last = line[-1].type if line else None
    if last is None:
        return "a word"
    if last == "_THEN" or last in _HANDLERS:
        return "a step"
    if line[0].type == "WHEN" and "WORD" in expected:
        return "a condition"
    if "INTEGER" in expected:
        return "a value"
    words = {"WORD": "a name", "_IN": "`in`", "EQUALS": "`=`", "TEXT": "a text in double quotes"}
    found = [text for kind, text in words.items() if kind in expected]
    if "_RPAR" in expected:
        found.append("`)`")
    if "_NEWLINE" in expected:
        found.append("the end of the line")
    return " or ".join(found)


def _spell(character: str) -> str:
    if character.isprintable() and not character.isspace():
        return f"`{character}`"
    return f"character U+{ord(character):04X}"
