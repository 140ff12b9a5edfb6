"""A fault: the requests that it is for, and what it does to them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from bulkflow_sandbox.jobs.processing_speed import ProcessingSpeed


class Endpoint(StrEnum):
    """The kinds of requests that a fault can be for."""

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
    """Any of the three result files, and the results of query jobs."""
    QUERY = "query"
    """The requests on query jobs, and the REST query resource."""
    LIMITS = "limits"
    """The REST resource of the org's limits."""
    TOKEN = "token"  # noqa: S105 - the name of an endpoint
    OTHER = "other"


class Moment(StrEnum):
    """When a fault strikes: before the request has an effect, or after it, on the answer."""

    BEFORE = "before"
    AFTER = "after"


@frozen
class Respond:
    """An answer of its own. After the effect, the true answer is thrown away."""

    status: int
    body: bytes | None = None
    """`None` is Salesforce's own body for such a status; one below 300 has none."""
    content_type: str = "application/json;charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
    moment: Moment = Moment.BEFORE
    code: str | None = None
    """The `errorCode` in Salesforce's own body; `None` is the usual one of the status."""
    message: str | None = None


@frozen
class Delay:
    """Nothing happens for some seconds; then the request goes on as usual."""

    seconds: float


@frozen
class CutConnection:
    """The connection is closed without an answer.

    After the effect, the change is made and the client cannot know. With `received`, it is closed
    when that many bytes of the request's body have come, and nothing is changed.
    """

    moment: Moment = Moment.BEFORE
    received: int | None = None


@frozen
class Truncate:
    """The true answer, closed after `size` bytes of its body."""

    size: int


@frozen
class Drip:
    """The true answer's body, `size` bytes at a time with a pause of `seconds` after each."""

    size: int
    seconds: float


@frozen
class Expire:
    """The request's token is no longer valid; the request itself is the first to be told."""


@frozen
class KeepGzip:
    """The body is stored as it came, as if nobody had said that it is compressed."""


@frozen
class Shorten:
    """The true result file up to its first `rows` rows, with the length that it then has."""

    rows: int


@frozen
class ShowOld:
    """The job as it was before the last request that changed it."""


@frozen
class RepeatPage:
    """The true page of the list, whose `nextRecordsUrl` is its own address."""


@frozen
class HideNewest:
    """The true page of the list, without the newest `jobs` jobs."""

    jobs: int


@frozen
class EndJob:
    """Somebody else aborts the request's job just before; with `delete`, deletes it, too."""

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
_ONLY_FOR: Final[dict[type, frozenset[Endpoint]]] = {
    KeepGzip: frozenset({Endpoint.UPLOAD}),
    Shorten: _RESULTS,
    ShowOld: frozenset({Endpoint.INFO}),
    RepeatPage: frozenset({Endpoint.LIST}),
    HideNewest: frozenset({Endpoint.LIST}),
    EndJob: _RESULTS
    | {Endpoint.UPLOAD, Endpoint.CLOSE, Endpoint.ABORT, Endpoint.INFO, Endpoint.DELETE},
}


@frozen
class Fault:
    """What goes wrong with some requests.

    It leaves the first `nth` - 1 requests of its endpoint alone and strikes the next `times`, or
    all that come within `seconds` of the sandbox's clock; without both, all that follow.

    Raises:
        ValueError: The endpoint has no requests that the effect could be for.
    """

    endpoint: Endpoint
    effect: Effect
    nth: int = 1
    times: int | None = 1
    seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        allowed = _ONLY_FOR.get(type(self.effect))
        if allowed is not None and self.endpoint not in allowed:
            raise ValueError(f"{self.effect} is not for {self.endpoint}")


@frozen
class SetLimit:
    """A limit of the org, by its name in `/limits`, is lower (or higher) than usual."""

    name: str
    maximum: int


@frozen
class LockRows:
    """A share of all rows, from 0 to 1, fails with a lock error, spread evenly."""

    share: float

    def is_locked(self, number: int) -> bool:
        """Whether the row with that number in its upload, from 0, is one of them."""
        return int((number + 1) * self.share) > int(number * self.share)


@frozen
class FailJob:
    """A job fails when it has processed `rows` rows.

    This and the faults below leave the first `nth` - 1 jobs alone and strike the next `times`.
    """

    rows: int
    message: str = "InternalServerError : Retried more than 20 times"
    nth: int = 1
    times: int | None = 1


@frozen
class LoseRows:
    """A job is JobComplete when it has processed `rows` rows; the others are in no file."""

    rows: int
    nth: int = 1
    times: int | None = 1


@frozen
class Miscount:
    """The counters of a job that is JobComplete have some rows more than there are."""

    processed: int
    failed: int = 0
    nth: int = 1
    times: int | None = 1


@frozen
class CommitLate:
    """The batch at work when a job fails or is aborted goes on, and saves `rows` rows more.

    It counts the jobs that end so while they are InProgress. `speed` says when: it goes by the
    time and the looks since the end. `None` is not before `Sandbox.commit_late`.
    """

    rows: int
    speed: ProcessingSpeed | None = None
    nth: int = 1
    times: int | None = 1


JobFault = FailJob | LoseRows | Miscount | CommitLate
AnyFault = Fault | LockRows | JobFault | SetLimit
