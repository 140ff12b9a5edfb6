"""The errors of the sandbox: error responses of the API, and problems with its setup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence


class ApiError(BulkflowError):
    """A request that Salesforce would refuse, with the status and the error body.

    The body is an array of `{"errorCode", "message"}`, with `fields` if a resource of records
    names some (recorded).
    """

    def __init__(self, status: int, code: str, message: str, *, fields: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.fields = tuple(fields)

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


class SchemaError(BulkflowError):
    """A schema that the sandbox cannot use. `notes` has one line for each problem."""

    exit_code = ExitCode.WRONG


class SandboxError(BulkflowError):
    """The sandbox cannot start, because its port, folder or setup is unusable."""


def make_not_found_error() -> ApiError:
    """Make the error for a resource that is unknown or deleted (documented, recorded)."""
    return ApiError(404, "NOT_FOUND", "The requested resource does not exist")


def make_session_error() -> ApiError:
    """Make the error for a request without a valid token (recorded)."""
    return ApiError(401, "INVALID_SESSION_ID", "Session expired or invalid")
