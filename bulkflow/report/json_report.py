"""The report for programs: each event as one JSON object on a line of its own."""

from __future__ import annotations

import json
from threading import Lock
from typing import TYPE_CHECKING

from bulkflow.report.event_json import event_to_json
from bulkflow.report.report_stream import ReportStream

if TYPE_CHECKING:
    from typing import TextIO

    from bulkflow.model.event import Event


class JsonReport:
    """Writes the lines that `docs/events.md` describes, ASCII only, each handed on at once."""

    def __init__(self, stream: TextIO) -> None:
        self._output = ReportStream(stream)
        self._lock = Lock()

    def __call__(self, event: Event) -> None:
        """Write an event."""
        line = json.dumps(event_to_json(event), allow_nan=False)
        with self._lock:
            self._output.line(line)

    def close(self) -> None:
        """Raise OutputError if some of it could not be written."""
        with self._lock:
            self._output.check()
