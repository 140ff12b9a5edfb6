"""The pytest fixture `salesforce_sandbox`, loaded through `bulkflow_sandbox.testing`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bulkflow_sandbox.testing import local_org

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_sandbox.testing import LocalOrg


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker that configures the fixture."""
    config.addinivalue_line(
        "markers",
        "salesforce_sandbox(**options): the options of bulkflow_sandbox.testing.local_org for the "
        "fixture of the same name.",
    )


@pytest.fixture
def salesforce_sandbox(request: pytest.FixtureRequest) -> Iterator[LocalOrg]:
    """Serve a new, empty Salesforce org on this machine until the test ends."""
    marker = request.node.get_closest_marker("salesforce_sandbox")
    with local_org(**(marker.kwargs if marker else {})) as org:
        yield org
