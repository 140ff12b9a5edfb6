"""A forward proxy on this machine."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class TunnelProxy:
    """Takes CONNECT, and leads every name to one server, as the proxy resolves names.

    With an answer it refuses instead; what it was asked stands in place of `{asked}` in it.
    """

    def __init__(self, port: int, answer: str | None = None) -> None:
        self.asked: list[str] = []
        self.answer = answer
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        return self._listener.getsockname()[1]

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(client)
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head and (more := client.recv(4096)):
                head += more
            self.asked.append(head.decode())
            if self.answer is not None:
                line = self.answer.replace("{asked}", " ".join(self.asked[-1].split()))
                client.sendall(f"HTTP/1.1 {line}\r\nContent-Length: 0\r\n\r\n".encode())
                client.shutdown(socket.SHUT_RDWR)
                return
            server = socket.create_connection(("127.0.0.1", self._port))
            self._open.append(server)
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=self._pump, args=(server, client))
            back.start()
            self._pump(client, server)
            back.join()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        for each in self._open:
            each.close()
