"""Reports of a run's events, and the rendering of errors.

Three reports listen to the same events: for terminals, for logs and for programs. `make_report`
picks the one that fits the streams. Nothing here knows how a run is executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow.report.diagnostics import render_diagnostics
    from bulkflow.report.failure import render_error
    from bulkflow.report.json_diagnostics import diagnostics_to_github, diagnostics_to_json
    from bulkflow.report.json_plan import plan_to_json
    from bulkflow.report.json_report import JsonReport
    from bulkflow.report.listener import Listener
    from bulkflow.report.plain_report import PlainReport
    from bulkflow.report.plan import render_plan
    from bulkflow.report.report_stream import OutputError
    from bulkflow.report.select_report import make_report
    from bulkflow.report.terminal_report import TerminalReport

__all__ = [
    "JsonReport",
    "Listener",
    "OutputError",
    "PlainReport",
    "TerminalReport",
    "diagnostics_to_github",
    "diagnostics_to_json",
    "make_report",
    "plan_to_json",
    "render_diagnostics",
    "render_error",
    "render_plan",
]

__getattr__ = export_lazily(
    __name__,
    {
        "select_report": "make_report",
        "diagnostics": "render_diagnostics",
        "failure": "render_error",
        "json_report": "JsonReport",
        "listener": "Listener",
        "json_diagnostics": "diagnostics_to_github diagnostics_to_json",
        "report_stream": "OutputError",
        "plain_report": "PlainReport",
        "plan": "render_plan",
        "json_plan": "plan_to_json",
        "terminal_report": "TerminalReport",
    },
)
