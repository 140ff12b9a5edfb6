"""Where the grammar is, and what lark makes of it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bulkflow.distribution import get_reinstall_command
from bulkflow.errors import BulkflowError, ExitCode
from bulkflow.language.automaton import EVERYWHERE
from bulkflow.language.table import kept_of, read_table, table_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token

    from bulkflow.language.automaton import Table

_FILE = "bulkflow.lark"


class GrammarMissingError(BulkflowError):
    """The file that describes the language is not where it was installed."""

    exit_code = ExitCode.WRONG


class _Everywhere:
    """Tells lark's contextual lexer which terminals to look for in every state.

    The lexer sees the newlines only; what they mean is added by `bulkflow.language.indentation`.
    """

    always_accept: ClassVar[list[str]] = sorted(EVERYWHERE)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Leave the tokens as they are."""
        return stream


def load_grammar() -> str:
    """The text of the grammar: of the installed package, else of the checkout.

    Raises:
        GrammarMissingError: it is in neither place, or it cannot be read.
    """
    package = Path(__file__).parents[1]
    places = package / "_grammar" / _FILE, package.parent / "grammar" / _FILE
    failure: OSError | UnicodeDecodeError | None = None
    for place in places:
        try:
            return place.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            failure = error
    raise GrammarMissingError(
        "the grammar of the pipeline language is missing from this installation",
        help=f"install bulkflow again: {get_reinstall_command()}",
        notes=[f"looked for {place}" for place in places],
    ) from failure


@cache
def table() -> Table:
    """The table of the grammar: the one that was kept for it, else one that lark computes.

    Raises:
        GrammarMissingError: the grammar is missing, or is not one.
    """
    grammar = load_grammar()
    kept = read_table(grammar)
    return table_from(kept_of(build_parser(grammar), grammar)) if kept is None else kept


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
            help=f"install bulkflow again: {get_reinstall_command()}",
            notes=[str(error)],
        ) from error
