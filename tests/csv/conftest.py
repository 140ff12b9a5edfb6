"""What the tests of the CSV room share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bulkflow_csv import ByteSource


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], ByteSource]:
    """Make a file of these bytes the source `data.csv`."""

    def write(data: bytes) -> ByteSource:
        path = tmp_path / "data.csv"
        path.write_bytes(data)
        return ByteSource("data.csv", path)

    return write
