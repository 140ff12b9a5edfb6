"""Which of the two ways to read blocks is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from bulkflow_csv.scanning.load_numpy import load_numpy

if TYPE_CHECKING:
    from bulkflow_csv.scanning.protocol import BlockReader, EndReader, Readers, RowForm


def fastest_readers() -> Readers:
    """Those of bulkflow-scanner where it is installed, else those that are made with numpy.

    A wheel that does not load here, or is for another bulkflow, is as good as none: what is
    found in a file is the same either way.
    """
    try:
        from bulkflow_csv.scanning import native
        from bulkflow_scanner import PROTOCOL
    except ImportError:
        return NumpyReaders()
    return native.CompiledReaders() if PROTOCOL == native.PROTOCOL else NumpyReaders()


@attrs.frozen
class NumpyReaders:
    """Reads with numpy, which is loaded when a reader is made."""

    @property
    def block_size(self) -> int:
        """Measured best between numpy's cost per call and the processor's caches."""
        return 1 << 20

    def ends(self, block_size: int) -> EndReader:
        """Make a reader that finds where records end, and checks nothing."""
        load_numpy()
        from bulkflow_csv.scanning.numpy_ends import Boundaries

        return Boundaries(block_size)

    def rows(self, form: RowForm, block_size: int) -> BlockReader:
        """Make a reader that checks the rows of a file."""
        load_numpy()
        from bulkflow_csv.scanning.numpy_rows import Structure

        return Structure(form, block_size)

    def count(self, data: bytes, byte: bytes) -> int:
        """How often a byte stands in some data."""
        load_numpy()
        import numpy as np

        # In Python 3.11 `bytes.count` takes ten times as long.
        return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord(byte)))
