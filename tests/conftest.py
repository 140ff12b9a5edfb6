"""No test finds the orgs that the user of this machine has named."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def no_orgs_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    before = os.environ.get("BULKFLOW_CONFIG_DIR")
    os.environ["BULKFLOW_CONFIG_DIR"] = str(tmp_path_factory.mktemp("config"))
    yield
    if before is None:
        del os.environ["BULKFLOW_CONFIG_DIR"]
    else:
        os.environ["BULKFLOW_CONFIG_DIR"] = before
