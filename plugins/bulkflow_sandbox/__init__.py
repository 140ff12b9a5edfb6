"""A local Bulk API 2.0 server that real clients cannot tell from Salesforce.

`with SandboxServer() as server:` serves a new `Sandbox` on a free port of this machine, at
`server.url`, for the token `server.token`. The names below load their modules when they are first
used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bulkflow_sandbox.choices import Choices
    from bulkflow_sandbox.clock import Clock, ManualClock, SystemClock
    from bulkflow_sandbox.jobs.pace import AfterPolls, AfterTime, Immediately, Pace, RowsPerSecond
    from bulkflow_sandbox.sandbox import Sandbox
    from bulkflow_sandbox.server import SandboxServer, running, serve

_HOMES: Final = {
    "AfterPolls": "jobs.pace",
    "AfterTime": "jobs.pace",
    "Choices": "choices",
    "Clock": "clock",
    "Immediately": "jobs.pace",
    "ManualClock": "clock",
    "Pace": "jobs.pace",
    "RowsPerSecond": "jobs.pace",
    "Sandbox": "sandbox",
    "SandboxServer": "server",
    "SystemClock": "clock",
    "running": "server",
    "serve": "server",
}

__all__ = [
    "AfterPolls",
    "AfterTime",
    "Choices",
    "Clock",
    "Immediately",
    "ManualClock",
    "Pace",
    "RowsPerSecond",
    "Sandbox",
    "SandboxServer",
    "SystemClock",
    "running",
    "serve",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
