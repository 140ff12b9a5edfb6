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

from attrs import define, frozen

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
        """Run a command in a child.

        Args:
            folder: Where the child works.
            arguments: What stands behind `bulkflow`.
            environ: The environment variables that the run sees.
            kill_at: The number of the point, from 1, or its name, at which it is killed.
            kill_after: Seconds after which it is killed.
            signal_number: The signal that it is killed with, or asked to end.
            without: The name of an invariant that it does not keep (see `faulty`).
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {
            "folder": str(folder),
            "arguments": arguments,
            "environ": environ,
            "kill_at": kill_at,
            "kill_after": kill_after,
            "signal": signal_number,
            "without": without,
        }
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that forks is gone"
        said = json.loads(line)
        return Ended(
            arguments[0],
            said["status"],
            tuple(said["passed"]),
            (folder / "out").read_text("utf-8"),
            (folder / "err").read_text("utf-8"),
        )

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
        order = json.loads(line)
        told = Path(order["folder"]) / "passed"
        told.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            _child(order, told)
        _, status = os.waitpid(pid, 0)
        passed = json.loads(told.read_text("utf-8")) if told.exists() else []
        answer = {"status": os.waitstatus_to_exitcode(status), "passed": passed}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _load() -> None:
    """Load what a run loads, so that children do not."""
    import io
    import tempfile

    import duckdb  # noqa: F401

    import bulkflow_salesforce.wire  # noqa: F401
    from bulkflow.cli import main
    from bulkflow.cli.environment import Environment

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.bulkflow"
        file.write_text('org env\njob a\n    insert Account\n    from "a.csv"\nload job a\n')
        (Path(folder) / "a.csv").write_text("Name\na\n")
        main(["plan", str(file)], Environment(io.StringIO(), io.StringIO(), {}))


def _child(order: dict[str, Any], told: Path) -> None:
    from bulkflow.cli import additions, main
    from bulkflow.cli.environment import Environment
    from crash.faulty import FAULTY
    from crash.points import Points, kill_after, lay

    points = Points(order["kill_at"], order["signal"])
    code = 99
    try:
        folder = Path(order["folder"])
        os.chdir(folder)
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
            Path("out").open("w", encoding="utf-8") as out,
            Path("err").open("w", encoding="utf-8") as err,
        ):
            code = main(order["arguments"], Environment(out, err, order["environ"]))
        told.write_text(json.dumps(points.passed), "utf-8")
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
    # Not `sys.exit`: what libraries say about their own end is nobody's concern.
    os._exit(0)
