"""A sandbox behind a proxy that can lose answers, and a way to run pipelines against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow_sandbox import Sandbox, SandboxServer
from support.proxy import Proxy, proxied
from support.workshop import Workshop


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer() as running:
        yield running


@pytest.fixture
def proxy(server: SandboxServer) -> Iterator[Proxy]:
    with proxied(server.url) as made:
        yield made


@pytest.fixture
def workshop(tmp_path: Path, proxy: Proxy, server: SandboxServer) -> Workshop:
    environ = {
        "SF_ACCESS_TOKEN": server.token,
        "SF_ORG_INSTANCE_URL": proxy.url,
        # Long enough for trouble of a few answers, short enough where it does not end.
        "BULKFLOW_PATIENCE": "2s",
    }
    return Workshop(tmp_path, environ)


@pytest.fixture
def sandbox(server: SandboxServer) -> Sandbox:
    return server.api
