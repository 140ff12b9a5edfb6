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
    Sink,
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
        ArrowStream,
        Load,
        OrgRequest,
        RowPlaces,
        SinkRequest,
        SourceBytes,
        SourceData,
        SourceFile,
        SourceRequest,
        SourceRows,
        SourceTable,
    )
    from bulkflow.plugin.row_clauses import (
        ROW,
        JobRows,
        RowClause,
        RowFault,
        Stage,
        quote_name,
        quote_text,
        row_clause,
    )

__all__ = [
    "ROW",
    "UNKNOWN",
    "ArrowStream",
    "Clause",
    "Clock",
    "Command",
    "Condition",
    "Context",
    "Continue",
    "Job",
    "JobRows",
    "Load",
    "Org",
    "OrgRequest",
    "PlacedError",
    "Problem",
    "Provider",
    "Recorder",
    "RetryStep",
    "RowClause",
    "RowFault",
    "RowPlaces",
    "Sink",
    "SinkRequest",
    "Source",
    "SourceBytes",
    "SourceData",
    "SourceFile",
    "SourceRequest",
    "SourceRows",
    "SourceTable",
    "Stage",
    "Step",
    "Stop",
    "Unknown",
    "ValueType",
    "clause",
    "condition",
    "format_plural",
    "hookimpl",
    "quote_name",
    "quote_text",
    "row_clause",
    "step",
]

__getattr__ = export_lazily(
    __name__,
    {
        "context": "Clock Context Job Recorder",
        "messages": "ArrowStream Load OrgRequest RowPlaces SinkRequest SourceBytes SourceData "
        "SourceFile SourceRequest SourceRows SourceTable",
        "row_clauses": "ROW JobRows RowClause RowFault Stage quote_name quote_text row_clause",
    },
)
