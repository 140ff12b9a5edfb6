"""Listeners to a run's events, and the drawing of errors.

Three reports hear the same events: one for a terminal, one for logs, one for programs. `choose`
takes the one that fits the streams. Nothing here knows how a run is done.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow.report.choice import choose
    from bulkflow.report.diagnostics import render_diagnostics
    from bulkflow.report.failure import render_error
    from bulkflow.report.json_lines import JsonReport
    from bulkflow.report.listener import Listener
    from bulkflow.report.machine import diagnostics_github, diagnostics_json
    from bulkflow.report.output import OutputError
    from bulkflow.report.plain import PlainReport
    from bulkflow.report.plan import render_plan
    from bulkflow.report.plan_machine import plan_json
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

_PLACES = {
    "JsonReport": "bulkflow.report.json_lines",
    "Listener": "bulkflow.report.listener",
    "OutputError": "bulkflow.report.output",
    "PlainReport": "bulkflow.report.plain",
    "TerminalReport": "bulkflow.report.terminal",
    "choose": "bulkflow.report.choice",
    "diagnostics_github": "bulkflow.report.machine",
    "diagnostics_json": "bulkflow.report.machine",
    "plan_json": "bulkflow.report.plan_machine",
    "render_diagnostics": "bulkflow.report.diagnostics",
    "render_error": "bulkflow.report.failure",
    "render_plan": "bulkflow.report.plan",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: a start needs little of it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
