"""A folder with a pipeline in it, and the whole command line to run it with, in this process."""

from __future__ import annotations

import io
import json
from pathlib import Path

from attrs import define

from bulkflow.cli import main
from bulkflow.cli.environment import Environment


@define(eq=False)
class Ran:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def events(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def event(self, kind: str) -> dict[str, object]:
        (found,) = [each for each in self.events if each["event"] == kind]
        return found


@define(eq=False)
class Workshop:
    """A folder with a pipeline in it, and the command line to run it with."""

    folder: Path
    environ: dict[str, str]

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def command(self, *arguments: str, stdin: bytes = b"") -> Ran:
        out, err = io.StringIO(), io.StringIO()
        # Not so long that tests wait for what will not come.
        environ = {"BULKFLOW_PATIENCE": "3s", **self.environ}
        code = main(arguments, Environment(out, err, environ, io.BytesIO(stdin)))
        return Ran(code, out.getvalue(), err.getvalue())

    def run(self, pipeline: str, *arguments: str) -> Ran:
        file = self.write("test.bulkflow", pipeline)
        state = self.folder / "state"
        return self.command("run", str(file), "--state-dir", str(state), "--json", *arguments)
