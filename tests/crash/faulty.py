"""Ways to break an invariant on purpose, to see that the harness notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def close_unrecorded() -> None:
    """Close a job before the intent to close it is durable, and go by what is recorded."""
    from bulkflow_ingest import requests
    from bulkflow_ingest.asking import Asking

    inner = requests.Requests._recorded

    def recorded(self: Any, part: Any, action: str, send: Callable[[], Any], *rest: Any) -> Any:
        if action != "close":
            return inner(self, part, action, send, *rest)
        done = send()
        return inner(self, part, action, lambda: done, *rest)

    requests.Requests._recorded = recorded  # type: ignore[method-assign]
    _ask_nothing_of(Asking)


def _ask_nothing_of(asking: Any) -> None:
    """Take the journal's word for it that a job which was not closed can be replaced."""

    def ask(self: Any, part: Any) -> None:
        self.requests.refresh(part)
        if not part.handed_over:
            part.id = part.state = None
            part.uploaded = part.spoilt = False

    asking.ask_again = ask


def put_again() -> None:
    """Send the data into the same job again when the answer was lost."""
    from bulkflow_ingest import requests

    def replace(self: Any, part: Any) -> None:
        part.spoilt = False

    requests.Requests._replace = replace  # type: ignore[method-assign]


def create_again() -> None:
    """Forget which job a part has become, so that it becomes another."""
    from bulkflow_ingest import recovery

    def bring_back(part: Any, history: Any) -> None:
        part.state = None

    recovery.bring_back = bring_back


def forget_spoilt() -> None:
    """Take an upload without an answer for one that was done."""
    from bulkflow_ingest import recovery

    inner = recovery.bring_back

    def bring_back(part: Any, history: Any) -> None:
        inner(part, history)
        if part.spoilt:
            part.spoilt, part.uploaded = False, True

    recovery.bring_back = bring_back


def take_all_for_made() -> None:
    """Take every record that rows were loaded into for one that they created."""
    from bulkflow_ingest.results import Results

    inner = Results.loaded

    def loaded(self: Any) -> Any:
        return ((record, True) for record, _ in inner(self))

    Results.loaded = loaded  # type: ignore[method-assign]


FAULTY: dict[str, Callable[[], None]] = {
    "close after its intent": close_unrecorded,
    "one upload for each job": put_again,
    "the job of a part": create_again,
    "spoilt uploads": forget_spoilt,
    "what rows created": take_all_for_made,
}
"""What each breaks, by the invariant that it is without."""
