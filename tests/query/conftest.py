"""A sandbox with rows behind a proxy, for each form in which an org gives the pages of a result."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkflow_sandbox import Choices, Sandbox, SandboxServer
from bulkflow_sandbox.core.behavior import PagesForm
from bulkflow_sandbox.org import USER_ID
from bulkflow_sandbox.rest.records import Records
from support.proxy import Proxy, proxied
from support.workshop import Workshop

ROWS = 60
PAGE = 7


@pytest.fixture(scope="module")
def form() -> PagesForm:
    """How the org gives the pages; a module may override it."""
    return PagesForm.URL


@pytest.fixture(scope="module")
def server(form: PagesForm) -> Iterator[SandboxServer]:
    sandbox = Sandbox(choices=Choices(query_page_rows=PAGE, query_pages_form=form))
    with SandboxServer(sandbox) as running:
        fill(sandbox)
        yield running


def fill(sandbox: Sandbox) -> None:
    """Add the people to an org."""
    saving = Records(sandbox.org)
    for number in range(ROWS):
        person = {"LastName": f'P{number:03} "q"\nx', "Email": f"p{number}@example.org"}
        saving.create("Contact", person, USER_ID)


@pytest.fixture
def sandbox(server: SandboxServer) -> Sandbox:
    return server.api


@pytest.fixture
def proxy(server: SandboxServer) -> Iterator[Proxy]:
    with proxied(server.url) as made:
        yield made


@pytest.fixture
def workshop(tmp_path: Path, proxy: Proxy, server: SandboxServer) -> Workshop:
    environ = {
        "SF_ACCESS_TOKEN": server.token,
        "SF_ORG_INSTANCE_URL": proxy.url,
        "BULKFLOW_PATIENCE": "2s",
    }
    return Workshop(tmp_path, environ)
