"""Every row's fate: the results of a logical job joined to the rows that it was loaded from."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from bulkflow_ingest.fates.book import MEMORY, Fates
    from bulkflow_ingest.fates.errors import FatesError, WrongFilesError
    from bulkflow_ingest.fates.inputs import ResultFile, ResultKind, SourceSlice
    from bulkflow_ingest.fates.outcomes import Outcome
    from bulkflow_ingest.fates.resending import WORTH_SENDING, Resend
    from bulkflow_ingest.fates.summary import ErrorGroup, FateCounts, JobFates

__all__ = [
    "MEMORY",
    "WORTH_SENDING",
    "ErrorGroup",
    "FateCounts",
    "Fates",
    "FatesError",
    "JobFates",
    "Outcome",
    "Resend",
    "ResultFile",
    "ResultKind",
    "SourceSlice",
    "WrongFilesError",
]

_HOMES: Final = {
    "ErrorGroup": "summary",
    "FateCounts": "summary",
    "Fates": "book",
    "FatesError": "errors",
    "JobFates": "summary",
    "MEMORY": "book",
    "Outcome": "outcomes",
    "Resend": "resending",
    "ResultFile": "inputs",
    "ResultKind": "inputs",
    "SourceSlice": "inputs",
    "WORTH_SENDING": "resending",
    "WrongFilesError": "errors",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: a load whose rows all succeed needs little."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
