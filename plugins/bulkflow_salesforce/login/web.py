"""The web login: the browser brings a code to a port of this machine (PKCE, RFC 7636 and 8252)."""

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
from bulkflow_salesforce.login.errors import LoginError, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkflow_salesforce.login.endpoint import TokenAnswer, TokenEndpoint

DEFAULT_PORT: Final = 1717
"""The port of the Salesforce CLI's callback URL, which the app `PlatformCLI` takes."""

CALLBACK: Final = "/OauthRedirect"
SCOPE: Final = "api refresh_token"
MAY_BLOCK: Final = (
    "if the browser ends on an error page (RemoteAccessErrorPage, OAUTH_APPROVAL_ERROR_GENERIC),\n"
    "the org blocks the app, and nothing comes back here: press Ctrl-C, and use an app of the\n"
    "org's own with --client-id (docs/orgs.md, External client apps)"
)
"""What users are told at the start: of an app that is not installed the callback never comes."""

_PATIENCE: Final = 10.0  # seconds for a request to come in whole: browsers open connections ahead


@frozen
class WebLogin:
    """One login in the browser of this machine.

    Attributes:
        endpoint: The login host.
        client_id: The app's consumer key.
        client_secret: Its secret, where it has one; empty where not.
        open_browser: Opens a page; whether that could be done is not asked for.
        port: Where the browser is to bring the code; part of the app's callback URL.
        timeout: Seconds that the user may take.
    """

    endpoint: TokenEndpoint
    client_id: str
    client_secret: str = field(repr=False)
    open_browser: Callable[[str], object]
    port: int = DEFAULT_PORT
    timeout: float = 600.0

    def log_in(self) -> TokenAnswer:
        """Send the user to the login page, and trade the code that comes back for a token.

        Raises:
            LoginError: The user or the host said no, or nothing came in time.
            UsageError: The port is taken.
        """
        verifier = secrets.token_urlsafe(64)
        digest = sha256(verifier.encode()).digest()
        state = secrets.token_urlsafe(32)
        with _listening(self.port, state) as (port, back):
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
            returned = self._wait(back)
        if "code" not in returned:
            call = Call("GET", AUTHORIZE_PATH, self.endpoint.origin.host)
            error, said = returned.get("error", ""), returned.get("error_description", "")
            raise refused(call, error, said, notes=[f"callback URL: {callback}"])
        grant = {
            "grant_type": "authorization_code",
            "code": returned["code"],
            "client_id": self.client_id,
            "redirect_uri": callback,
            "code_verifier": verifier,
        }
        if self.client_secret:
            grant["client_secret"] = self.client_secret
        return self.endpoint.token(grant)

    def _wait(self, back: SimpleQueue[dict[str, str]]) -> dict[str, str]:
        try:
            return back.get(timeout=self.timeout)
        except Empty:
            raise LoginError(
                f"nobody logged in at {self.endpoint.origin.host} within {self.timeout:g} s",
                call=Call("POST", PATH, self.endpoint.origin.host),
                help="where the browser showed an error page, the org blocks the app: use one of"
                " the org's own with --client-id (docs/orgs.md, External client apps). Where there"
                " is no browser, --flow jwt and --flow client-credentials need none",
            ) from None


@define(eq=False)
class _Callback:
    """What the handler of the callback knows: the state to expect, and where the answer goes."""

    state: str = field(repr=False)
    back: SimpleQueue[dict[str, str]] = field(repr=False)

    def take(self, target: str) -> tuple[int, str]:
        """The status and the words for a request; anything but the one callback is turned away."""
        parts = urlsplit(target)
        values = {name: found[0] for name, found in parse_qs(parts.query).items()}
        state = values.get("state", "")
        if parts.path != CALLBACK or not {"code", "error"} & set(values):
            return 404, "There is nothing here."
        # A page that the user has open may send requests here as well; it does not know the state.
        if not hmac.compare_digest(state.encode(), self.state.encode()):
            return 400, "This login was not begun by bulkflow."
        self.back.put(values)
        if "code" not in values:
            return 200, "The login was refused. The terminal says more; close this page."
        return 200, "bulkflow is logged in. Close this page."


@contextmanager
def _listening(port: int, state: str) -> Iterator[tuple[int, SimpleQueue[dict[str, str]]]]:
    callback = _Callback(state, SimpleQueue())

    class Handler(BaseHTTPRequestHandler):
        timeout = _PATIENCE

        def do_GET(self) -> None:
            status, words = callback.take(self.path)
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
            """Say nothing: the request holds the code."""

    try:
        server = _Server(("127.0.0.1", port), Handler)
    except OSError as error:
        raise UsageError(
            f"port {port} of this machine cannot be listened on: {error.strerror or error}",
            help="end the program that uses it, or choose a port that is in the app's callback"
            " URLs with --port",
        ) from error
    with server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield server.server_address[1], callback.back
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # On Windows the option lets another program take the same port.
    allow_reuse_address = os.name == "posix"

    def server_bind(self) -> None:
        """Bind without looking this machine's name up, which may take long and is not needed."""
        TCPServer.server_bind(self)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: a browser may leave whenever it likes."""
