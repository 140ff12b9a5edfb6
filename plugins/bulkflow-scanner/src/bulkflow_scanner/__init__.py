"""Reads blocks of CSV for bulkflow, compiled.

bulkflow uses it where it is installed and `PROTOCOL` is the number that it knows; it answers as
bulkflow's own reader does, which is made with numpy.
"""

from __future__ import annotations

from bulkflow_scanner._scanner import PROTOCOL, WAYS, Scanner, count, ends

__all__ = ["PROTOCOL", "WAYS", "Scanner", "count", "ends"]
