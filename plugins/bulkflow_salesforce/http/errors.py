"""What can go wrong between bulkflow and an org.

Two families. A `SalesforceError` is the org's own refusal: it answered, and said no. A
`TransportError` means that no usable answer came. Each class exists because a caller acts
differently on it; for a request that changes something the one that matters most is
`LostAnswerError`: it is not known whether the org did what was asked. A refusal may come from a
server on the way, after the org did it: `retry.not_begun` says of which errors that is ruled out.
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
    """The root of both families: something went wrong in one call to an org.

    Its texts are redacted, as most of their words come from outside.
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
        """Take values that are known to be secret out of its texts, and of its cause's."""
        self.message = redact(self.message, *secrets)
        self.args = (self.message,)
        self.help = None if self.help is None else redact(self.help, *secrets)
        self.notes = tuple(redact(note, *secrets) for note in self.notes)
        cause = self.__cause__
        if isinstance(cause, OrgError):
            cause.hide(*secrets)
        elif cause is not None and _tells(cause, secrets):
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
        """The host (and port, where it is not the usual one) that was asked."""
        return self.call.host


def _tells(error: BaseException | None, secrets: Sequence[str]) -> bool:
    """Whether a foreign exception, or one that it came from, has a secret in its text."""
    while error is not None:
        if HIDDEN in redact(str(error), *secrets):
            return True
        error = error.__cause__ or error.__context__
    return False


class SalesforceError(OrgError):
    """The org refused a request: an answer of 400 or more that it wrote itself.

    Args:
        message: What is wrong.
        call: What was asked.
        status: The HTTP status.
        faults: The entries of the error body; empty when the body was.
        retry_after: The seconds that the answer asked to wait, if it did.
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
        self.faults = tuple(fault.redacted() for fault in faults)
        self.retry_after = retry_after

    def hide(self, *secrets: str) -> None:
        """Take secrets out of its faults as well."""
        super().hide(*secrets)
        self.faults = tuple(fault.redacted(*secrets) for fault in self.faults)

    @property
    def code(self) -> str:
        """The first fault's code as the org wrote it; empty when there is none."""
        return self.faults[0].code if self.faults else ""

    def is_code(self, *codes: str) -> bool:
        """Whether any fault has one of `codes`, in any spelling (see `ApiFault.is_code`)."""
        return any(fault.is_code(*codes) for fault in self.faults)


class UnauthorizedError(SalesforceError):
    """401: the org does not accept the token, so nothing was done."""

    exit_code = ExitCode.WRONG

    @property
    def renewable(self) -> bool:
        """Whether a new token could help: the session has ended, and nothing worse is said."""
        said = " ".join(fault.message for fault in self.faults).lower()
        return self.is_code("INVALID_SESSION_ID") and not any(
            words in said for words in HOPELESS_SESSIONS
        )


class ForbiddenError(SalesforceError):
    """403: the user, or the org, lacks a permission or a feature."""


class NotFoundError(SalesforceError):
    """404 or 410 from the API: there is no such job, resource or version."""


class LimitExceededError(SalesforceError):
    """A limit of the org is used up: requests a day, requests at a time, jobs or batches."""


class ServerFaultError(SalesforceError):
    """420 or 5xx: the org, or something in front of it, is in trouble.

    For a request that may have changed something a 5xx is raised as `LostAnswerError`, with this as
    its cause.
    """


class TransportError(OrgError):
    """No usable answer came."""


class UnreachableError(TransportError):
    """No connection was made, so nothing was sent: unknown name, refused, timed out, cut."""


class UnknownHostError(UnreachableError):
    """The host's name is not known.

    Args:
        message: What is wrong.
        call: What was asked.
        known_before: Whether the session had reached the host by that name: then it is the name
            service that is in trouble, else more likely the name.
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
    """The proxy refuses to lead to the host: a wrong password, or a rule of it.

    Final: each further try with a wrong password may lock an account.
    """

    exit_code = ExitCode.WRONG


class TlsError(TransportError):
    """No trusted connection could be made, so nothing was sent."""

    exit_code = ExitCode.WRONG


class LostAnswerError(TransportError):
    """The request went out, at least in part, and no whole answer came back.

    For a method that changes something this is the one error of unknown outcome (see `ambiguous`):
    it also stands for a 5xx, and for an answer that says success but cannot be read. It is never
    repeated here; the caller settles by asking the org what is so.
    """

    @property
    def ambiguous(self) -> bool:
        """Whether the org may have done what was asked; never for GET and HEAD."""
        return self.call.changes


class AnswerTimeoutError(LostAnswerError):
    """The request went out and the answer did not come, or stopped coming, in time."""


class BadAnswerError(TransportError):
    """An answer that the API does not give: a page, a redirect, not JSON, too large.

    For a method that changes something it is raised only if the status says that nothing was done.
    """


class ForeignUrlError(BulkflowError):
    """The org named an address that does not belong to it; nothing was sent there."""


class LocalFileError(BulkflowError):
    """A file of this machine could not be read for an upload, or written by a download.

    An upload that ends this way is cut before its end, which the org does not take as an upload.
    """
