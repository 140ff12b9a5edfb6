"""Loading the grammar of SOQL, and the parser that lark makes from it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.distribution import get_reinstall_command
from bulkflow_soql.errors import GrammarError

if TYPE_CHECKING:
    from lark import Lark

_FILE = "soql.lark"


def load_grammar() -> str:
    """Load the grammar from the installed package or the checkout.

    Raises:
        GrammarError: The grammar is missing or cannot be read.
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
    raise GrammarError(
        "the grammar of SOQL is missing from this installation",
        help=f"install bulkflow again: {get_reinstall_command()}",
        notes=[f"looked for {place}" for place in places],
    ) from failure


@cache
def get_parser() -> Lark:
    """Return the parser. The first call makes it, which takes about 100 ms.

    Raises:
        GrammarError: The grammar is missing or invalid.
    """
    return build_parser(load_grammar())


def build_parser(grammar: str, *, strict: bool = False) -> Lark:
    """Make a parser; `strict` rejects conflicts that lark would otherwise resolve."""
    from lark import Lark
    from lark.exceptions import LarkError

    try:
        return Lark(
            grammar,
            parser="lalr",
            start="query",
            maybe_placeholders=False,
            propagate_positions=True,
            strict=strict,
        )
    except LarkError as error:
        raise GrammarError(
            "the grammar of SOQL is damaged in this installation",
            help=f"install bulkflow again: {get_reinstall_command()}",
            notes=[str(error)],
        ) from error
