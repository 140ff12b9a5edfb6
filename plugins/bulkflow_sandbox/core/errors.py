"""The errors of the sandbox: answers of the API, and faults of its set-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence


class ApiError(BulkflowError):
    """A request that Salesforce would refuse: the status and the members of the error body.

    The body is an array of `{"errorCode", "message"}`, with `fields` where record resources name
    some (recorded).
    """

    def __init__(self, status: int, code: str, message: str, *, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.fields = tuple(fields)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


class SchemaError(BulkflowError):
    """A schema that the sandbox cannot use; `notes` has one line for each fault found."""

    exit_code = ExitCode.WRONG


class SandboxError(BulkflowError):
    """The sandbox cannot start: its port, folder or set-up is not usable."""


def make_not_found_error() -> ApiError:
    """The answer to a resource that is unknown or deleted (documented, recorded)."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def make_session_error() -> ApiError:
    """The answer to a request without a valid token (recorded)."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
