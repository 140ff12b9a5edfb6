"""Faults: the requests or jobs that they strike, and their effects."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from bulkflow_sandbox.jobs.processing_speed import ProcessingSpeed


class Endpoint(StrEnum):
    """The kinds of requests that a fault can strike."""

    ANY = "any"
    CREATE = "create"
    UPLOAD = "upload"
    CLOSE = "close"
    ABORT = "abort"
    INFO = "info"
    LIST = "list"
    DELETE = "delete"
    SUCCESSES = "successes"
    FAILURES = "failures"
    UNPROCESSED = "unprocessed"
    RESULTS = "results"
    """Any of the three result files."""
    PAGES = "pages"
    """A page of the result of a query job. Faults of `query` strike it, too."""
    QUERY = "query"
    """Requests on query jobs, and the REST query resources."""
    LIMITS = "limits"
    """The REST resource of the org's limits."""
    TOKEN = "token"  # noqa: S105 - the name of an endpoint
    OTHER = "other"


class Moment(StrEnum):
    """When a fault strikes: before the request takes effect, or after, in the response."""

    BEFORE = "before"
    AFTER = "after"


@frozen
class Respond:
    """Respond with this instead. After the request took effect, this replaces the real response."""

    status: int
    body: bytes | None = None
    """`None` for Salesforce's usual body for the status. A status below 300 has no body."""
    content_type: str = "application/json;charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
    moment: Moment = Moment.BEFORE
    code: str | None = None
    """The `errorCode` in the usual body; `None` for the usual one of the status."""
    message: str | None = None


@frozen
class Delay:
    """Wait some seconds before the request is handled."""

    seconds: float


@frozen
class CutConnection:
    """Close the connection without a response.

    After the request took effect, the change is made but the client cannot know. With `received`,
    the connection is closed once that many bytes of the request's body have arrived, and nothing
    is changed.
    """

    moment: Moment = Moment.BEFORE
    received: int | None = None


@frozen
class Truncate:
    """Send the real response, but close the connection after `size` bytes of its body."""

    size: int


@frozen
class Drip:
    """Send the real response's body `size` bytes at a time, then pause for `seconds`."""

    size: int
    seconds: float


@frozen
class Expire:
    """Make the request's token invalid, starting with this request."""


@frozen
class KeepGzip:
    """Store the body as received, as if it had no `Content-Encoding`."""


@frozen
class Shorten:
    """Send the real result file up to its first `rows` rows, with a matching length."""

    rows: int


@frozen
class ShowOld:
    """Show the job as it was before the last request that changed it."""


@frozen
class RepeatPage:
    """Send the real page of the list, with its own address as `nextRecordsUrl`."""


@frozen
class HideNewest:
    """Send the real page of the list, without the newest `jobs` jobs."""

    jobs: int


@frozen
class EndJob:
    """Abort the request's job just before it, as another user. With `delete`, delete it too."""

    delete: bool


Effect = (
    Respond
    | Delay
    | CutConnection
    | Truncate
    | Drip
    | Expire
    | KeepGzip
    | Shorten
    | ShowOld
    | RepeatPage
    | HideNewest
    | EndJob
)

_RESULTS: Final = frozenset(
    {Endpoint.SUCCESSES, Endpoint.FAILURES, Endpoint.UNPROCESSED, Endpoint.RESULTS}
)
_ENDPOINTS: Final[dict[type, frozenset[Endpoint]]] = {
    KeepGzip: frozenset({Endpoint.UPLOAD}),
    Shorten: _RESULTS | {Endpoint.PAGES},
    ShowOld: frozenset({Endpoint.INFO}),
    RepeatPage: frozenset({Endpoint.LIST}),
    HideNewest: frozenset({Endpoint.LIST}),
    EndJob: _RESULTS
    | {Endpoint.UPLOAD, Endpoint.CLOSE, Endpoint.ABORT, Endpoint.INFO, Endpoint.DELETE}
    | {Endpoint.QUERY, Endpoint.PAGES},
}


@frozen
class Fault:
    """A fault that strikes requests.

    It spares the first `nth` - 1 requests of its endpoint and strikes the next `times`, or all that
    arrive within `seconds` of the sandbox's clock. Without both, it strikes all that follow.

    Raises:
        ValueError: The effect does not apply to the endpoint.
    """

    endpoint: Endpoint
    effect: Effect
    nth: int = 1
    times: int | None = 1
    seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        allowed = _ENDPOINTS.get(type(self.effect))
        if allowed is not None and self.endpoint not in allowed:
            raise ValueError(f"{self.effect} does not apply to {self.endpoint}")


@frozen
class SetLimit:
    """Change a limit of the org, by its name in `/limits`."""

    name: str
    maximum: int


@frozen
class LockRows:
    """Let a share of all rows, from 0 to 1 and spread evenly, fail with a lock error."""

    share: float

    def is_locked(self, number: int) -> bool:
        """Check whether a row, by its number in the upload from 0, is locked."""
        return int((number + 1) * self.share) > int(number * self.share)


@frozen
class FailJob:
    """Let a job fail after `rows` rows.

    This and the faults below spare the first `nth` - 1 jobs and strike the next `times`.
    """

    rows: int
    message: str = "InternalServerError : Retried more than 20 times"
    nth: int = 1
    times: int | None = 1


@frozen
class LoseRows:
    """Let a job become JobComplete after `rows` rows. The other rows are in no result file."""

    rows: int
    nth: int = 1
    times: int | None = 1


@frozen
class Miscount:
    """Add some rows to the counters of a job that is JobComplete."""

    processed: int
    failed: int = 0
    nth: int = 1
    times: int | None = 1


@frozen
class CommitLate:
    """Save `rows` more rows of a job after it failed or was aborted, like a batch still running.

    `nth` and `times` count the jobs that end like this while they are InProgress. `speed`
    determines when the rows are saved, from the time and the polls since the end. `None` waits for
    `Sandbox.commit_late`.
    """

    rows: int
    speed: ProcessingSpeed | None = None
    nth: int = 1
    times: int | None = 1


JobFault = FailJob | LoseRows | Miscount | CommitLate
AnyFault = Fault | LockRows | JobFault | SetLimit
