"""Sends a file to a sink over one raw socket: the minimum cost of sending its bytes from Python.

    python bench/raw.py FILE PORT [CA_FILE]

Rows are ignored: the file is sent in ranges of 100 MB, read block by block into one buffer.
"""

from __future__ import annotations

import os
import socket
import ssl
import sys

BLOCK = 1 << 18
PART = 100_000_000


def main() -> None:
    """Send the file."""
    path, port, *authorities = sys.argv[1:]
    connection = socket.create_connection(("127.0.0.1", int(port)))
    if authorities:
        context = ssl.create_default_context(cafile=authorities[0])
        connection = context.wrap_socket(connection, server_hostname="localhost")
    buffer = memoryview(bytearray(BLOCK))
    size = os.stat(path).st_size  # noqa: PTH116 - pathlib would double the import time
    with connection, open(path, "rb", buffering=0) as file:  # noqa: PTH123
        for start in range(0, size, PART):
            left = min(PART, size - start)
            connection.sendall(b"PUT /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % left)
            while left:
                got = file.readinto(buffer[: min(BLOCK, left)])
                connection.sendall(buffer[:got])
                left -= got
            connection.recv(4096)


if __name__ == "__main__":
    main()
