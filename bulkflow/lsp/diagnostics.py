"""Check the open files.

A file that another open file includes is checked as a part of that file. Alone, it would lack the
org and the shared jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language import Code, check
from bulkflow.lsp.symbols import Symbols

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bulkflow.lsp.documents import Documents
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import SourceText

_OF_THE_RUN = frozenset({Code.MISSING_PARAMETER.value, Code.UNSET_VARIABLE.value})
"""Mistakes of the command line or the environment, which an editor does not have."""


def find_pipelines(documents: Documents, catalogue: Catalogue) -> list[Symbols]:
    """Return the pipelines whose main file is open, with their names and files."""
    walked = [Symbols(catalogue, documents.read).walk(each) for each in documents.all]
    included = {source.path for symbols in walked for source in symbols.sources[1:] if source.path}
    mains = [each for each in walked if each.sources[0].path not in included]
    covered = {source.path for each in mains for source in each.sources}
    # Of files that include each other, each counts as a main file.
    return mains + [each for each in walked if each.sources[0].path not in covered]


def find_pipeline(source: SourceText, documents: Documents, catalogue: Catalogue) -> Symbols:
    """Return the pipeline that a file is part of."""
    for symbols in find_pipelines(documents, catalogue):
        if any(each.path == source.path for each in symbols.sources):
            return symbols
    return Symbols(catalogue, documents.read).walk(source)


def diagnose(
    documents: Documents, catalogue: Catalogue, environ: Mapping[str, str]
) -> dict[Path, list[Diagnostic]]:
    """Return the diagnostics of every open file, also if there are none."""
    found: dict[Path, list[Diagnostic]] = {
        source.path: [] for source in documents.all if source.path
    }
    for symbols in find_pipelines(documents, catalogue):
        checked = check(
            symbols.sources[0], catalogue, settings={}, environ=environ, read=documents.read
        )
        for diagnostic in checked.diagnostics:
            path = diagnostic.span.source.path
            if path in found and diagnostic.code not in _OF_THE_RUN:
                found[path].append(diagnostic)
    return found
