"""The report for programs: one JSON object per line and event."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING

from bulkflow.report.runs.event_json import event_to_json
from bulkflow.report.runs.report_stream import ReportStream

if TYPE_CHECKING:
    from typing import TextIO

    from bulkflow.model.event import Event


class JsonReport:
    """Writes the lines that `docs/events.md` describes, in ASCII. Each line is flushed."""

    def __init__(self, stream: TextIO) -> None:
        self._output = ReportStream(stream)
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Write an event."""
        line = json.dumps(event_to_json(event), allow_nan=False)
        with self._lock:
            self._output.write_line(line)

    def close(self) -> None:
        """Raise `OutputError` if an event could not be written."""
        with self._lock:
            self._output.check()
