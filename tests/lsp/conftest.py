"""A server in a process of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest
from lsprotocol import types

from support.editor import Session


@pytest.fixture(scope="session")
def event_loop_thread() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="lsp client")
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def server(event_loop_thread: asyncio.AbstractEventLoop) -> Iterator[Session]:
    """One server for all tests."""
    session = Session(event_loop_thread)
    session.start([types.PositionEncodingKind.Utf16])
    yield session
    assert session.stop() == 0


@pytest.fixture
def session(server: Session) -> Iterator[Session]:
    """The server with no file open."""
    yield server
    for uri in list(server.opened):
        server.close(uri)
