"""Listeners to a run's events, and the drawing of errors.

Three reports hear the same events: one for a terminal, one for logs, one for programs. `choose`
takes the one that fits the streams. Nothing here knows how a run is done.
"""

from __future__ import annotations

from bulkflow.report.choice import choose
from bulkflow.report.diagnostics import render_diagnostics
from bulkflow.report.failure import render_error
from bulkflow.report.json_lines import JsonReport
from bulkflow.report.listener import Listener
from bulkflow.report.machine import diagnostics_github, diagnostics_json
from bulkflow.report.output import OutputError
from bulkflow.report.plain import PlainReport
from bulkflow.report.plan import render_plan
from bulkflow.report.plan_json import plan_json
from bulkflow.report.terminal import TerminalReport

__all__ = [
    "JsonReport",
    "Listener",
    "OutputError",
    "PlainReport",
    "TerminalReport",
    "choose",
    "diagnostics_github",
    "diagnostics_json",
    "plan_json",
    "render_diagnostics",
    "render_error",
    "render_plan",
]
