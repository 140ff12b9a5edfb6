"""An editor's side of the language server: a client that speaks to it over pipes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field
from lsprotocol import types
from pygls.lsp.client import LanguageClient

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds after which a test gives up; nothing waits so long unless something is broken."""


@define(eq=False)
class Session:
    """A client's view of a running server; calls block."""

    loop: asyncio.AbstractEventLoop
    client: LanguageClient = field(factory=lambda: LanguageClient("test", "1"))
    published: dict[str, list[types.Diagnostic]] = field(factory=dict)
    opened: list[str] = field(factory=list)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(PATIENCE)

    def start(self, encodings: list[str]) -> types.InitializeResult:
        def publish(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = list(params.diagnostics)

        self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(publish)
        self.wait(self.client.start_io(sys.executable, "-m", "bulkflow", "lsp"))
        general = types.GeneralClientCapabilities(position_encodings=encodings)
        result = self.wait(
            self.client.initialize_async(
                types.InitializeParams(capabilities=types.ClientCapabilities(general=general))
            )
        )
        self.call(self.client.initialized, types.InitializedParams())
        return result

    def stop(self) -> int | None:
        self.wait(self.client.shutdown_async(None))
        process = self.client._server
        assert process is not None
        self.call(self.client.exit, None)
        code = self.wait(process.wait())
        self.wait(self.client.stop())
        return code

    def call(self, function: Any, *arguments: Any) -> None:
        """Send a notification, on the thread of the client."""

        async def send() -> None:
            function(*arguments)

        self.wait(send())

    def open(self, path: Path, text: str) -> str:
        uri = path.as_uri()
        item = types.TextDocumentItem(uri, "bulkflow", 1, text)
        self.call(self.client.text_document_did_open, types.DidOpenTextDocumentParams(item))
        self.opened.append(uri)
        return uri

    def change(self, uri: str, text: str) -> None:
        params = types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version=2, uri=uri),
            [types.TextDocumentContentChangeWholeDocument(text)],
        )
        self.call(self.client.text_document_did_change, params)

    def close(self, uri: str) -> None:
        identifier = types.TextDocumentIdentifier(uri)
        self.call(self.client.text_document_did_close, types.DidCloseTextDocumentParams(identifier))
        self.opened.remove(uri)

    def diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """What was published last: an answer comes after all that was sent before it."""
        identifier = types.TextDocumentIdentifier(self.opened[0])
        self.wait(
            self.client.text_document_document_symbol_async(types.DocumentSymbolParams(identifier))
        )
        return self.published[uri]
