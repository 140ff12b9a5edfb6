"""Ways to break an invariant on purpose, to see that the harness notices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve


def close_unrecorded() -> None:
    """Close a job before the intent to close it is durable, and go by what is recorded."""
    from bulkflow_ingest import requests
    from bulkflow_ingest.asking import Asking

    inner = requests.Requests._recorded

    def recorded(
        self: Any, part: Any, action: str, send: Callable[[], Any], *rest: Any, **named: Any
    ) -> Any:
        if action != "close":
            return inner(self, part, action, send, *rest, **named)
        done = send()
        return inner(self, part, action, lambda: done, *rest, **named)

    requests.Requests._recorded = recorded  # type: ignore[assignment, method-assign]
    _ask_nothing_of(Asking)


def _ask_nothing_of(asking: Any) -> None:
    """Take the journal's word for it that a job which was not closed can be replaced."""
    from bulkflow_ingest.remote import Unsent

    def ask_again(self: Any, part: Any) -> None:
        if not part.handed_over:
            part._remote = Unsent()

    asking.ask_again = ask_again


def put_again() -> None:
    """Send the data into the same job again when the answer was lost."""
    from bulkflow_ingest import requests
    from bulkflow_ingest.remote import Created

    def replace(self: Any, part: Any) -> None:
        part._remote = Created(part.id)

    requests.Requests._replace = replace  # type: ignore[method-assign]


def create_again() -> None:
    """Forget which job a part has become, so that it becomes another."""
    from bulkflow_ingest import part_job
    from bulkflow_ingest.replay import Replayed

    part_job.replay = lambda start, history: Replayed(start)


def forget_spoilt() -> None:
    """Take an upload without an answer for one that was done."""
    from bulkflow_ingest import part_job
    from bulkflow_ingest.remote import Uploaded, Uploading

    inner = part_job.replay

    def replay(start: Any, history: Any) -> Any:
        found = inner(start, history)
        if isinstance(found.remote, Uploading):
            return evolve(found, remote=Uploaded(found.remote.id), was_uploaded=True)
        return found

    part_job.replay = replay


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
