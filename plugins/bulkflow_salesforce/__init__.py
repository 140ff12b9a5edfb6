"""Salesforce orgs: logins, profiles, and an HTTP client for their APIs.

Importing this package loads no HTTP library; making a `Session` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.lazy_exports import export_lazily

if TYPE_CHECKING:
    from bulkflow_salesforce.commands.io import CommandIO, get_command_io, say
    from bulkflow_salesforce.http.api_fault import ApiFault
    from bulkflow_salesforce.http.call import Call
    from bulkflow_salesforce.http.download import DownloadInfo
    from bulkflow_salesforce.http.echo_filter import JsonValue
    from bulkflow_salesforce.http.errors import (
        BadResponseError,
        ForbiddenError,
        ForeignUrlError,
        LimitExceededError,
        LocalFileError,
        LostResponseError,
        NotFoundError,
        OrgError,
        ProxyRefusedError,
        ResponseTimeoutError,
        SalesforceError,
        ServerFaultError,
        TlsError,
        TransportError,
        UnauthorizedError,
        UnreachableError,
    )
    from bulkflow_salesforce.http.headers import Headers, LimitInfo
    from bulkflow_salesforce.http.network import Network
    from bulkflow_salesforce.http.org_address import (
        DEFAULT_API_VERSION,
        OrgAddress,
        check_salesforce_id,
    )
    from bulkflow_salesforce.http.org_id import extract_organization, fetch_organization
    from bulkflow_salesforce.http.redaction import redact
    from bulkflow_salesforce.http.request import Body, BytesBody, Reader, Timeouts
    from bulkflow_salesforce.http.response import Response
    from bulkflow_salesforce.http.retry import (
        RetryNotice,
        RetryPolicy,
        is_transient,
        was_never_started,
    )
    from bulkflow_salesforce.http.session import Session
    from bulkflow_salesforce.http.throttle import RetryBudget, Throttle
    from bulkflow_salesforce.http.tokens import StaticToken
    from bulkflow_salesforce.login.open_org import open_org
    from bulkflow_salesforce.profiles.from_environ import from_environment

__all__ = [
    "DEFAULT_API_VERSION",
    "ApiFault",
    "BadResponseError",
    "Body",
    "BytesBody",
    "Call",
    "CommandIO",
    "DownloadInfo",
    "ForbiddenError",
    "ForeignUrlError",
    "Headers",
    "JsonValue",
    "LimitExceededError",
    "LimitInfo",
    "LocalFileError",
    "LostResponseError",
    "Network",
    "NotFoundError",
    "OrgAddress",
    "OrgError",
    "ProxyRefusedError",
    "Reader",
    "Response",
    "ResponseTimeoutError",
    "RetryBudget",
    "RetryNotice",
    "RetryPolicy",
    "SalesforceError",
    "ServerFaultError",
    "Session",
    "StaticToken",
    "Throttle",
    "Timeouts",
    "TlsError",
    "TransportError",
    "UnauthorizedError",
    "UnreachableError",
    "check_salesforce_id",
    "extract_organization",
    "fetch_organization",
    "from_environment",
    "get_command_io",
    "is_transient",
    "open_org",
    "redact",
    "say",
    "was_never_started",
]

__getattr__ = export_lazily(
    __name__,
    {
        "commands.io": "CommandIO get_command_io say",
        "http.api_fault": "ApiFault",
        "http.call": "Call",
        "http.download": "DownloadInfo",
        "http.echo_filter": "JsonValue",
        "http.errors": (
            "BadResponseError ForbiddenError ForeignUrlError LimitExceededError "
            "LocalFileError LostResponseError NotFoundError OrgError ProxyRefusedError "
            "ResponseTimeoutError SalesforceError ServerFaultError TlsError TransportError "
            "UnauthorizedError UnreachableError"
        ),
        "http.headers": "Headers LimitInfo",
        "http.network": "Network",
        "http.org_address": "DEFAULT_API_VERSION OrgAddress check_salesforce_id",
        "http.org_id": "extract_organization fetch_organization",
        "http.redaction": "redact",
        "http.request": "Body BytesBody Reader Timeouts",
        "http.response": "Response",
        "http.retry": "RetryNotice RetryPolicy is_transient was_never_started",
        "http.session": "Session",
        "http.throttle": "RetryBudget Throttle",
        "http.tokens": "StaticToken",
        "login.open_org": "open_org",
        "profiles.from_environ": "from_environment",
    },
)
