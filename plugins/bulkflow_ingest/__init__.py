"""Ingest jobs of the Bulk API 2.0, and the words for them.

`IngestApi` has a method for each request, `JobInfo` is what Salesforce says of a job. The steps do
their work through both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_ingest.api.client import IngestApi, JobSpec
    from bulkflow_ingest.api.job_info import FINAL, JobInfo, JobPage, JobState
    from bulkflow_ingest.api.result_kind import ResultKind

__all__ = ["FINAL", "IngestApi", "JobInfo", "JobPage", "JobSpec", "JobState", "ResultKind"]

__getattr__ = export_lazily(
    __name__,
    {
        "api.client": "IngestApi JobSpec",
        "api.job_info": "FINAL JobInfo JobPage JobState",
        "api.result_kind": "ResultKind",
    },
)
