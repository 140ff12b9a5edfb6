"""No test depends on how fast the machine is, or finds the orgs that its user has named."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

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
