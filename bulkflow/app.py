"""The use cases: check, plan, run. Joins the rooms; knows no terminal and no command line."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import field, frozen

from bulkflow import __version__
from bulkflow.errors import UsageError
from bulkflow.model.diagnostic import PipelineError
from bulkflow.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow.engine.forecast import Forecast
    from bulkflow.engine.services import RunRecorder, Services
    from bulkflow.language import Checked
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.host import PluginHost

STATE_DIRECTORY = ".bulkflow"
"""Where runs are kept, beside the working directory."""

BLOCK_VARIABLE = "BULKFLOW_BLOCK"
"""Environment variable with the names of plugins that are not to be loaded, between commas."""


@frozen
class Request:
    """What was asked for: a pipeline file, and what the command line says about it."""

    file: Path
    settings: Mapping[str, str]
    org: str | None
    state_directory: Path
    environ: Mapping[str, str] = field(repr=False)


def plugins(environ: Mapping[str, str]) -> PluginHost:
    """The plugins of this environment. Raises `PluginConflictError`."""
    from bulkflow.plugin.host import PluginHost

    blocked = environ.get(BLOCK_VARIABLE, "").replace(",", " ").split()
    return PluginHost.discover(frozenset(blocked))


def read_pipeline(path: Path) -> SourceText:
    """A pipeline file's text. Raises `UsageError`."""
    try:
        return read_text(path)
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror or error}", help="check the path of the file"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8: byte {error.object[error.start]:#04x} at offset {error.start}",
            help="save the pipeline file as UTF-8",
        ) from error


def read_text(path: Path) -> SourceText:
    """A file's text. Raises OSError and UnicodeDecodeError."""
    return SourceText.decode(path.as_posix(), path.read_bytes(), path)


def check(request: Request, host: PluginHost) -> Checked:
    """Everything that can be said of a file without reading its data."""
    from bulkflow import language

    return language.check(
        read_pipeline(request.file),
        host.catalogue,
        settings=request.settings,
        environ=request.environ,
        read=read_text,
        org=request.org,
    )


def plan_of(checked: Checked) -> Plan:
    """The plan of a file without errors. Raises `PipelineError`."""
    if checked.plan is None:
        raise PipelineError(checked.diagnostics)
    return checked.plan


def plan(request: Request, host: PluginHost, listener: Callable[[Event], None]) -> Forecast:
    """What a run would do. Reads the sources; sends nothing, and keeps nothing.

    Raises:
        PipelineError: the file is wrong.
    """
    from bulkflow.engine.forecast import forecast
    from bulkflow.engine.services import Unrecorded

    checked = plan_of(check(request, host))
    with tempfile.TemporaryDirectory(prefix="bulkflow-") as directory:
        services = _services(
            request, host, listener, checked, "plan", Unrecorded(), Path(directory)
        )
        return forecast(checked, services)


def run(
    request: Request,
    plan: Plan,
    host: PluginHost,
    listener: Callable[[Event], None],
    prepare: Callable[[Services], None] = lambda _: None,
) -> RunFinished:
    """Run a checked file.

    Args:
        request: What was asked for.
        plan: The file's plan, from `check`.
        host: The plugins.
        listener: Hears of everything that happens.
        prepare: Called with the run's services before anything is done, so that somebody can ask
            the run to stop.

    Raises:
        UsageError: there is no place for the journal.
    """
    from bulkflow.engine.run import run_plan
    from bulkflow.engine.services import SystemClock
    from bulkflow.journal import Journal

    clock = SystemClock()
    journal = Journal.open(request.state_directory, clock.time)
    try:
        run_id = new_run_id(clock.time())
        record = journal.begin(
            run_id,
            pipeline=str(request.file.absolute()),
            text_digest=hashlib.sha256(plan.source.text.encode()).hexdigest(),
            org=plan.org,
            parameters=_as_given(plan, request.settings),
            version=__version__,
        )
        directory = request.state_directory / "runs" / run_id
        _make(directory)
        services = _services(request, host, listener, plan, run_id, record, directory)
        prepare(services)
        finished = run_plan(plan, services)
        record.finish(finished.exit_code)
        return finished
    finally:
        journal.close()


def new_run_id(at: float) -> str:
    """An id that sorts by time and that two runs of one second do not share."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def _as_given(plan: Plan, settings: Mapping[str, str]) -> dict[str, str]:
    """Each param's text of the command line, or its default as the file has it.

    A default is never told by its value: that of `env NAME` may be a secret.
    """
    return {name: settings.get(name, value.span.text) for name, value in plan.parameters.items()}


def _make(directory: Path) -> None:
    try:
        directory.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"cannot keep what the run needs in {directory}: {error.strerror or error}",
            help="choose a folder that can be written with --state-dir DIR",
        ) from error


def _services(
    request: Request,
    host: PluginHost,
    listener: Callable[[Event], None],
    plan: Plan,
    run_id: str,
    journal: RunRecorder,
    directory: Path,
) -> Services:
    from bulkflow.engine.services import Services

    return Services(
        run_id=run_id,
        plugins=host,
        listener=listener,
        journal=journal,
        environ=request.environ,
        org_name=plan.org,
        run_directory=directory,
    )
