"""The org: where it is, the calls to it over HTTP, and what can go wrong with them.

Importing this package loads no HTTP library; making a `Session` does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bulkflow_salesforce.address import DEFAULT_API_VERSION, OrgAddress, salesforce_id
    from bulkflow_salesforce.download import DownloadInfo
    from bulkflow_salesforce.environment import from_environment
    from bulkflow_salesforce.errors import (
        AnswerTimeoutError,
        ApiFault,
        BadAnswerError,
        Call,
        ForbiddenError,
        ForeignUrlError,
        LimitExceededError,
        LocalFileError,
        LostAnswerError,
        NotFoundError,
        OrgError,
        ProxyRefusedError,
        SalesforceError,
        ServerFaultError,
        TlsError,
        TransportError,
        UnauthorizedError,
        UnreachableError,
    )
    from bulkflow_salesforce.headers import Headers, LimitInfo
    from bulkflow_salesforce.network import Network
    from bulkflow_salesforce.organization import organization_of, organization_told
    from bulkflow_salesforce.profiles.opening import open_org
    from bulkflow_salesforce.redaction import redact
    from bulkflow_salesforce.request import Body, BytesBody, Reader, Timeouts
    from bulkflow_salesforce.response import Response
    from bulkflow_salesforce.retry import RetryNotice, RetryPolicy, is_passing, not_begun
    from bulkflow_salesforce.session import Session
    from bulkflow_salesforce.surroundings import Surroundings, say, surroundings_of
    from bulkflow_salesforce.thrift import RetryBudget, Thrift
    from bulkflow_salesforce.tokens import StaticToken
    from bulkflow_salesforce.veil import JsonValue

__all__ = [
    "DEFAULT_API_VERSION",
    "AnswerTimeoutError",
    "ApiFault",
    "BadAnswerError",
    "Body",
    "BytesBody",
    "Call",
    "DownloadInfo",
    "ForbiddenError",
    "ForeignUrlError",
    "Headers",
    "JsonValue",
    "LimitExceededError",
    "LimitInfo",
    "LocalFileError",
    "LostAnswerError",
    "Network",
    "NotFoundError",
    "OrgAddress",
    "OrgError",
    "ProxyRefusedError",
    "Reader",
    "Response",
    "RetryBudget",
    "RetryNotice",
    "RetryPolicy",
    "SalesforceError",
    "ServerFaultError",
    "Session",
    "StaticToken",
    "Surroundings",
    "Thrift",
    "Timeouts",
    "TlsError",
    "TransportError",
    "UnauthorizedError",
    "UnreachableError",
    "from_environment",
    "is_passing",
    "not_begun",
    "open_org",
    "organization_of",
    "organization_told",
    "redact",
    "salesforce_id",
    "say",
    "surroundings_of",
]

_PLACES = {
    "organization_told": "organization",
    "organization_of": "organization",
    "not_begun": "retry",
    "is_passing": "retry",
    "AnswerTimeoutError": "errors",
    "ApiFault": "errors",
    "BadAnswerError": "errors",
    "Body": "request",
    "BytesBody": "request",
    "Call": "errors",
    "DEFAULT_API_VERSION": "address",
    "DownloadInfo": "download",
    "ForbiddenError": "errors",
    "ForeignUrlError": "errors",
    "Headers": "headers",
    "JsonValue": "veil",
    "LimitExceededError": "errors",
    "LimitInfo": "headers",
    "LocalFileError": "errors",
    "LostAnswerError": "errors",
    "Network": "network",
    "NotFoundError": "errors",
    "OrgAddress": "address",
    "OrgError": "errors",
    "ProxyRefusedError": "errors",
    "Reader": "request",
    "Response": "response",
    "RetryBudget": "thrift",
    "RetryNotice": "retry",
    "RetryPolicy": "retry",
    "SalesforceError": "errors",
    "ServerFaultError": "errors",
    "Session": "session",
    "StaticToken": "tokens",
    "Surroundings": "surroundings",
    "Thrift": "thrift",
    "Timeouts": "request",
    "TlsError": "errors",
    "TokenProvider": "tokens",
    "TransportError": "errors",
    "UnauthorizedError": "errors",
    "UnreachableError": "errors",
    "from_environment": "environment",
    "open_org": "profiles.opening",
    "redact": "redaction",
    "salesforce_id": "address",
    "say": "surroundings",
    "surroundings_of": "surroundings",
}


def __getattr__(name: str) -> object:
    """Import what is asked for, and nothing else: a start needs little of it."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
