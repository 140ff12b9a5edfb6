"""How many requests about jobs a run sends at the same time."""

from __future__ import annotations

from typing import Final

MAX_CONNECTIONS: Final = 16
"""Transfers of data that all jobs of a run have in progress at the same time."""

MAX_STATUS_REQUESTS: Final = 16
"""Status requests that a run has in progress at the same time, in addition to its transfers."""
