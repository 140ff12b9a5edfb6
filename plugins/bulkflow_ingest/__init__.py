"""Ingest jobs of the Bulk API 2.0: their steps, clauses and commands.

`IngestApi` has a method for each request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_ingest.api.client import IngestApi, JobSpec
    from bulkflow_ingest.api.result_kind import ResultKind

__all__ = ["IngestApi", "JobSpec", "ResultKind"]

__getattr__ = export_lazily(
    __name__,
    {
        "api.client": "IngestApi JobSpec",
        "api.result_kind": "ResultKind",
    },
)
