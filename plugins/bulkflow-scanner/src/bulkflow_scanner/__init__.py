"""Compiled CSV block reader for bulkflow.

bulkflow uses this package if it is installed and `PROTOCOL` is the version that bulkflow supports.
It gives the same results as bulkflow's own reader, which uses numpy.
"""

from __future__ import annotations

from bulkflow_scanner._scanner import KERNELS, PROTOCOL, Scanner, count_byte, find_ends

__all__ = ["KERNELS", "PROTOCOL", "Scanner", "count_byte", "find_ends"]
