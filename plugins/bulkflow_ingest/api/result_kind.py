"""The kinds of result files that an ingest job has."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class ResultKind(StrEnum):
    """A kind of result file. The value is its name in messages and file names."""

    SUCCESSFUL = "successful"
    FAILED = "failed"
    UNPROCESSED = "unprocessed"

    @property
    def path_segment(self) -> str:
        """The last segment of the file's path in the API."""
        return _PATH_SEGMENTS[self]


_PATH_SEGMENTS: Final = {
    ResultKind.SUCCESSFUL: "successfulResults",
    ResultKind.FAILED: "failedResults",
    # Lower case in the reference pages, which every known org accepts.
    ResultKind.UNPROCESSED: "unprocessedrecords",
}
