"""The ASGI application of a sandbox."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.middleware import Middleware

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.http.admin import AdminResources
from bulkflow_sandbox.http.authentication import AuthenticationMiddleware
from bulkflow_sandbox.http.composite import CollectionResources
from bulkflow_sandbox.http.fault_middleware import FaultMiddleware
from bulkflow_sandbox.http.host_check import HostCheckMiddleware
from bulkflow_sandbox.http.ingest import IngestResources
from bulkflow_sandbox.http.oauth import OAuthResources
from bulkflow_sandbox.http.page import PageResources
from bulkflow_sandbox.http.query import QueryResources
from bulkflow_sandbox.http.request_recorder import RequestRecorder
from bulkflow_sandbox.http.responses import (
    answer_api_error,
    answer_fault,
    answer_no_method,
    answer_no_route,
)
from bulkflow_sandbox.http.rest import RestResources
from bulkflow_sandbox.http.soap import SoapResources

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow_sandbox.sandbox import Sandbox


def create_app(sandbox: Sandbox, names: Iterable[str] = ()) -> Starlette:
    """Create the application of a sandbox. `names` are its own host names."""
    app = Starlette(
        routes=[
            *IngestResources(sandbox).list_routes(),
            *QueryResources(sandbox).list_routes(),
            *RestResources(sandbox).list_routes(),
            *CollectionResources(sandbox).list_routes(),
            *OAuthResources(sandbox).list_routes(),
            *SoapResources(sandbox).list_routes(),
            *AdminResources(sandbox).list_routes(),
            *PageResources(sandbox).list_routes(),
        ],
        middleware=[
            Middleware(HostCheckMiddleware, names=names),
            Middleware(RequestRecorder, sandbox=sandbox),
            Middleware(AuthenticationMiddleware, sandbox=sandbox),
            Middleware(FaultMiddleware, sandbox=sandbox, sleep=asyncio.sleep),
        ],
        exception_handlers={
            ApiError: answer_api_error,
            404: answer_no_route,
            405: answer_no_method,
            500: answer_fault,
        },
    )
    app.router.redirect_slashes = False
    return app
