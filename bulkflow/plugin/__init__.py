"""Everything that a plugin author needs.

A plugin is a module in the entry-point group `bulkflow`:

    from bulkflow.plugin import hookimpl, step

    @step("greet {whom:text}")
    def greet(context, whom):
        '''Say hello in the run's log.'''
        context.emit(Notice(f"hello, {whom}"))

    @hookimpl
    def bulkflow_steps():
        return [greet]

`docs/plugins.md` is the guide; `bulkflow.plugin.hookspecs` lists every hook.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily
from bulkflow.model.plural import format_plural
from bulkflow.plugin.control_flow import Continue, RetryStep, Stop
from bulkflow.plugin.hookspecs import hookimpl
from bulkflow.plugin.records import (
    Clause,
    Command,
    Condition,
    Org,
    PlacedError,
    Problem,
    Provider,
    Source,
    Step,
    ValueType,
    clause,
    condition,
    step,
)
from bulkflow.plugin.sentinel import UNKNOWN, Unknown

if TYPE_CHECKING:
    from bulkflow.plugin.context import Clock, Context, Job, Recorder
    from bulkflow.plugin.messages import (
        Load,
        OrgRequest,
        SourceBytes,
        SourceData,
        SourceFile,
        SourceRequest,
        SourceRows,
    )

__all__ = [
    "UNKNOWN",
    "Clause",
    "Clock",
    "Command",
    "Condition",
    "Context",
    "Continue",
    "Job",
    "Load",
    "Org",
    "OrgRequest",
    "PlacedError",
    "Problem",
    "Provider",
    "Recorder",
    "RetryStep",
    "Source",
    "SourceBytes",
    "SourceData",
    "SourceFile",
    "SourceRequest",
    "SourceRows",
    "Step",
    "Stop",
    "Unknown",
    "ValueType",
    "clause",
    "condition",
    "format_plural",
    "hookimpl",
    "step",
]

__getattr__ = export_lazily(
    __name__,
    {
        "context": "Clock Context Job Recorder",
        "messages": "Load OrgRequest SourceBytes SourceData SourceFile SourceRequest SourceRows",
    },
)
