"""Gives an org, a job, a param, a let or a loop's variable another name, wherever it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow.language import tree
from bulkflow.lsp.symbols import SymbolKind

if TYPE_CHECKING:
    from bulkflow.lsp.symbols import Symbol, Symbols
    from bulkflow.source import Span

_NAME = re.compile(r"\w(?:[\w.\-]*\w)?")
_VALUE = re.compile(r"true|false|[0-9][0-9_]*(?:ms|[smhdB]|[kKMG]B|[KMG]iB)?")
"""What reads as a value, and so is no name."""


def renamed(symbol: Symbol, name: str, symbols: Symbols) -> list[tuple[Span, str]]:
    """What has to be written where, to give a symbol another name.

    Raises:
        UsageError: it is no name, or it is taken.
    """
    if not _NAME.fullmatch(name) or _VALUE.fullmatch(name):
        raise UsageError(
            f"`{name}` is no name", help="a name has letters, digits and _, and inside also . and -"
        )
    if any(
        each.name == name and _space(each) is _space(symbol) and each is not symbol
        for each in symbols.all
    ):
        raise UsageError(f"`{name}` is the name of something else", help="choose another one")
    edits = [(place, name) for place in symbol.places]
    statement = symbol.statement
    if isinstance(statement, tree.OrgNode) and statement.profile.span == statement.name.span:
        # It is called by its profile's name, which is not ours to change.
        edits[0] = (symbol.declared, f"{name} = {symbol.name}")
    return edits


def _space(symbol: Symbol) -> SymbolKind:
    """Orgs and jobs have names of their own; all others share theirs."""
    own = symbol.kind in {SymbolKind.ORG, SymbolKind.JOB}
    return symbol.kind if own else SymbolKind.PARAM
