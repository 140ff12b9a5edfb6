"""What to say about a token that the parser cannot take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
from bulkflow.language.tokens import get_span, get_start
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
"""How the lines are written that begin with a structural word."""

_VALUED = ("ORG", "PARAM", "LET")
"""The lines that have `=` behind their name."""

_HINTS = {
    ":": "a block needs no colon: the indentation is enough",
    ";": "write one chain a line, or join steps with `then`",
    "'": "a text stands in double quotes",
    "`": "a text stands in double quotes",
    "“": 'a text stands in straight double quotes: "',
    "”": 'a text stands in straight double quotes: "',
    ",": "words and values are parted by spaces only",
    "/": "a comment begins with #, and a path stands in double quotes",
    "//": "a comment begins with #",
    "--": "a comment begins with #",
    "->": "steps are joined by `then`",
    "=>": "steps are joined by `then`",
    ">": "steps are joined by `then`",
    "\\": "a line goes on without a mark, if the next one is indented deeper",
    "*": "a pattern stands in double quotes",
    "$": "write {name} inside a text, or `env NAME` for an environment variable",
    "{": "{name} stands inside a text, in double quotes; a block needs no braces",
    "}": "a block ends where its indentation ends",
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "-": "a number has no sign, and a name begins with a letter or a digit",
    "~": 'a delimiter stands in double quotes: "~"',
    "\xa0": "this is a no-break space; write an ordinary one",
    "\ufeff": "this is a byte order mark inside the file; delete it",
}


def describe_unexpected(
    source: SourceText, line: Sequence[Token], token: Token, expected: Collection[str]
) -> tuple[Code, str, Span, str | None]:
    """Code, message, place and help for a token.

    `line` is what came before it on its line, and `expected` are the terminals that could follow.
    """
    span = get_span(token, source)
    match token.type:
        case "UNCLOSED_TEXT":
            return (
                Code.UNCLOSED_TEXT,
                "this text has no closing quote",
                span,
                'close it with " on the same line; a text of several lines stands in """',
            )
        case "UNCLOSED_LONG_TEXT":
            return (
                Code.UNCLOSED_TEXT,
                'this text has no closing """',
                Span(source, get_start(token), get_start(token) + 3),
                'close it with """; the rest of the file was taken for the text',
            )
        case "UNKNOWN":
            return (
                Code.UNKNOWN_CHARACTER,
                f"{_spelled(token.value)} has no meaning here",
                span,
                _character_hint(source, line, token),
            )
    form = FORMS.get(line[0].type) if line else None
    if line and line[0].type == "WORD" and any(each.type == "_THEN" for each in line[-1:]):
        form = "STEP then STEP"
    wanted = _wanted(line, expected)
    help_line = f"write `{form}`" if form else None
    if token.type == "_NEWLINE":
        last = line[-1]
        if last.type == "_THEN":
            help_line = (
                "write the next step here, or on the next line, indented deeper than this one"
            )
        return (
            Code.UNEXPECTED,
            f"the line ends after `{last.value}`, where {wanted} is expected",
            get_span(last, source),
            help_line,
        )
    help_line = _habit(line, token) or help_line
    return Code.UNEXPECTED, f"expected {wanted}, not `{token.value}`", span, help_line


def _character_hint(source: SourceText, line: Sequence[Token], token: Token) -> str | None:
    if token.value == ":" and line and line[0].type in _VALUED:
        return f"`=` parts the name from what it stands for: `{line[0].value} NAME = VALUE`"
    return _HINTS.get(source.text[get_start(token) : get_start(token) + 2]) or _HINTS.get(
        token.value
    )


def _habit(line: Sequence[Token], token: Token) -> str | None:
    """What to write instead of what other languages and plain English would have here."""
    if not line:
        return "a line begins with a verb, such as `upload`, or with a word of the structure"
    if line[0].type == "JOB" and len(line) == 2 and token.type == "WORD":
        if token.value == "in":
            return "what is said of a job stands below it, indented: `in ORG`"
        return f"a name is one word: `job {line[1].value}-{token.value}`"
    if line[0].type == "WORD" and token.type == "EQUALS":
        return "only lines of `org`, `param` and `let` have `=`; `bulkflow words` shows the others"
    return None


def _wanted(line: Sequence[Token], expected: Collection[str]) -> str:
    """What the parser could take, in words."""
    last = line[-1].type if line else None
    if last is None:
        return "a word"
    if last in ("_THEN", "ON_FAILURE", "ON_SUCCESS", "ON_INTERRUPT"):
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


def _spelled(character: str) -> str:
    if character.isprintable() and not character.isspace():
        return f"`{character}`"
    return f"the character U+{ord(character):04X}"
