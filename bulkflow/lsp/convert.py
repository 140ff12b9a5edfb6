"""Convert between bulkflow's values and those of the protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import Factory, define
from lsprotocol import types
from pygls import uris

from bulkflow.language import Code
from bulkflow.lsp.completion import CompletionKind
from bulkflow.lsp.documents import normalize_path
from bulkflow.lsp.positions import Positions
from bulkflow.model.diagnostic import Severity

if TYPE_CHECKING:
    from bulkflow.lsp.completion import Completion
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.source import SourceText, Span

_KINDS = {
    CompletionKind.STRUCTURE: types.CompletionItemKind.Keyword,
    CompletionKind.VERB: types.CompletionItemKind.Function,
    CompletionKind.WORD: types.CompletionItemKind.Keyword,
    CompletionKind.CHOICE: types.CompletionItemKind.EnumMember,
    CompletionKind.JOB: types.CompletionItemKind.Class,
    CompletionKind.NAME: types.CompletionItemKind.Variable,
    CompletionKind.ORG: types.CompletionItemKind.Module,
    CompletionKind.FILE: types.CompletionItemKind.File,
    CompletionKind.FOLDER: types.CompletionItemKind.Folder,
}
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}
_UNUSED = frozenset({Code.UNUSED_JOB.value, Code.UNREACHABLE.value})
"""Codes of code that an editor may show faded."""


@define(eq=False)
class ProtocolConverter:
    """Convert for one client, with its URIs and its position encoding."""

    positions: Positions = Factory(Positions)
    _uris: dict[Path, str] = Factory(dict)

    def to_path(self, uri: str) -> Path:
        """Return the path of a document, or its URI as a path if it is not a file."""
        path = normalize_path(
            Path((uris.to_fs_path(uri) if uri.startswith("file:") else None) or uri)
        )
        self._uris[path] = uri
        return path

    def to_uri(self, path: Path) -> str:
        """Return the URI that the client used for a path, or else a new one."""
        return self._uris.get(path) or uris.from_fs_path(str(path)) or path.as_uri()

    def to_offset(self, source: SourceText, position: types.Position) -> int:
        """Return the offset of a position."""
        return self.positions.to_offset(source, position.line, position.character)

    def to_range(self, span: Span) -> types.Range:
        """Return the range of a span."""
        return self.to_range_between(span.source, span.start, span.end)

    def to_range_between(self, source: SourceText, start: int, end: int) -> types.Range:
        """Return the range between two offsets."""
        first, last = (self.positions.to_position(source, each) for each in (start, end))
        return types.Range(types.Position(*first), types.Position(*last))

    def to_location(self, span: Span) -> types.Location:
        """Return the location of a span."""
        assert span.source.path is not None
        return types.Location(self.to_uri(span.source.path), self.to_range(span))

    def to_diagnostic(self, found: Diagnostic) -> types.Diagnostic:
        """Return a diagnostic with its help below its message."""
        return types.Diagnostic(
            range=self.to_range(found.span),
            message=found.message + (f"\nhelp: {found.help}" if found.help else ""),
            severity=_SEVERITIES[found.severity],
            code=found.code,
            source="bulkflow",
            tags=[types.DiagnosticTag.Unnecessary] if found.code in _UNUSED else None,
            related_information=[
                types.DiagnosticRelatedInformation(self.to_location(label.span), label.text)
                for label in found.labels
            ],
        )

    def to_item(
        self, source: SourceText, offset: int, completion: Completion
    ) -> types.CompletionItem:
        """Return a completion that replaces the text up to the cursor."""
        return types.CompletionItem(
            label=completion.label,
            kind=_KINDS[completion.kind],
            detail=completion.detail or None,
            documentation=types.MarkupContent(types.MarkupKind.Markdown, completion.doc)
            if completion.doc
            else None,
            text_edit=types.TextEdit(
                self.to_range_between(source, completion.start, offset), completion.label
            ),
        )
