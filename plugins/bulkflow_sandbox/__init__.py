"""A local Bulk API 2.0 server that real clients cannot distinguish from Salesforce.

`with SandboxServer() as server:` serves a new `Sandbox` on a free port of this machine, at
`server.url`, for the token `server.token`. The names below load their modules on first use, which
keeps importing the package cheap.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_sandbox.core.behavior import Choices
    from bulkflow_sandbox.core.clock import Clock, ManualClock, SystemClock
    from bulkflow_sandbox.jobs.pace import AfterPolls, AfterTime, Immediately, Pace, RowsPerSecond
    from bulkflow_sandbox.sandbox import Sandbox
    from bulkflow_sandbox.server.server import SandboxServer, make_server, serve


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
    "make_server",
    "serve",
]

__getattr__ = export_lazily(
    __name__,
    {
        "core.behavior": "Choices",
        "core.clock": "Clock ManualClock SystemClock",
        "jobs.pace": "AfterPolls AfterTime Immediately Pace RowsPerSecond",
        "sandbox": "Sandbox",
        "server.server": "SandboxServer make_server serve",
    },
)
