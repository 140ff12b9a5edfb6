"""Fixtures for the CSV tests."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bulkflow_csv import ByteSource
from bulkflow_csv.scanning.protocol import ReaderBackend
from bulkflow_csv.scanning.select import NumpyBackend
from support.alike import Alike


@pytest.fixture(scope="session")
def compiled(scanner_or_reason: Path | str) -> tuple[ReaderBackend, ...]:
    """The compiled backends, one per kernel that this CPU supports; none without a C compiler."""
    if isinstance(scanner_or_reason, str):
        return ()
    # Other tests must not depend on this wheel, so remove it from sys.modules again.
    before = sys.modules.pop("bulkflow_scanner", None)
    sys.path.insert(0, str(scanner_or_reason))
    try:
        import bulkflow_scanner
        from bulkflow_csv.scanning.native import NativeBackend
    finally:
        sys.path.remove(str(scanner_or_reason))
        del sys.modules["bulkflow_scanner"]
        if before is not None:
            sys.modules["bulkflow_scanner"] = before
    return tuple(NativeBackend(kernel) for kernel in bulkflow_scanner.KERNELS)


@pytest.fixture(scope="session")
def alike(compiled: tuple[ReaderBackend, ...]) -> Alike:
    return Alike((NumpyBackend(), *compiled))


@pytest.fixture
def source(tmp_path: Path) -> Callable[[bytes], ByteSource]:
    """Write bytes to a file and return it as the source `data.csv`."""

    def write(data: bytes) -> ByteSource:
        path = tmp_path / "data.csv"
        path.write_bytes(data)
        return ByteSource("data.csv", path)

    return write
