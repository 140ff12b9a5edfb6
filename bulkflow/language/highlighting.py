"""Highlight pipeline files with Pygments, which finds the lexer by its entry point.

Like the grammar, the lexer knows the structure but no verbs: it shows the first word of any step or
clause as a function. The tests compare it with the tokens of the grammar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from pygments.lexer import RegexLexer, bygroups, default, include
from pygments.token import (
    Comment,
    Error,
    Keyword,
    Literal,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_END = r"(?![.\-]*\w)"
"""The end of a keyword: `for-ever` is another word."""

_WORD = r"\w(?:[\w.\-]*\w)?"
_GAP = r"([ \t]+)"


_groups = cast("Callable[..., object]", bygroups)
"""`bygroups` has no type annotations."""


class BulkflowLexer(RegexLexer):
    """Lexer for pipeline files."""

    name = "bulkflow"
    aliases: ClassVar[list[str]] = ["bulkflow"]
    filenames: ClassVar[list[str]] = ["*.bulkflow"]

    tokens: ClassVar = {
        "root": [
            (r"[ \t\n]+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (rf"(org|job){_END}", Keyword.Declaration, ("line", "name")),
            (rf"(param|let){_END}", Keyword.Declaration, ("line", "variable")),
            (rf"include{_END}", Keyword.Namespace, "line"),
            (rf"for{_END}", Keyword, ("line", "in", "variable")),
            (rf"when{_END}", Keyword, "condition"),
            (rf"(parallel|always){_END}", Keyword, "line"),
            (rf"on{_GAP}(failure|success|interrupt){_END}", Keyword, ("line", "verb")),
            (rf"then{_END}", Keyword, ("line", "verb")),
            (rf"(in){_GAP}({_WORD})", _groups(Name.Function, Whitespace, Name.Class), "line"),
            (_WORD, Name.Function, "line"),
            default("line"),
        ],
        "verb": [
            (r"[ \t]+", Whitespace),
            (_WORD, Name.Function, "#pop"),
            default("#pop"),
        ],
        "name": [
            (r"[ \t]+", Whitespace),
            (_WORD, Name.Class, "#pop"),
            default("#pop"),
        ],
        "variable": [
            (r"[ \t]+", Whitespace),
            (_WORD, Name.Variable, "#pop"),
            default("#pop"),
        ],
        "in": [
            (r"[ \t]+", Whitespace),
            (rf"in{_END}", Keyword, "#pop"),
            default("#pop"),
        ],
        "condition": [
            (rf"(and|or|not){_END}", Operator.Word),
            include("line"),
        ],
        "line": [
            (r"\n", Whitespace, "#pop"),
            (r"[ \t]+", Whitespace),
            (r"#[^\n]*", Comment.Single),
            (rf"on{_GAP}(failure|success|interrupt){_END}", Keyword, "verb"),
            (rf"then{_END}", Keyword, "verb"),
            (rf"(job){_GAP}({_WORD})", _groups(Keyword.Declaration, Whitespace, Name.Class)),
            include("values"),
            (_WORD, Name),
            (r"[()]", Punctuation),
            (r"=", Operator),
            (r".", Error),
        ],
        "values": [
            (
                rf"(env){_GAP}([A-Za-z_][A-Za-z0-9_]*){_END}",
                _groups(Keyword.Pseudo, Whitespace, Name.Variable.Global),
            ),
            (rf"(true|false){_END}", Keyword.Constant),
            (r"[0-9][0-9_]*(?:\.[0-9]+)?%(?!\w)", Number.Float),
            (rf"[0-9][0-9_]*(?:ms|s|m|h|d){_END}", Literal.Date),
            (rf"[0-9][0-9_]*(?:B|kB|KB|MB|GB|KiB|MiB|GiB){_END}", Number),
            (r"[0-9][0-9_]*(?![.\-]*\w|%)", Number.Integer),
            (r'"""', String.Heredoc, "long"),
            (r'"', String.Double, "text"),
        ],
        "text": [
            (r'"', String.Double, "#pop"),
            (r"\n", Error, "#pop:2"),
            include("inside"),
            (r'[^"\\{}\n]+', String.Double),
            (r".", Error),
        ],
        "long": [
            (r'"""', String.Heredoc, "#pop"),
            include("inside"),
            (r'[^"\\{}]+|"', String.Heredoc),
            (r".", Error),
        ],
        "inside": [
            (r'\\(?:["\\nt]|x[0-9A-Fa-f]{2})|\{\{|\}\}', String.Escape),
            (rf"\{{{_WORD}\}}", String.Interpol),
        ],
    }
