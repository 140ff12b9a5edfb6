"""Ingest jobs of the Bulk API 2.0, and the words for them.

`IngestApi` has a method for each request, `JobInfo` is what Salesforce says of a job. The steps do
their work through both.
"""

from bulkflow_ingest.api import IngestApi, JobSpec, ResultFile
from bulkflow_ingest.info import FINAL, JobInfo, JobPage, JobState

__all__ = ["FINAL", "IngestApi", "JobInfo", "JobPage", "JobSpec", "JobState", "ResultFile"]
