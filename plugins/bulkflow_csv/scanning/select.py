"""Select the backend that reads blocks: compiled or numpy."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from attrs import frozen

from bulkflow_csv.scanning.load_numpy import load_numpy

if TYPE_CHECKING:
    from bulkflow_csv.scanning.protocol import EndReader, ReaderBackend, RowFormat, RowReader


logger = logging.getLogger(__name__)


def select_backend() -> ReaderBackend:
    """Return the backend of bulkflow-scanner if it is installed, otherwise that of numpy.

    A wheel that fails to import, or is for another version of bulkflow, is ignored. Both backends
    give the same results.
    """
    try:
        from bulkflow_csv.scanning import native
        from bulkflow_scanner import PROTOCOL
    except ImportError as error:
        logger.info("reading rows with numpy: %s", error)
        return NumpyBackend()
    if PROTOCOL != native.PROTOCOL:
        logger.info("reading rows with numpy: bulkflow-scanner is for another version of bulkflow")
        return NumpyBackend()
    logger.info("reading rows with bulkflow-scanner")
    return native.NativeBackend()


@frozen
class NumpyBackend:
    """A `ReaderBackend` that uses numpy, which is imported when the first reader is made."""

    @property
    def block_size(self) -> int:
        """The measured optimum between numpy's overhead per call and the CPU caches."""
        return 1 << 20

    def make_end_reader(self, block_size: int) -> EndReader:
        """Make a reader that finds record ends without validating."""
        load_numpy()
        from bulkflow_csv.scanning.numpy_ends import NumpyEndReader

        return NumpyEndReader(block_size)

    def make_row_reader(self, row_format: RowFormat, block_size: int) -> RowReader:
        """Make a reader that validates the rows of a file."""
        load_numpy()
        from bulkflow_csv.scanning.numpy_rows import NumpyRowReader

        return NumpyRowReader(row_format, block_size)

    def count_byte(self, data: bytes, byte: bytes) -> int:
        """Count the occurrences of a byte."""
        load_numpy()
        import numpy as np

        # `bytes.count` takes ten times as long in Python 3.11.
        return int(np.count_nonzero(np.frombuffer(data, np.uint8) == ord(byte)))
