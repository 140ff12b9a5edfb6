"""Gives a job, a param, a let or a loop's variable another name, wherever it stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow.lsp.symbols import SymbolKind

if TYPE_CHECKING:
    from bulkflow.lsp.symbols import Symbol, Symbols
    from bulkflow.source import Span

_NAME = re.compile(r"\w(?:[\w.\-]*\w)?")
_VALUE = re.compile(r"true|false|[0-9][0-9_]*(?:ms|[smhdB]|[kKMG]B|[KMG]iB)?")
"""What reads as a value, and so is no name."""


def places_to_rename(symbol: Symbol, name: str, symbols: Symbols) -> list[Span]:
    """Where the new name has to be written.

    Raises:
        UsageError: it is no name, or it is taken.
    """
    if not _NAME.fullmatch(name) or _VALUE.fullmatch(name):
        raise UsageError(
            f"`{name}` is no name", help="a name has letters, digits and _, and inside also . and -"
        )
    jobs = symbol.kind is SymbolKind.JOB
    if any(
        each.name == name and (each.kind is SymbolKind.JOB) is jobs and each is not symbol
        for each in symbols.all
    ):
        raise UsageError(f"`{name}` is the name of something else", help="choose another one")
    return symbol.places
