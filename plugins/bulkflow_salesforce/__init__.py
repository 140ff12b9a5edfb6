"""The org: where it is, the calls to it over HTTP, and what can go wrong with them.

Importing this package loads no HTTP library; making a `Session` does.
"""

from __future__ import annotations

from bulkflow_salesforce.address import DEFAULT_API_VERSION, OrgAddress, salesforce_id
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
    SalesforceError,
    ServerFaultError,
    TlsError,
    TransportError,
    UnauthorizedError,
    UnreachableError,
)
from bulkflow_salesforce.headers import Headers, LimitInfo
from bulkflow_salesforce.redaction import redact
from bulkflow_salesforce.request import Body, BytesBody, Reader, Timeouts
from bulkflow_salesforce.response import DownloadInfo, JsonValue, Response
from bulkflow_salesforce.retry import RetryNotice, RetryPolicy
from bulkflow_salesforce.session import Session
from bulkflow_salesforce.tokens import StaticToken, TokenProvider

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
    "NotFoundError",
    "OrgAddress",
    "OrgError",
    "Reader",
    "Response",
    "RetryNotice",
    "RetryPolicy",
    "SalesforceError",
    "ServerFaultError",
    "Session",
    "StaticToken",
    "Timeouts",
    "TlsError",
    "TokenProvider",
    "TransportError",
    "UnauthorizedError",
    "UnreachableError",
    "from_environment",
    "redact",
    "salesforce_id",
]
