"""The org: where it is, the calls to it over HTTP, and what can go wrong with them.

Importing this package loads no HTTP library; making a `Session` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_salesforce.commands.io import Surroundings, say, surroundings_of
    from bulkflow_salesforce.http.api_fault import ApiFault
    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.download import DownloadInfo
    from bulkflow_salesforce.http.echo_filter import JsonValue
    from bulkflow_salesforce.http.errors import (
        AnswerTimeoutError,
        BadAnswerError,
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
    from bulkflow_salesforce.http.headers import Headers, LimitInfo
    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.http.org_address import DEFAULT_API_VERSION, OrgAddress, salesforce_id
    from bulkflow_salesforce.http.org_id import organization_of, organization_told
    from bulkflow_salesforce.http.redaction import redact
    from bulkflow_salesforce.http.request import Body, BytesBody, Reader, Timeouts
    from bulkflow_salesforce.http.response import Response
    from bulkflow_salesforce.http.retry import RetryNotice, RetryPolicy, is_passing, not_begun
    from bulkflow_salesforce.http.session import Session
    from bulkflow_salesforce.http.throttle import RetryBudget, Thrift
    from bulkflow_salesforce.http.tokens import StaticToken
    from bulkflow_salesforce.login.open_org import open_org
    from bulkflow_salesforce.profiles.from_environ import from_environment

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

__getattr__ = export_lazily(
    __name__,
    {
        "http.org_address": "DEFAULT_API_VERSION OrgAddress salesforce_id",
        "http.call": "Call",
        "http.api_fault": "ApiFault",
        "http.download": "DownloadInfo",
        "profiles.from_environ": "from_environment",
        "http.errors": (
            "AnswerTimeoutError BadAnswerError ForbiddenError "
            "ForeignUrlError LimitExceededError LocalFileError LostAnswerError "
            "NotFoundError OrgError ProxyRefusedError SalesforceError "
            "ServerFaultError TlsError TransportError UnauthorizedError "
            "UnreachableError"
        ),
        "http.headers": "Headers LimitInfo",
        "http.network": "Network",
        "http.org_id": "organization_of organization_told",
        "login.open_org": "open_org",
        "http.redaction": "redact",
        "http.request": "Body BytesBody Reader Timeouts",
        "http.response": "Response",
        "http.retry": "RetryNotice RetryPolicy is_passing not_begun",
        "http.session": "Session",
        "commands.io": "Surroundings say surroundings_of",
        "http.throttle": "RetryBudget Thrift",
        "http.tokens": "StaticToken",
        "http.echo_filter": "JsonValue",
    },
)
