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

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from bulkflow.plugin.flow import Continue, RetryStep, Stop
from bulkflow.plugin.hookspecs import hookimpl
from bulkflow.plugin.records import (
    Clause,
    Command,
    Condition,
    Org,
    Problem,
    Provider,
    Source,
    Step,
    ValueType,
    clause,
    condition,
    step,
)
from bulkflow.plugin.unknown import UNKNOWN, Unknown

if TYPE_CHECKING:
    from bulkflow.plugin.context import Clock, Context, Job, Recorder, StepAhead
    from bulkflow.plugin.exchange import (
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
    "StepAhead",
    "Stop",
    "Unknown",
    "ValueType",
    "clause",
    "condition",
    "hookimpl",
    "step",
]

_HOMES: Final = {
    "Clock": "context",
    "Context": "context",
    "Job": "context",
    "Load": "exchange",
    "OrgRequest": "exchange",
    "Recorder": "context",
    "SourceBytes": "exchange",
    "SourceData": "exchange",
    "SourceFile": "exchange",
    "SourceRequest": "exchange",
    "SourceRows": "exchange",
    "StepAhead": "context",
}
"""What a file that runs needs and one that is checked does not, and the modules that hold it."""


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: a start needs little of it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
