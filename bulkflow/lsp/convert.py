"""Between bulkflow's values and the protocol's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import Factory, define
from lsprotocol import types
from pygls import uris

from bulkflow.language import Code
from bulkflow.lsp.completion import Kind
from bulkflow.lsp.documents import normal
from bulkflow.lsp.positions import Positions
from bulkflow.model.diagnostic import Severity

if TYPE_CHECKING:
    from bulkflow.lsp.completion import Offer
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.source import SourceText, Span

_KINDS = {
    Kind.STRUCTURE: types.CompletionItemKind.Keyword,
    Kind.VERB: types.CompletionItemKind.Function,
    Kind.WORD: types.CompletionItemKind.Keyword,
    Kind.CHOICE: types.CompletionItemKind.EnumMember,
    Kind.JOB: types.CompletionItemKind.Class,
    Kind.NAME: types.CompletionItemKind.Variable,
    Kind.ORG: types.CompletionItemKind.Module,
    Kind.FILE: types.CompletionItemKind.File,
    Kind.FOLDER: types.CompletionItemKind.Folder,
}
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}
_UNUSED = frozenset({Code.UNUSED_JOB.value, Code.UNREACHABLE.value})
"""Codes of what an editor may show faded."""


@define(eq=False)
class Wire:
    """Translates for one client, which knows files by URIs and counts in an encoding."""

    positions: Positions = Factory(Positions)
    _uris: dict[Path, str] = Factory(dict)

    def path(self, uri: str) -> Path:
        """The path of a document; one that is not a file has its URI for a path."""
        path = normal(Path((uris.to_fs_path(uri) if uri.startswith("file:") else None) or uri))
        self._uris[path] = uri
        return path

    def uri(self, path: Path) -> str:
        """The URI as the client wrote it, else one of our own."""
        return self._uris.get(path) or uris.from_fs_path(str(path)) or path.as_uri()

    def offset(self, source: SourceText, position: types.Position) -> int:
        """Where a position is in a text."""
        return self.positions.to_offset(source, position.line, position.character)

    def range(self, span: Span) -> types.Range:
        """The lines and columns of a span."""
        return self.stretch(span.source, span.start, span.end)

    def stretch(self, source: SourceText, start: int, end: int) -> types.Range:
        """The lines and columns between two offsets."""
        first, last = (self.positions.of_offset(source, each) for each in (start, end))
        return types.Range(types.Position(*first), types.Position(*last))

    def location(self, span: Span) -> types.Location:
        """A place in a file."""
        assert span.source.path is not None
        return types.Location(self.uri(span.source.path), self.range(span))

    def diagnostic(self, found: Diagnostic) -> types.Diagnostic:
        """A mistake, with its help below its message."""
        return types.Diagnostic(
            range=self.range(found.span),
            message=found.message + (f"\nhelp: {found.help}" if found.help else ""),
            severity=_SEVERITIES[found.severity],
            code=found.code,
            source="bulkflow",
            tags=[types.DiagnosticTag.Unnecessary] if found.code in _UNUSED else None,
            related_information=[
                types.DiagnosticRelatedInformation(self.location(label.span), label.text)
                for label in found.labels
            ],
        )

    def item(self, source: SourceText, offset: int, offer: Offer) -> types.CompletionItem:
        """An offer, which replaces what is written up to the cursor."""
        return types.CompletionItem(
            label=offer.label,
            kind=_KINDS[offer.kind],
            detail=offer.detail or None,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, offer.doc)
            if offer.doc
            else None,
            text_edit=types.TextEdit(self.stretch(source, offer.start, offset), offer.label),
        )
