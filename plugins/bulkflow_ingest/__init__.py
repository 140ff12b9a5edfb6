"""Ingest jobs of the Bulk API 2.0, and the words for them.

`IngestApi` has a method for each request, `JobInfo` is what Salesforce says of a job. The steps do
their work through both.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_ingest.api import IngestApi, JobSpec, ResultFile
    from bulkflow_ingest.info import FINAL, JobInfo, JobPage, JobState

__all__ = ["FINAL", "IngestApi", "JobInfo", "JobPage", "JobSpec", "JobState", "ResultFile"]

_PLACES = {
    "FINAL": "bulkflow_ingest.info",
    "IngestApi": "bulkflow_ingest.api",
    "JobInfo": "bulkflow_ingest.info",
    "JobPage": "bulkflow_ingest.info",
    "JobSpec": "bulkflow_ingest.api",
    "JobState": "bulkflow_ingest.info",
    "ResultFile": "bulkflow_ingest.api",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: a start needs little of it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)
