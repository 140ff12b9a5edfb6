"""Ingest jobs of the Bulk API 2.0, and the words for them.

`IngestApi` has a method for each request, `JobInfo` is what Salesforce says of a job. The steps do
their work through both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_ingest.api.client import IngestApi, JobSpec, ResultFile
    from bulkflow_ingest.api.job_info import FINAL, JobInfo, JobPage, JobState

__all__ = ["FINAL", "IngestApi", "JobInfo", "JobPage", "JobSpec", "JobState", "ResultFile"]

__getattr__ = export_lazily(
    __name__,
    {
        "api.client": "IngestApi JobSpec ResultFile",
        "api.job_info": "FINAL JobInfo JobPage JobState",
    },
)
