"""Errors of logins, whose responses differ from those of the API."""

from __future__ import annotations

from bulkflow.errors import BulkflowError


class OAuthError(BulkflowError):
    """A refused OAuth request: `{"error": code, "error_description": message}`."""

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status

    def __str__(self) -> str:
        return f"{self.status} {self.code}: {self.message}"


class SoapLoginError(BulkflowError):
    """A refused SOAP login; `code` is the exception code of the fault."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def make_missing_parameter_error(parameter: str) -> OAuthError:
    """Make the error for a request without a required parameter."""
    return OAuthError("invalid_request", f"missing required parameter: {parameter}")
