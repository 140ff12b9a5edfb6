"""The server, which handles the editor's requests one at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from bulkflow import __version__
from bulkflow.errors import BulkflowError
from bulkflow.language.formatter import format_source
from bulkflow.language.syntax import tree
from bulkflow.lsp.completion import find_completions
from bulkflow.lsp.convert import ProtocolConverter
from bulkflow.lsp.diagnostics import diagnose, find_pipeline
from bulkflow.lsp.documents import Documents
from bulkflow.lsp.hover import find_hover
from bulkflow.lsp.positions import Positions
from bulkflow.lsp.rename import rename_symbol
from bulkflow.lsp.symbols import SymbolKind
from bulkflow.model.diagnostic import PipelineError
from bulkflow.source import TooLargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bulkflow.lsp.symbols import Symbol, Symbols
    from bulkflow.plugin.registry import Catalogue
    from bulkflow.source import SourceText

_DID_YOU_MEAN = re.compile(r"did you mean `(?P<word>[^`]+)`\?")

_OUTLINE = {
    SymbolKind.ORG: types.SymbolKind.Module,
    SymbolKind.JOB: types.SymbolKind.Class,
    SymbolKind.PARAM: types.SymbolKind.Variable,
    SymbolKind.LET: types.SymbolKind.Constant,
    SymbolKind.LOOP: types.SymbolKind.Variable,
}


class BulkflowServer(LanguageServer):
    """A language server for the words of a catalogue."""

    def __init__(self, catalogue: Catalogue, environ: Mapping[str, str]) -> None:
        super().__init__("bulkflow", __version__)
        self.catalogue = catalogue
        self.environ = environ
        self.documents = Documents()
        self.converter = ProtocolConverter()
        _register(self)

    def get_source(self, uri: str) -> SourceText:
        """Return the text of an open document."""
        found = self.documents.find(self.converter.to_path(uri))
        if found is None:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        return found

    def get_pipeline(self, source: SourceText) -> Symbols:
        """Return the names of the pipeline that a text is part of."""
        return find_pipeline(source, self.documents, self.catalogue)

    def find_symbol(
        self, uri: str, position: types.Position
    ) -> tuple[Symbol | None, Symbols, SourceText, int]:
        """Return the name at a position, its pipeline, its source and the offset."""
        source = self.get_source(uri)
        offset = self.converter.to_offset(source, position)
        symbols = self.get_pipeline(source)
        return symbols.find_at(source, offset), symbols, source, offset

    def update_document(self, uri: str) -> None:
        """Read the editor's current text, and check all open files."""
        path = self.converter.to_path(uri)
        try:
            self.documents.put(path, self.workspace.get_text_document(uri).source)
        except TooLargeError as error:
            self.window_show_message(
                types.ShowMessageParams(
                    types.MessageType.Warning, f"{path.name} is not checked: {error}"
                )
            )
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        self.publish_diagnostics()

    def publish_diagnostics(self) -> None:
        """Publish the diagnostics of every open file, because one may include another."""
        try:
            found = diagnose(self.documents, self.catalogue, self.environ)
        except BulkflowError as error:
            self.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, error.message)
            )
            return
        for path, diagnostics in found.items():
            shown = [self.converter.to_diagnostic(each) for each in diagnostics]
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(self.converter.to_uri(path), shown)
            )


def _register(server: BulkflowServer) -> None:
    """Register the handlers of the supported requests."""
    triggers = types.CompletionOptions(trigger_characters=[" ", '"', "{", "/"])
    server.feature(types.INITIALIZED)(_initialized)
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(_opened)
    server.feature(types.TEXT_DOCUMENT_DID_CHANGE)(_changed)
    server.feature(types.TEXT_DOCUMENT_DID_CLOSE)(_closed)
    server.feature(types.TEXT_DOCUMENT_HOVER)(_hover)
    server.feature(types.TEXT_DOCUMENT_COMPLETION, triggers)(_completion)
    server.feature(types.TEXT_DOCUMENT_DEFINITION)(_definition)
    server.feature(types.TEXT_DOCUMENT_REFERENCES)(_references)
    server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)(_prepare_rename)
    server.feature(types.TEXT_DOCUMENT_RENAME)(_rename)
    server.feature(types.TEXT_DOCUMENT_FORMATTING)(_formatting)
    server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)(_outline)
    server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )(_quick_fixes)


def _initialized(ls: BulkflowServer, _: types.InitializedParams) -> None:
    encoding = ls.workspace.position_encoding
    if encoding is not None:
        ls.converter.positions = Positions(str(getattr(encoding, "value", encoding)))


def _opened(ls: BulkflowServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.update_document(params.text_document.uri)


def _changed(ls: BulkflowServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.update_document(params.text_document.uri)


def _closed(ls: BulkflowServer, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.documents.remove(ls.converter.to_path(uri))
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
    ls.publish_diagnostics()


def _hover(ls: BulkflowServer, params: types.HoverParams) -> types.Hover | None:
    source = ls.get_source(params.text_document.uri)
    offset = ls.converter.to_offset(source, params.position)
    found = find_hover(source, offset, ls.get_pipeline(source), ls.catalogue)
    if found is None:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, found.text)
    return types.Hover(content, ls.converter.to_range(found.span))


def _completion(ls: BulkflowServer, params: types.CompletionParams) -> list[types.CompletionItem]:
    source = ls.get_source(params.text_document.uri)
    offset = ls.converter.to_offset(source, params.position)
    offers = find_completions(source, offset, ls.get_pipeline(source), ls.catalogue)
    return [ls.converter.to_item(source, offset, each) for each in offers]


def _definition(ls: BulkflowServer, params: types.DefinitionParams) -> types.Location | None:
    symbol, symbols, source, offset = ls.find_symbol(params.text_document.uri, params.position)
    if symbol is not None:
        return ls.converter.to_location(symbol.declared)
    for span, path in symbols.includes:
        if span.source.path == source.path and span.start <= offset <= span.end:
            start = types.Position(0, 0)
            return types.Location(ls.converter.to_uri(path), types.Range(start, start))
    return None


def _references(ls: BulkflowServer, params: types.ReferenceParams) -> list[types.Location]:
    symbol, *_ = ls.find_symbol(params.text_document.uri, params.position)
    if symbol is None:
        return []
    places = symbol.places if params.context.include_declaration else symbol.references
    return [ls.converter.to_location(place) for place in places]


def _prepare_rename(
    ls: BulkflowServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    symbol, _, source, offset = ls.find_symbol(params.text_document.uri, params.position)
    if symbol is None:
        return None
    place = next(
        each
        for each in symbol.places
        if each.source.path == source.path and each.start <= offset <= each.end
    )
    return types.PrepareRenamePlaceholder(ls.converter.to_range(place), symbol.name)


def _rename(ls: BulkflowServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    symbol, symbols, *_ = ls.find_symbol(params.text_document.uri, params.position)
    if symbol is None:
        return None
    try:
        edits = rename_symbol(symbol, params.new_name, symbols)
    except BulkflowError as error:
        raise JsonRpcInvalidParams(f"{error.message}; {error.help}") from error
    changes: dict[str, list[types.TextEdit]] = {}
    for place, text in edits:
        location = ls.converter.to_location(place)
        changes.setdefault(location.uri, []).append(types.TextEdit(location.range, text))
    return types.WorkspaceEdit(changes=changes)


def _formatting(
    ls: BulkflowServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    source = ls.get_source(params.text_document.uri)
    try:
        written = format_source(source)
    except PipelineError:
        # A text with mistakes is not formatted. The editor shows the mistakes.
        return None
    if written == source.text:
        return []
    return [types.TextEdit(ls.converter.to_range_between(source, 0, len(source.text)), written)]


def _outline(ls: BulkflowServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    source = ls.get_source(params.text_document.uri)
    own = [each for each in ls.get_pipeline(source).all if each.declared.source.path == source.path]
    shown = []
    for symbol in own:
        statement = symbol.statement
        whole = statement.span
        if isinstance(statement, tree.JobNode) and statement.clauses:
            whole = whole.to(statement.clauses[-1].span)
        shown.append(
            types.DocumentSymbol(
                symbol.name,
                _OUTLINE[symbol.kind],
                ls.converter.to_range(whole),
                ls.converter.to_range(symbol.declared),
                symbol.kind.value,
            )
        )
    return shown


def _quick_fixes(ls: BulkflowServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Offer the similar name of each mistake that has one."""
    uri = params.text_document.uri
    source = ls.get_source(uri)
    actions = []
    for found in params.context.diagnostics:
        near = _DID_YOU_MEAN.search(found.message)
        if near is None or found.source != "bulkflow":
            continue
        start, end = (
            ls.converter.to_offset(source, each) for each in (found.range.start, found.range.end)
        )
        word = near["word"]
        if source.text[start:end].startswith("{"):
            word = f"{{{word}}}"
        edit = types.TextEdit(found.range, word)
        actions.append(
            types.CodeAction(
                title=f"Write `{near['word']}`",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[found],
                edit=types.WorkspaceEdit(changes={uri: [edit]}),
                is_preferred=True,
            )
        )
    return actions
