"""A PostgreSQL server in a temporary folder, for as long as the tests run."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attrs import frozen

PASSWORD = "s3cret-of-the-warehouse"
_AS_ROOT = "postgres"
"""The server refuses to run as root; Debian's package makes this user."""


@frozen
class Server:
    """A running server. `url` has a password that no output may show."""

    binaries: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql://loader:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def execute(self, *statements: str) -> None:
        import adbc_driver_postgresql.dbapi as driver

        with driver.connect(self.url, autocommit=True) as connection:
            for each in statements:
                with connection.cursor() as cursor:
                    cursor.execute(each)


def find_binaries() -> Path | None:
    """Find the folder with `initdb`; None if no server is installed."""
    if sys.platform == "win32":
        return None
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@contextmanager
def start_server(binaries: Path) -> Iterator[Server]:
    """Start a server, and stop it at the end of the context."""
    # Not below pytest's folders, which no other user may enter.
    folder = Path(tempfile.mkdtemp(prefix="bulkflow-postgres-"))
    user = _AS_ROOT if os.getuid() == 0 else None
    secret = folder / "password"
    secret.write_text(PASSWORD)
    if user is not None:
        for path in (folder, secret):
            shutil.chown(path, user, user)
    data = folder / "data"

    def command(*words: str | Path) -> None:
        subprocess.run(words, check=True, user=user, cwd=folder, stdout=subprocess.DEVNULL)

    try:
        command(
            *(binaries / "initdb", "-D", data, "-U", "loader", "--pwfile", secret),
            *("-A", "scram-sha-256", "-E", "UTF8", "--locale", "C", "--no-sync"),
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        options += " -c fsync=off"
        control = binaries / "pg_ctl"
        command(control, "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            yield Server(binaries, port)
        finally:
            command(control, "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
