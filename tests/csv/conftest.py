"""What the tests of the CSV room share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bulkflow_csv import ByteSource
from bulkflow_csv.scanning.protocol import Readers
from bulkflow_csv.scanning.select import NumpyReaders
from support.alike import Alike


@pytest.fixture(scope="session")
def compiled(scanner_or_reason: Path | str) -> tuple[Readers, ...]:
    """The compiled readers, one for each way that this processor has; none without a compiler."""
    if isinstance(scanner_or_reason, str):
        return ()
    # Whatever else is tested here reads as it does where the wheel is not installed, or as it
    # does where it is: this is loaded for these tests, and forgotten.
    before = sys.modules.pop("bulkflow_scanner", None)
    sys.path.insert(0, str(scanner_or_reason))
    try:
        import bulkflow_scanner
        from bulkflow_csv.scanning.native import CompiledReaders
    finally:
        sys.path.remove(str(scanner_or_reason))
        del sys.modules["bulkflow_scanner"]
        if before is not None:
            sys.modules["bulkflow_scanner"] = before
    return tuple(CompiledReaders(way) for way in bulkflow_scanner.WAYS)


@pytest.fixture(scope="session")
def alike(compiled: tuple[Readers, ...]) -> Alike:
    return Alike((NumpyReaders(), *compiled))


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], ByteSource]:
    """Make a file of these bytes the source `data.csv`."""

    def write(data: bytes) -> ByteSource:
        path = tmp_path / "data.csv"
        path.write_bytes(data)
        return ByteSource("data.csv", path)

    return write
