"""Where the grammar is, and the parser that lark makes of it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from attrs import frozen

from bulkflow.errors import BulkflowError, ExitCode
from bulkflow.language.table import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token

_FILE = "bulkflow.lark"

EVERYWHERE = [
    "WORD", "TEXT", "LONG_TEXT", "INTEGER", "DURATION", "SIZE", "PERCENT", "TRUE", "FALSE",
    "EQUALS", "_LPAR", "_RPAR",
    "UNCLOSED_LONG_TEXT", "UNCLOSED_TEXT", "UNKNOWN", "NEWLINE",
]  # fmt: skip
"""Terminals that are told apart in every state of the parser; together they cover every text."""


class GrammarMissingError(BulkflowError):
    """The file that describes the language is not where it was installed."""

    exit_code = ExitCode.WRONG


@frozen
class _Everywhere:
    """Tells lark's contextual lexer which terminals to look for in every state.

    The lexer sees the newlines only; what they mean is added by `bulkflow.language.layout`.
    """

    always_accept: ClassVar[list[str]] = EVERYWHERE

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Leave the tokens as they are."""
        return stream


def load_grammar() -> str:
    """The text of the grammar: of the installed package, else of the checkout.

    Raises:
        GrammarMissingError: it is in neither place, or it cannot be read.
    """
    places = (
        files("bulkflow") / "_grammar" / _FILE,
        Path(__file__).parents[2] / "grammar" / _FILE,
    )
    failure: OSError | UnicodeDecodeError | None = None
    for place in places:
        try:
            return place.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            failure = error
    raise GrammarMissingError(
        "the grammar of the pipeline language is missing from this installation",
        help="install bulkflow again: pip install --force-reinstall bulkflow",
        notes=[f"looked for {place}" for place in places],
    ) from failure


@cache
def lalr_parser() -> Lark:
    """The parser of the grammar: from the table that was kept for it, else built.

    Made once, because building takes longer than all the rest of a start.

    Raises:
        GrammarMissingError: the grammar is missing, or is not one.
    """
    grammar = load_grammar()
    table = read_table(grammar)
    return build_parser(grammar) if table is None else parser_from(*table)


def parser_from(data: object, memo: object) -> Lark:
    """The parser of a table that `bulkflow.language.table` kept."""
    from lark import Lark

    # As lark's own standalone parsers do; `Lark.load` takes no postlex.
    made = Lark._load_from_dict(data, memo, postlex=_Everywhere())  # type: ignore[no-untyped-call]
    return cast("Lark", made)


def build_parser(grammar: str, *, strict: bool = False) -> Lark:
    """Make a parser; `strict` refuses terminals that overlap. Raises `GrammarMissingError`."""
    from lark import Lark
    from lark.exceptions import LarkError

    try:
        return Lark(
            grammar,
            parser="lalr",
            start="file",
            postlex=_Everywhere(),
            maybe_placeholders=False,
            strict=strict,
        )
    except LarkError as error:
        raise GrammarMissingError(
            "the grammar of the pipeline language is damaged in this installation",
            help="install bulkflow again: pip install --force-reinstall bulkflow",
            notes=[str(error)],
        ) from error
