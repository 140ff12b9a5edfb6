"""Every row's fate: the results of a logical job joined to the rows that it was loaded from."""

from __future__ import annotations

from bulkflow_ingest.fates.book import MEMORY, Fates
from bulkflow_ingest.fates.errors import FatesError
from bulkflow_ingest.fates.inputs import ResultFile, ResultKind, SourceSlice
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
    "Resend",
    "ResultFile",
    "ResultKind",
    "SourceSlice",
]
