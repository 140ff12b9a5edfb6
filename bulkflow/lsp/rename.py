"""Rename an org, a job, a param, a let or a loop variable everywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow.language.syntax import tree
from bulkflow.lsp.symbols import SymbolKind

if TYPE_CHECKING:
    from bulkflow.lsp.symbols import Symbol, Symbols
    from bulkflow.source import Span

_NAME = re.compile(r"\w(?:[\w.\-]*\w)?")
_VALUE = re.compile(r"true|false|[0-9][0-9_]*(?:ms|[smhdB]|[kKMG]B|[KMG]iB)?")
"""Words that are values, so they cannot be names."""


def rename_symbol(symbol: Symbol, name: str, symbols: Symbols) -> list[tuple[Span, str]]:
    """Return the places to change, each with its new text.

    Raises:
        UsageError: The new name is invalid or already used.
    """
    if not _NAME.fullmatch(name) or _VALUE.fullmatch(name):
        raise UsageError(
            f"`{name}` is not a valid name",
            help="use letters, digits and _, and inside also . and -",
        )
    if any(
        each.name == name
        and _get_name_space(each) is _get_name_space(symbol)
        and each is not symbol
        for each in symbols.all
    ):
        raise UsageError(f"`{name}` is already declared", help="choose another name")
    edits = [(place, name) for place in symbol.places]
    statement = symbol.statement
    if isinstance(statement, tree.OrgNode) and statement.profile.span == statement.name.span:
        # The org has the name of its profile, which stays.
        edits[0] = (symbol.declared, f"{name} = {symbol.name}")
    return edits


def _get_name_space(symbol: Symbol) -> SymbolKind:
    """Return the name space. Orgs and jobs have their own; all others share one."""
    own = symbol.kind in {SymbolKind.ORG, SymbolKind.JOB}
    return symbol.kind if own else SymbolKind.PARAM
