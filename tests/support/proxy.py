"""A proxy that forwards to a sandbox, and can lose or change any answer on the way."""

from __future__ import annotations

import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from attrs import Factory, define

Fault = Callable[["Handler", Callable[[], None]], None]


@define(eq=False)
class Rule:
    """What happens to some requests."""

    method: str
    path: re.Pattern[str]
    fault: Fault
    left: int | None
    """How many more; None for all."""

    def matches(self, method: str, path: str) -> bool:
        return self.method == method and self.path.search(path) is not None


@define(eq=False)
class Proxy:
    """Forwards to a server; the first rule that matches a request is used for it."""

    target: str
    url: str = ""
    rules: list[Rule] = Factory(list)
    seen: list[tuple[str, str]] = Factory(list)
    authorizations: set[str] = Factory(set)
    """What requests had to show for themselves."""
    lock: threading.Lock = Factory(threading.Lock)

    def on(self, method: str, path: str, fault: Fault, *, times: int | None = 1) -> None:
        """Treat the next requests of a method whose path ends in a pattern; all if None."""
        self.rules.append(Rule(method, re.compile(path + r"(\?|$)"), fault, times))

    def count(self, method: str, path: str) -> int:
        """How many such requests came, lost ones included."""
        pattern = re.compile(path + r"(\?|$)")
        return sum(1 for m, p in self.seen if m == method and pattern.search(p))

    @contextmanager
    def held(self) -> Iterator[None]:
        """No request is answered while the block runs."""
        with self.lock:
            yield

    def take(self, method: str, path: str) -> Fault | None:
        with self.lock:
            self.seen.append((method, path))
            for rule in self.rules:
                if rule.matches(method, path):
                    if rule.left is not None:
                        rule.left -= 1
                        if not rule.left:
                            self.rules.remove(rule)
                    return rule.fault
        return None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: Proxy
    _body: bytes | None = None

    def log_message(self, *_: object) -> None:
        pass

    def serve(self) -> None:
        self._body = None
        self.proxy.authorizations.add(self.headers.get("Authorization", ""))
        fault = self.proxy.take(self.command, self.path)
        if fault is None:
            self.forward()
        else:
            fault(self, self.forward)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = serve  # noqa: N815 - http.server's names

    def body(self) -> bytes:
        if self._body is None:
            self._body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return self._body

    def exchange(self) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(urlsplit(self.proxy.target).netloc, timeout=30)
        try:
            names = ("Host", "Authorization", "Content-Type", "Content-Encoding", "Accept")
            headers = {name: self.headers[name] for name in names if self.headers[name]}
            connection.request(self.command, self.path, self.body(), headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def forward(self) -> None:
        self.answer(*self.exchange())

    def answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() == "content-type" or name.lower().startswith("sforce-"):
                self.send_header(name, value)
        # A 204 has no body, and no length of one.
        if status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != 204:
            self.wfile.write(content)

    def cut(self) -> None:
        self.close_connection = True


def lose_answer(handler: Handler, forward: Callable[[], None]) -> None:
    """The server does it; the client never hears of it."""
    handler.exchange()
    handler.cut()


def lose_request(handler: Handler, forward: Callable[[], None]) -> None:
    """The request is read and goes nowhere."""
    handler.body()
    handler.cut()


def answering(status: int, content: object, kind: str = "application/json") -> Fault:
    """Answer in the server's place; nothing is done."""

    def fault(handler: Handler, forward: Callable[[], None]) -> None:
        handler.body()
        data = content if isinstance(content, str) else json.dumps(content)
        handler.answer(status, [("Content-Type", kind)], data.encode())

    return fault


def done_but(status: int, content: object) -> Fault:
    """The server does it, and something in front of it answers otherwise."""

    def fault(handler: Handler, forward: Callable[[], None]) -> None:
        handler.exchange()
        handler.answer(status, [("Content-Type", "application/json")], json.dumps(content).encode())

    return fault


def altering(change: Callable[[dict[str, object]], dict[str, object]]) -> Fault:
    """The server does it, and its answer is changed on the way."""

    def fault(handler: Handler, forward: Callable[[], None]) -> None:
        status, headers, content = handler.exchange()
        handler.answer(status, headers, json.dumps(change(json.loads(content))).encode())

    return fault


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """A proxy on a free port while the block runs."""
    made = Proxy(target)
    bound = type("BoundHandler", (Handler,), {"proxy": made})
    listener = ThreadingHTTPServer(("127.0.0.1", 0), bound)
    made.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
