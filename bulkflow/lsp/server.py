"""The server: answers the editor's requests, one at a time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from bulkflow import __version__
from bulkflow.errors import BulkflowError
from bulkflow.language import tree
from bulkflow.language.formatter import format_source
from bulkflow.lsp.completion import complete
from bulkflow.lsp.convert import Wire
from bulkflow.lsp.diagnostics import diagnose, pipeline_of
from bulkflow.lsp.documents import Documents
from bulkflow.lsp.hover import hover
from bulkflow.lsp.positions import Positions
from bulkflow.lsp.rename import renamed
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
        self.wire = Wire()
        _register(self)

    def source(self, uri: str) -> SourceText:
        """The text of an open document."""
        found = self.documents.find(self.wire.path(uri))
        if found is None:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        return found

    def pipeline(self, source: SourceText) -> Symbols:
        """The names of the pipeline that a text is part of."""
        return pipeline_of(source, self.documents, self.catalogue)

    def symbol(
        self, uri: str, position: types.Position
    ) -> tuple[Symbol | None, Symbols, SourceText, int]:
        """The name at a position, and what it was found in."""
        source = self.source(uri)
        offset = self.wire.offset(source, position)
        symbols = self.pipeline(source)
        return symbols.at(source, offset), symbols, source, offset

    def taken_over(self, uri: str) -> None:
        """Take over the text that the editor has now, and check all that is open."""
        path = self.wire.path(uri)
        try:
            self.documents.put(path, self.workspace.get_text_document(uri).source)
        except TooLargeError as error:
            self.window_show_message(
                types.ShowMessageParams(
                    types.MessageType.Warning, f"{path.name} is not checked: {error}"
                )
            )
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
        self.report()

    def report(self) -> None:
        """Tell what is wrong with every open file: one may include another."""
        try:
            found = diagnose(self.documents, self.catalogue, self.environ)
        except BulkflowError as error:
            self.window_show_message(
                types.ShowMessageParams(types.MessageType.Error, error.message)
            )
            return
        for path, diagnostics in found.items():
            shown = [self.wire.diagnostic(each) for each in diagnostics]
            self.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(self.wire.uri(path), shown)
            )


def _register(server: BulkflowServer) -> None:
    """Say what the server can do."""
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
        ls.wire.positions = Positions(str(getattr(encoding, "value", encoding)))


def _opened(ls: BulkflowServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.taken_over(params.text_document.uri)


def _changed(ls: BulkflowServer, params: types.DidChangeTextDocumentParams) -> None:
    ls.taken_over(params.text_document.uri)


def _closed(ls: BulkflowServer, params: types.DidCloseTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.documents.remove(ls.wire.path(uri))
    ls.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))
    ls.report()


def _hover(ls: BulkflowServer, params: types.HoverParams) -> types.Hover | None:
    source = ls.source(params.text_document.uri)
    offset = ls.wire.offset(source, params.position)
    found = hover(source, offset, ls.pipeline(source), ls.catalogue)
    if found is None:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, found.text)
    return types.Hover(content, ls.wire.range(found.span))


def _completion(ls: BulkflowServer, params: types.CompletionParams) -> list[types.CompletionItem]:
    source = ls.source(params.text_document.uri)
    offset = ls.wire.offset(source, params.position)
    offers = complete(source, offset, ls.pipeline(source), ls.catalogue)
    return [ls.wire.item(source, offset, each) for each in offers]


def _definition(ls: BulkflowServer, params: types.DefinitionParams) -> types.Location | None:
    symbol, symbols, source, offset = ls.symbol(params.text_document.uri, params.position)
    if symbol is not None:
        return ls.wire.location(symbol.declared)
    for span, path in symbols.includes:
        if span.source.path == source.path and span.start <= offset <= span.end:
            start = types.Position(0, 0)
            return types.Location(ls.wire.uri(path), types.Range(start, start))
    return None


def _references(ls: BulkflowServer, params: types.ReferenceParams) -> list[types.Location]:
    symbol, *_ = ls.symbol(params.text_document.uri, params.position)
    if symbol is None:
        return []
    places = symbol.places if params.context.include_declaration else symbol.references
    return [ls.wire.location(place) for place in places]


def _prepare_rename(
    ls: BulkflowServer, params: types.PrepareRenameParams
) -> types.PrepareRenamePlaceholder | None:
    symbol, _, source, offset = ls.symbol(params.text_document.uri, params.position)
    if symbol is None:
        return None
    place = next(
        each
        for each in symbol.places
        if each.source.path == source.path and each.start <= offset <= each.end
    )
    return types.PrepareRenamePlaceholder(ls.wire.range(place), symbol.name)


def _rename(ls: BulkflowServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    symbol, symbols, *_ = ls.symbol(params.text_document.uri, params.position)
    if symbol is None:
        return None
    try:
        edits = renamed(symbol, params.new_name, symbols)
    except BulkflowError as error:
        raise JsonRpcInvalidParams(f"{error.message}; {error.help}") from error
    changes: dict[str, list[types.TextEdit]] = {}
    for place, text in edits:
        location = ls.wire.location(place)
        changes.setdefault(location.uri, []).append(types.TextEdit(location.range, text))
    return types.WorkspaceEdit(changes=changes)


def _formatting(
    ls: BulkflowServer, params: types.DocumentFormattingParams
) -> list[types.TextEdit] | None:
    source = ls.source(params.text_document.uri)
    try:
        written = format_source(source)
    except PipelineError:
        # The mistakes are shown where they are; until they are gone, the text stays.
        return None
    if written == source.text:
        return []
    return [types.TextEdit(ls.wire.stretch(source, 0, len(source.text)), written)]


def _outline(ls: BulkflowServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    source = ls.source(params.text_document.uri)
    own = [each for each in ls.pipeline(source).all if each.declared.source.path == source.path]
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
                ls.wire.range(whole),
                ls.wire.range(symbol.declared),
                symbol.kind.value,
            )
        )
    return shown


def _quick_fixes(ls: BulkflowServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    """For each mistake with a near name: put that in its place."""
    uri = params.text_document.uri
    source = ls.source(uri)
    actions = []
    for found in params.context.diagnostics:
        near = _DID_YOU_MEAN.search(found.message)
        if near is None or found.source != "bulkflow":
            continue
        start, end = (ls.wire.offset(source, each) for each in (found.range.start, found.range.end))
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
