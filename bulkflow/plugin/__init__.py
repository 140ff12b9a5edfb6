"""All that a plugin author needs.

A plugin is a module in the entry-point group `bulkflow`:

    from bulkflow.plugin import hookimpl, step

    @step("greet {whom:text}")
    def greet(context, whom):
        '''Say hello in the run's log.'''
        context.emit(Notice(f"hello, {whom}"))

    @hookimpl
    def bulkflow_steps():
        return [greet]

`docs/plugins.md` tells the rest; `bulkflow.plugin.hookspecs` lists every hook.
"""

from bulkflow.plugin.context import Clock, Context, Job, Recorder
from bulkflow.plugin.flow import Continue, RetryStep, Stop
from bulkflow.plugin.hookspecs import hookimpl
from bulkflow.plugin.records import (
    Clause,
    Command,
    Condition,
    Load,
    Org,
    OrgRequest,
    Problem,
    Provider,
    Source,
    SourceBytes,
    SourceData,
    SourceFile,
    SourceRequest,
    SourceRows,
    Step,
    ValueType,
    clause,
    condition,
    step,
)
from bulkflow.plugin.unknown import UNKNOWN, Unknown

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
    "hookimpl",
    "step",
]
