"""Reports of a run's events, and the rendering of errors.

Three reports listen to the same events: for terminals, for logs and for programs. `make_report`
picks the one that fits the streams. Nothing here knows how a run is executed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow.report.errors.diagnostics import render_diagnostics
    from bulkflow.report.errors.failure import render_error
    from bulkflow.report.errors.json_diagnostics import diagnostics_to_github, diagnostics_to_json
    from bulkflow.report.plans.json_plan import plan_to_json
    from bulkflow.report.plans.plan import render_plan
    from bulkflow.report.runs.json_report import JsonReport
    from bulkflow.report.runs.listener import Listener
    from bulkflow.report.runs.plain_report import PlainReport
    from bulkflow.report.runs.report_stream import OutputError
    from bulkflow.report.runs.select_report import make_report
    from bulkflow.report.runs.terminal_report import TerminalReport

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
        "runs.select_report": "make_report",
        "errors.diagnostics": "render_diagnostics",
        "errors.failure": "render_error",
        "runs.json_report": "JsonReport",
        "runs.listener": "Listener",
        "errors.json_diagnostics": "diagnostics_to_github diagnostics_to_json",
        "runs.report_stream": "OutputError",
        "runs.plain_report": "PlainReport",
        "plans.plan": "render_plan",
        "plans.json_plan": "plan_to_json",
        "runs.terminal_report": "TerminalReport",
    },
)
