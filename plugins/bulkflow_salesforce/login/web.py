"""The web flow: the browser returns a code to a local port (PKCE, RFC 7636 and 8252)."""

from __future__ import annotations

import hmac
import os
import secrets
from base64 import urlsafe_b64encode
from contextlib import contextmanager, suppress
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from socketserver import TCPServer
from threading import Thread
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from attrs import define, field, frozen

from bulkflow.errors import UsageError
from bulkflow_salesforce.http.call import Call
from bulkflow_salesforce.login.endpoint import AUTHORIZE_PATH, PATH
from bulkflow_salesforce.login.errors import LoginError, make_login_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkflow_salesforce.login.endpoint import TokenEndpoint, TokenResponse

DEFAULT_PORT: Final = 1717
"""The port of the Salesforce CLI's callback URL, which the app `PlatformCLI` accepts."""

CALLBACK: Final = "/OauthRedirect"
SCOPE: Final = "api refresh_token"
BLOCKED_APP_HINT: Final = (
    "if the browser shows an error page (RemoteAccessErrorPage, OAUTH_APPROVAL_ERROR_GENERIC),\n"
    "the org blocks the app, and nothing returns here: press Ctrl-C, and use an app of the org's\n"
    "own with --client-id (docs/orgs.md, External client apps)"
)
"""Shown at the start: the callback of an app that is not installed never arrives."""

_REQUEST_TIMEOUT: Final = 10.0  # seconds for a whole request; browsers open spare connections


@frozen
class WebLogin:
    """A login in the browser of this machine.

    Attributes:
        endpoint: The login host.
        client_id: The app's consumer key.
        client_secret: The app's secret, or an empty text.
        open_browser: Opens a page; its result is ignored.
        port: The local port of the app's callback URL.
        timeout: Seconds that the user may take.
    """

    endpoint: TokenEndpoint
    client_id: str
    client_secret: str = field(repr=False)
    open_browser: Callable[[str], object]
    port: int = DEFAULT_PORT
    timeout: float = 600.0

    def log_in(self) -> TokenResponse:
        """Send the user to the login page, and exchange the returned code for a token.

        Raises:
            LoginError: The user or the host refused, or no code was returned in time.
            UsageError: The port is in use.
        """
        verifier = secrets.token_urlsafe(64)
        digest = sha256(verifier.encode()).digest()
        state = secrets.token_urlsafe(32)
        with _listen(self.port, state) as (port, returns):
            callback = f"http://localhost:{port}{CALLBACK}"
            parameters = {
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": callback,
                "scope": SCOPE,
                "state": state,
                "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "code_challenge_method": "S256",
            }
            page = f"{self.endpoint.origin.url}{AUTHORIZE_PATH}?{urlencode(parameters)}"
            self.open_browser(page)
            returned = self._wait(returns)
        if "code" not in returned:
            call = Call("GET", AUTHORIZE_PATH, self.endpoint.origin.host)
            error, said = returned.get("error", ""), returned.get("error_description", "")
            raise make_login_error(call, error, said, notes=[f"callback URL: {callback}"])
        grant = {
            "grant_type": "authorization_code",
            "code": returned["code"],
            "client_id": self.client_id,
            "redirect_uri": callback,
            "code_verifier": verifier,
        }
        if self.client_secret:
            grant["client_secret"] = self.client_secret
        return self.endpoint.request_token(grant)

    def _wait(self, returns: SimpleQueue[dict[str, str]]) -> dict[str, str]:
        try:
            return returns.get(timeout=self.timeout)
        except Empty:
            raise LoginError(
                f"nobody logged in at {self.endpoint.origin.host} within {self.timeout:g} s",
                call=Call("POST", PATH, self.endpoint.origin.host),
                help="if the browser showed an error page, the org blocks the app: use one of the"
                " org's own with --client-id (docs/orgs.md, External client apps). Without a"
                " browser, use --flow jwt or --flow client-credentials",
            ) from None


@define(eq=False)
class _Callback:
    """Handles requests to the local port: accepts the callback of this login, refuses others."""

    state: str = field(repr=False)
    returns: SimpleQueue[dict[str, str]] = field(repr=False)

    def handle(self, target: str) -> tuple[int, str]:
        """Handle a request; return the status and the text of the response."""
        parts = urlsplit(target)
        values = {name: found[0] for name, found in parse_qs(parts.query).items()}
        state = values.get("state", "")
        if parts.path != CALLBACK or not {"code", "error"} & set(values):
            return 404, "There is nothing here."
        # Other pages in the browser may send requests here, but they do not know the state.
        if not hmac.compare_digest(state.encode(), self.state.encode()):
            return 400, "This login was not started by bulkflow."
        self.returns.put(values)
        if "code" not in values:
            return 200, "The login was refused. See the terminal for details. Close this page."
        return 200, "bulkflow is logged in. Close this page."


@contextmanager
def _listen(port: int, state: str) -> Iterator[tuple[int, SimpleQueue[dict[str, str]]]]:
    callback = _Callback(state, SimpleQueue())

    class Handler(BaseHTTPRequestHandler):
        timeout = _REQUEST_TIMEOUT

        def do_GET(self) -> None:
            status, words = callback.handle(self.path)
            content = f"<!doctype html><title>bulkflow</title><p>{words}</p>\n".encode()
            self.send_response(status)
            for name, value in (
                ("Content-Type", "text/html; charset=utf-8"),
                ("Content-Length", str(len(content))),
                ("Cache-Control", "no-store"),
                ("Referrer-Policy", "no-referrer"),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            with suppress(OSError):
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing: the request contains the code."""

    try:
        server = _Server(("127.0.0.1", port), Handler)
    except OSError as error:
        raise UsageError(
            f"port {port} of this machine is not available: {error.strerror or error}",
            help="stop the program that uses it, or choose another port of the app's callback URLs"
            " with --port",
        ) from error
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], callback.returns
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # On Windows, this would let another program use the same port.
    allow_reuse_address = os.name == "posix"

    def server_bind(self) -> None:
        """Bind without looking up this machine's name, which may be slow and is not needed."""
        TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: a browser may disconnect at any time."""
