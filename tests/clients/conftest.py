"""Orgs for real clients: what each of them needs to find one and to trust it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bulkflow_sandbox.testing import LocalOrg, local_org
from support.foreign import AbsentError, node_program, npm_packages, skip

if TYPE_CHECKING:
    from collections.abc import Iterator

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def secure_org() -> Iterator[LocalOrg]:
    """An org that many tests share; each loads into records of its own."""
    with local_org(tls=True) as org:
        yield org


@pytest.fixture
def trusted(secure_org: LocalOrg, monkeypatch: pytest.MonkeyPatch) -> LocalOrg:
    """The shared org, in an environment that trusts it and knows no proxy."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name, value in secure_org.environment.items():
        monkeypatch.setenv(name, value)
    return secure_org


@pytest.fixture(scope="session")
def node() -> Path:
    """A Node.js that is new enough for the npm clients."""
    try:
        return node_program(NODE / "runtime")
    except AbsentError as error:
        skip(str(error))


@pytest.fixture(scope="session")
def jsforce_folder() -> Path:
    """The folder in which jsforce is installed, kept from one run to the next."""
    try:
        return npm_packages(NODE / "jsforce", "--ignore-scripts")
    except AbsentError as error:
        skip(str(error))
