"""Every row's fate: the results of a logical job joined to the rows that it was loaded from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_ingest.reconcile.errors import FatesError, WrongFilesError
    from bulkflow_ingest.reconcile.inputs import ResultFile, SourceSlice
    from bulkflow_ingest.reconcile.outcomes import Outcome
    from bulkflow_ingest.reconcile.reconciler import MEMORY, Fates
    from bulkflow_ingest.reconcile.resubmit import WORTH_SENDING, Resend
    from bulkflow_ingest.reconcile.summary import ErrorGroup, FateCounts, JobFates

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
    "SourceSlice",
    "WrongFilesError",
]

__getattr__ = export_lazily(
    __name__,
    {
        "reconciler": "MEMORY Fates",
        "errors": "FatesError WrongFilesError",
        "inputs": "ResultFile SourceSlice",
        "outcomes": "Outcome",
        "resubmit": "WORTH_SENDING Resend",
        "summary": "ErrorGroup FateCounts JobFates",
    },
)
