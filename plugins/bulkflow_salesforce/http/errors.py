"""Errors of requests to an org.

There are two families. A `SalesforceError` is an error response: the org refused the request. A
`TransportError` means that no usable response arrived. Each class exists because some caller
handles it differently. For a request that changes something, `LostResponseError` matters most: the
org may or may not have processed the request.

An error response may also come from a gateway after the org processed the request;
`retry.was_never_started` says for which errors that is impossible.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError, ExitCode
from bulkflow_salesforce.http.error_advice import HOPELESS_SESSIONS
from bulkflow_salesforce.http.redaction import HIDDEN, redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow_salesforce.http.api_fault import ApiFault
    from bulkflow_salesforce.http.call import Call


class OrgError(BulkflowError):
    """The base of both families: a request to an org failed.

    Its texts are redacted, because most of them quote a server.
    """

    def __init__(
        self,
        message: str,
        *,
        call: Call,
        help: str | None = None,  # noqa: A002 - the word that users see
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(
            redact(message),
            help=None if help is None else redact(help),
            notes=tuple(redact(note) for note in notes),
        )
        self.call = call

    def hide(self, *secrets: str) -> None:
        """Remove known secrets from the texts of this error and of its cause."""
        self.message = redact(self.message, *secrets)
        self.args = (self.message,)
        self.help = None if self.help is None else redact(self.help, *secrets)
        self.notes = tuple(redact(note, *secrets) for note in self.notes)
        cause = self.__cause__
        if isinstance(cause, OrgError):
            cause.hide(*secrets)
        elif cause is not None and _contains_secret(cause, secrets):
            self.__cause__ = None

    @property
    def method(self) -> str:
        """The HTTP method of the request."""
        return self.call.method

    @property
    def path(self) -> str:
        """The path of the request, without its query."""
        return self.call.path

    @property
    def host(self) -> str:
        """The host of the request, with its port unless that is the default."""
        return self.call.host


def _contains_secret(error: BaseException | None, secrets: Sequence[str]) -> bool:
    """Check whether the text of another library's exception, or of its causes, has a secret."""
    while error is not None:
        if HIDDEN in redact(str(error), *secrets):
            return True
        error = error.__cause__ or error.__context__
    return False


class SalesforceError(OrgError):
    """The org refused a request with a status of 400 or more.

    Args:
        message: What is wrong.
        call: The request.
        status: The HTTP status.
        faults: The entries of the error body.
        retry_after: The seconds to wait, if the response has `Retry-After`.
        help: What to do about it.
        notes: The org's own words.
    """

    def __init__(
        self,
        message: str,
        *,
        call: Call,
        status: int,
        faults: Sequence[ApiFault] = (),
        retry_after: float | None = None,
        help: str | None = None,  # noqa: A002 - the word that users see
        notes: Sequence[str] = (),
    ) -> None:
        super().__init__(message, call=call, help=help, notes=notes)
        self.status = status
        self.faults = tuple(fault.redact() for fault in faults)
        self.retry_after = retry_after

    def hide(self, *secrets: str) -> None:
        """Remove known secrets from the texts, the faults and the cause."""
        super().hide(*secrets)
        self.faults = tuple(fault.redact(*secrets) for fault in self.faults)

    @property
    def code(self) -> str:
        """The first fault's code as the org wrote it, or an empty text."""
        return self.faults[0].code if self.faults else ""

    def is_code(self, *codes: str) -> bool:
        """Check whether any fault has one of `codes` (see `ApiFault.is_code`)."""
        return any(fault.is_code(*codes) for fault in self.faults)


class UnauthorizedError(SalesforceError):
    """401: the org rejected the token, and did nothing."""

    exit_code = ExitCode.WRONG

    @property
    def renewable(self) -> bool:
        """Whether a new token could help, because the session has merely expired."""
        said = " ".join(fault.message for fault in self.faults).lower()
        return self.is_code("INVALID_SESSION_ID") and not any(
            words in said for words in HOPELESS_SESSIONS
        )


class ForbiddenError(SalesforceError):
    """403: the user or the org lacks a permission or a feature."""


class NotFoundError(SalesforceError):
    """404 or 410 from the API: the job, resource or version does not exist."""


class LimitExceededError(SalesforceError):
    """A limit of the org is exhausted: daily requests, concurrent requests, jobs or batches."""


class ServerFaultError(SalesforceError):
    """420 or 5xx: the org, or a gateway in front of it, failed.

    For a request that may have changed something, a 5xx is raised as `LostResponseError` with this
    error as its cause.
    """


class TransportError(OrgError):
    """No usable response arrived."""


class UnreachableError(TransportError):
    """No connection was made, and nothing sent: unknown host, refused, timed out, or dropped."""


class UnknownHostError(UnreachableError):
    """The host name cannot be resolved.

    Args:
        message: What is wrong.
        call: The request.
        known_before: Whether the session has reached the host before. If so, the name service has
            failed; otherwise the name is probably wrong.
        help: What to do about it.
    """

    def __init__(
        self,
        message: str,
        *,
        call: Call,
        known_before: bool,
        help: str | None = None,  # noqa: A002 - the word that users see
    ) -> None:
        super().__init__(message, call=call, help=help)
        self.known_before = known_before


class ProxyRefusedError(UnreachableError):
    """The proxy refuses to connect to the host: a wrong password, or one of its rules.

    Never retried: each further try with a wrong password may lock an account.
    """

    exit_code = ExitCode.WRONG


class TlsError(TransportError):
    """No trusted connection could be made, and nothing was sent."""

    exit_code = ExitCode.WRONG


class LostResponseError(TransportError):
    """The request was sent, at least in part, and no complete response arrived.

    For a method that changes something, this is the only error of unknown outcome (see
    `ambiguous`); it covers a 5xx, and a success that cannot be read. Such a request is never
    retried here: the caller has to look up its outcome in the org.
    """

    @property
    def ambiguous(self) -> bool:
        """Whether the org may have processed the request; never for GET and HEAD."""
        return self.call.changes


class ResponseTimeoutError(LostResponseError):
    """The request was sent, and its response did not arrive in time, or stopped arriving."""


class BadResponseError(TransportError):
    """A response that the API does not send: a page, a redirect, not JSON, too large.

    For a method that changes something, it is raised only if the status means that nothing was
    done.
    """


class ForeignUrlError(BulkflowError):
    """The org returned an address on another host; nothing was sent there."""


class LocalFileError(BulkflowError):
    """A local file could not be read for an upload, or written by a download.

    Such an upload is cut short, and the org does not accept it.
    """
