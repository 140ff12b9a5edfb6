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
    from bulkflow_sandbox.core.clock import ManualClock, RealTimeClock, SandboxClock
    from bulkflow_sandbox.jobs.processing_speed import (
        AfterPolls,
        AfterTime,
        Immediately,
        ProcessingSpeed,
        RowsPerSecond,
    )
    from bulkflow_sandbox.sandbox import Sandbox
    from bulkflow_sandbox.server.server import SandboxServer, make_server, serve


__all__ = [
    "AfterPolls",
    "AfterTime",
    "Choices",
    "Immediately",
    "ManualClock",
    "ProcessingSpeed",
    "RealTimeClock",
    "RowsPerSecond",
    "Sandbox",
    "SandboxClock",
    "SandboxServer",
    "make_server",
    "serve",
]

__getattr__ = export_lazily(
    __name__,
    {
        "core.behavior": "Choices",
        "core.clock": "ManualClock RealTimeClock SandboxClock",
        "jobs.processing_speed": "AfterPolls AfterTime Immediately ProcessingSpeed RowsPerSecond",
        "sandbox": "Sandbox",
        "server.server": "SandboxServer make_server serve",
    },
)
