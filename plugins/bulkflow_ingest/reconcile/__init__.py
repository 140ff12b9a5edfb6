"""Joins the results of a logical job with its source rows, so that every row has an outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_ingest.reconcile.errors import ReconcileError, WrongFilesError
    from bulkflow_ingest.reconcile.inputs import ResultFile, SourceSlice
    from bulkflow_ingest.reconcile.outcomes import Outcome
    from bulkflow_ingest.reconcile.reconciler import MEMORY, Reconciler
    from bulkflow_ingest.reconcile.resubmit import WORTH_SENDING, Resend
    from bulkflow_ingest.reconcile.summary import ErrorGroup, JobOutcomes, OutcomeCounts

__all__ = [
    "MEMORY",
    "WORTH_SENDING",
    "ErrorGroup",
    "JobOutcomes",
    "Outcome",
    "OutcomeCounts",
    "ReconcileError",
    "Reconciler",
    "Resend",
    "ResultFile",
    "SourceSlice",
    "WrongFilesError",
]

__getattr__ = export_lazily(
    __name__,
    {
        "reconciler": "MEMORY Reconciler",
        "errors": "ReconcileError WrongFilesError",
        "inputs": "ResultFile SourceSlice",
        "outcomes": "Outcome",
        "resubmit": "WORTH_SENDING Resend",
        "summary": "ErrorGroup OutcomeCounts JobOutcomes",
    },
)
