"""A fake org that serves prepared pages of a query's result.

    python bench/pages.py FOLDER --rows 4000000 --page-rows 250000 --rate 5MB --latency 0.05

It makes the pages in FOLDER if they are not there, prints its port when it is ready, and answers
the requests about one finished query job, by locators and by `resultPages`. `--rate` limits the
bytes per second of each connection; every response is delayed by `--latency` seconds. `--tls KEYS`
serves https.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import ssl
import time
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

from attrs import frozen
from load import parse_size

BLOCK = 1 << 20
LINKS = 5
JOB = "7505g0000000000AAA"
COLUMNS = {
    "Id": "id",
    "Name": "string",
    "BillingCity": "string",
    "AnnualRevenue": "currency",
    "LastModifiedDate": "datetime",
    "Description": "textarea",
}
ROW = (
    '"001{0:012}AAA","Customer number {0}","Oslo","{1}.5",'
    '"2026-01-31T12:00:00.000Z","A description of {0} in ""some"" words, with a comma"\n'
)
HEADER = ",".join(f'"{name}"' for name in COLUMNS) + "\n"


def make_pages(folder: Path, rows: int, page_rows: int) -> list[tuple[Path, int]]:
    """Make the pages, each with a header; return them with their numbers of rows."""
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for number, first in enumerate(range(0, rows, page_rows)):
        path = folder / f"page-{rows}-{page_rows}-{number:05}.csv"
        count = min(page_rows, rows - first)
        if not path.exists():
            with path.open("w", encoding="utf-8", newline="") as file:
                file.write(HEADER)
                file.writelines(ROW.format(n, n % 1000) for n in range(first, first + count))
        pages.append((path, count))
    return pages


@frozen
class Org:
    """The pages, and how fast they are sent."""

    pages: list[tuple[Path, int]]
    rate: float | None
    latency: float

    def serve(self, connection: socket.socket) -> None:
        """Answer the requests of a connection until it is closed."""
        with connection, connection.makefile("rb") as reader:
            while line := reader.readline():
                method, target, _ = line.decode().split(" ", 2)
                size = 0
                while (header := reader.readline()) not in {b"\r\n", b""}:
                    name, _, value = header.decode().partition(":")
                    size = int(value) if name.lower() == "content-length" else size
                reader.read(size)
                time.sleep(self.latency)
                self._answer(connection, method, target)

    def _answer(self, connection: socket.socket, method: str, target: str) -> None:
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if path.endswith("/results"):
            self._send_page(connection, int(query.get("locator", ["0"])[0]))
        elif path.endswith("/resultPages"):
            self._send_json(connection, self._list_pages(path, int(query.get("from", ["0"])[0])))
        elif "/query/" in path or method == "POST":
            total = sum(rows for _, rows in self.pages)
            state = "UploadComplete" if method == "POST" else "JobComplete"
            found = {"id": JOB, "operation": "query", "object": "Account", "state": state}
            found["createdDate"] = "2026-01-31T12:00:00.000+0000"
            counts = {} if method == "POST" else {"numberRecordsProcessed": total}
            self._send_json(connection, {**found, **counts})
        elif path.endswith("/describe"):
            fields = [{"name": name, "type": kind} for name, kind in COLUMNS.items()]
            self._send_json(connection, {"name": "Account", "fields": fields})
        else:
            self._send_json(connection, {})

    def _list_pages(self, path: str, first: int) -> dict[str, object]:
        last = min(first + LINKS, len(self.pages))
        base = path.removesuffix("/resultPages")
        following = f"{path}?from={last}" if last < len(self.pages) else None
        links = [{"resultUrl": f"{base}/results?locator={n}"} for n in range(first, last)]
        return {"resultPages": links, "nextRecordsUrl": following, "done": following is None}

    def _send_json(self, connection: socket.socket, content: object) -> None:
        body = json.dumps(content).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        connection.sendall(head.encode() + b"\r\n\r\n" + body)

    def _send_page(self, connection: socket.socket, number: int) -> None:
        path, rows = self.pages[number]
        following = number + 1 if number + 1 < len(self.pages) else "null"
        size = path.stat().st_size
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n"
            f"Content-Length: {size}\r\nSforce-NumberOfRecords: {rows}\r\n"
            f"Sforce-Locator: {following}\r\n\r\n"
        )
        connection.sendall(head.encode())
        with path.open("rb") as file:
            if self.rate is None and not isinstance(connection, ssl.SSLSocket):
                sent = 0
                while sent < size:
                    sent += os.sendfile(connection.fileno(), file.fileno(), sent, size - sent)
                return
            began, sent = time.monotonic(), 0
            block = BLOCK if self.rate is None else min(BLOCK, max(4096, int(self.rate / 50)))
            while piece := file.read(block):
                connection.sendall(piece)
                sent += len(piece)
                if self.rate is not None:
                    time.sleep(max(0.0, began + sent / self.rate - time.monotonic()))


def main() -> None:
    """Make the pages and serve them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--page-rows", type=int, default=250_000)
    parser.add_argument("--rate", type=parse_size)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--tls", type=Path)
    options = parser.parse_args()
    pages = make_pages(options.folder, options.rows, options.page_rows)
    org = Org(pages, options.rate, options.latency)
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    context = None
    if options.tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.tls)
    print(listener.getsockname()[1], flush=True)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            try:
                connection = context.wrap_socket(connection, server_side=True)
            except OSError:
                continue  # the client gave up
        Thread(target=org.serve, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    main()
