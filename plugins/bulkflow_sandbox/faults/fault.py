"""A fault: the requests that it is for, and what it does to them."""

from __future__ import annotations

from enum import StrEnum

from attrs import frozen


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
    """`None` is Salesforce's own body for such a status."""
    content_type: str = "application/json;charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
    moment: Moment = Moment.BEFORE


@frozen
class Delay:
    """Nothing happens for some seconds; then the request goes on as usual."""

    seconds: float


@frozen
class Cut:
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


Effect = Respond | Delay | Cut | Truncate | Drip | Expire


@frozen
class Fault:
    """What goes wrong with some requests.

    It leaves the first `nth` - 1 requests of its endpoint alone and strikes the next `times`;
    `None` is all that follow.
    """

    endpoint: Endpoint
    effect: Effect
    nth: int = 1
    times: int | None = 1


@frozen
class SetLimit:
    """A limit of the org, by its name in `/limits`, is lower (or higher) than usual."""

    name: str
    maximum: int


@frozen
class LockRows:
    """A share of all rows, from 0 to 1, fails with a lock error, spread evenly."""

    share: float

    def locks(self, number: int) -> bool:
        """Whether the row with that number in its upload, from 0, is one of them."""
        return int((number + 1) * self.share) > int(number * self.share)


@frozen
class FailJob:
    """The next job fails when it has processed `rows` rows."""

    rows: int
    message: str = "InternalServerError : Retried more than 20 times"
    times: int | None = 1


AnyFault = Fault | LockRows | FailJob | SetLimit
