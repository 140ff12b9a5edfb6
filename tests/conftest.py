"""No test depends on how fast the machine is, or finds the orgs that its user has named."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from support.scanner import built

# How long an example takes says nothing here: it depends on what else the machine does.
settings.register_profile("bulkflow", deadline=None)
settings.load_profile("bulkflow")


@pytest.fixture(autouse=True, scope="session")
def no_orgs_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("BULKFLOW_CONFIG_DIR")
    os.environ["BULKFLOW_CONFIG_DIR"] = str(tmp_path_factory.mktemp("config"))
    yield
    if before is None:
        del os.environ["BULKFLOW_CONFIG_DIR"]
    else:
        os.environ["BULKFLOW_CONFIG_DIR"] = before


@pytest.fixture(scope="session")
def scanner_or_reason(tmp_path_factory: pytest.TempPathFactory) -> Path | str:
    """The folder that bulkflow-scanner was installed into, or why it cannot be built here."""
    root = tmp_path_factory.getbasetemp()
    return built(root.parent if "PYTEST_XDIST_WORKER" in os.environ else root)


@pytest.fixture(scope="session")
def scanner(scanner_or_reason: Path | str) -> Path:
    """The folder that bulkflow-scanner was installed into, for PYTHONPATH."""
    if isinstance(scanner_or_reason, str):
        pytest.skip(scanner_or_reason)
    return scanner_or_reason
