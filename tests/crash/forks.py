"""A process that has everything loaded and forks children that run bulkflow.

Starting Python and loading bulkflow takes half a second; a fork takes some milliseconds. The
process has one thread only, so that its forks are whole.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from attrs import asdict, define, frozen

TESTS = Path(__file__).parents[1]


@frozen
class Ended:
    """What became of a child: `status` is its exit code, or less than 0 where it was killed."""

    command: str
    """Its first word, such as `run`."""
    status: int
    passed: tuple[str, ...]
    """The points that it passed; empty where it was killed."""
    out: str
    err: str

    @property
    def killed(self) -> bool:
        return self.status in {-signal.SIGKILL, -signal.SIGTERM}

    @property
    def said(self) -> str:
        return self.out + self.err

    @property
    def finished(self) -> dict[str, Any] | None:
        """The last event of the run, if it got there."""
        for line in reversed(self.out.splitlines()):
            event: dict[str, Any] = json.loads(line)
            if event.get("event") == "run_finished":
                return event
        return None


@frozen
class Order:
    """What a child is to do.

    Attributes:
        desk: The folder for what it says.
        folder: Where it works.
        arguments: What follows `bulkflow`.
        environ: The environment variables that the run sees.
        kill_at: The number of the point, from 1, or its name, at which it is killed.
        kill_after: Seconds after which it is killed.
        signal: The signal that it is killed with, or asked to end.
        without: The name of an invariant that it does not keep (see `faulty`).
    """

    desk: Path
    folder: Path
    arguments: list[str]
    environ: dict[str, str]
    kill_at: int | str | None = None
    kill_after: float | None = None
    signal: int = signal.SIGKILL
    without: str | None = None


@define(eq=False)
class Forks:
    """The handle on the process that forks; a context manager."""

    _process: subprocess.Popen[str]

    @classmethod
    def start(cls) -> Forks:
        environ = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "OPENBLAS_NUM_THREADS": "1",
        }
        return cls(
            subprocess.Popen(
                [sys.executable, "-m", "crash.forks"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=environ,
            )
        )

    def run(
        self,
        folder: Path,
        arguments: list[str],
        environ: dict[str, str],
        *,
        kill_at: int | str | None = None,
        kill_after: float | None = None,
        signal_number: int = signal.SIGKILL,
        without: str | None = None,
    ) -> Ended:
        """Run a command in a child that works in a folder; the others are those of `Order`."""
        order = Order(
            folder, folder, arguments, environ, kill_at, kill_after, signal_number, without
        )
        (ended,) = self.together(order)
        return ended

    def together(self, *orders: Order) -> list[Ended]:
        """Run commands side by side, each in a child of its own."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        told = [
            {**asdict(each), "desk": str(each.desk), "folder": str(each.folder)} for each in orders
        ]
        self._process.stdin.write(json.dumps(told) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that forks is gone"
        return [
            Ended(
                order.arguments[0],
                said["status"],
                tuple(said["passed"]),
                (order.desk / "out").read_text("utf-8"),
                (order.desk / "err").read_text("utf-8"),
            )
            for order, said in zip(orders, json.loads(line), strict=True)
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()


def serve() -> None:
    """Fork a child for each order on stdin, and tell on stdout what became of it."""
    _load()
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        children = []
        for order in json.loads(line):
            told = Path(order["desk"]) / "passed"
            for name in ("passed", "out", "err"):
                (told.parent / name).unlink(missing_ok=True)
                # One that is killed before it begins has said nothing.
                if name != "passed":
                    (told.parent / name).touch()
            pid = os.fork()
            if pid == 0:
                _child(order, told)
            children.append((pid, told))
        answers = []
        for pid, told in children:
            _, status = os.waitpid(pid, 0)
            passed = json.loads(told.read_text("utf-8")) if told.exists() else []
            answers.append({"status": os.waitstatus_to_exitcode(status), "passed": passed})
        sys.stdout.write(json.dumps(answers) + "\n")
        sys.stdout.flush()


def _load() -> None:
    """Load what a run loads, so that children do not."""
    import io
    import tempfile

    import duckdb  # noqa: F401

    import bulkflow_salesforce.http.transport  # noqa: F401
    from bulkflow.cli import main
    from bulkflow.cli.environment import Environment

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.bulkflow"
        file.write_text('org env\njob a\n    insert Account\n    from "a.csv"\nload job a\n')
        (Path(folder) / "a.csv").write_text("Name\na\n")
        main(["plan", str(file)], Environment(io.StringIO(), io.StringIO(), {}))


def _child(order: dict[str, Any], told: Path) -> None:
    from bulkflow.cli import main
    from bulkflow.cli import plugin_commands as additions
    from bulkflow.cli.environment import Environment
    from crash.faulty import FAULTY
    from crash.points import Points, kill_after, lay

    points = Points(order["kill_at"], order["signal"])
    code = 99
    try:
        desk = Path(order["desk"])
        os.chdir(order["folder"])
        lay(points)
        if "BULKFLOW_CONFIG_DIR" in order["environ"]:
            # The orgs that this one knows are others; which, plugins ask the process.
            os.environ.update(order["environ"])
            additions._host.cache_clear()
        if order["without"] is not None:
            FAULTY[order["without"]]()
        if order["kill_after"] is not None:
            kill_after(order["kill_after"], order["signal"])
        with (
            (desk / "out").open("w", encoding="utf-8") as out,
            (desk / "err").open("w", encoding="utf-8") as err,
        ):
            code = main(order["arguments"], Environment(out, err, order["environ"]))
        told.write_text(json.dumps(points.passed), "utf-8")
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
    # Not `sys.exit`: what libraries say about their own end is nobody's concern.
    os._exit(0)
