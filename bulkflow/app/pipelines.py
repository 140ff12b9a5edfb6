"""Reads, checks and plans a pipeline file."""

from __future__ import annotations

import codecs
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from bulkflow.app.state import PIPELINE_SUFFIX, normalize_path
from bulkflow.errors import UsageError
from bulkflow.model.diagnostic import PipelineError
from bulkflow.path_checks import is_file, is_utf8
from bulkflow.source import SourceText, TooLargeError
from bulkflow.system_errors import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bulkflow.engine.run_state import Services
    from bulkflow.language import Checked
    from bulkflow.model.diagnostic import Diagnostic
    from bulkflow.model.event import Event
    from bulkflow.model.forecast import Forecast
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.host import PluginHost

BLOCK_VARIABLE = "BULKFLOW_BLOCK"
"""Environment variable with the names of plugins to block, separated by commas."""

_OF_ROWS: Final = frozenset({".csv", ".tsv", ".gz", ".xls", ".xlsx"})


@frozen
class RunRequest:
    """A pipeline file and the command line's options for it."""

    file: Path
    settings: Mapping[str, str]
    orgs: Mapping[str, str]
    """Profiles to use instead of the file's, by the file's names for its orgs; an empty name
    replaces the only org."""
    state_directory: Path
    environ: Mapping[str, str] = field(repr=False)


def load_plugins(environ: Mapping[str, str]) -> PluginHost:
    """Load the plugins of this environment. Raises `PluginConflictError`."""
    from bulkflow.plugin.host import PluginHost

    blocked = environ.get(BLOCK_VARIABLE, "").replace(",", " ").split()
    return PluginHost.discover(frozenset(blocked))


def read_pipeline(path: Path) -> SourceText:
    """Read a pipeline file. Raises `UsageError`."""
    if path.suffix.lower() in _OF_ROWS and is_file(path):
        # Parsed as a pipeline, every line of it would be an error.
        raise UsageError(
            f"{path} looks like a data file, not a pipeline",
            help="pass a file that ends in .bulkflow, and read the rows in one of its jobs: "
            f'`from "{path.name}"`',
        )
    if not is_utf8(path):
        raise UsageError(
            f"the path {path} is not UTF-8",
            help="rename the file or folder; reports and the journal need UTF-8",
        )
    try:
        return read_text(path)
    except OSError as error:
        named = Path(f"{path}{PIPELINE_SUFFIX}")
        near = f"did you mean {named}?" if is_file(named) else "check the path of the file"
        what, remedy = explained(error, near)
        raise UsageError(f"cannot read {path}: {what}", help=remedy) from error
    except UnicodeDecodeError as error:
        raise make_encoding_error(str(path), error) from error
    except TooLargeError as error:
        raise make_too_large_error(str(path), error) from error


def make_too_large_error(name: str, error: TooLargeError) -> UsageError:
    """Build the error for a file that is larger than a pipeline may be."""
    return UsageError(
        f"{name} is too large: {error}",
        help="check the path; `for` writes similar jobs once",
    )


def make_encoding_error(name: str, error: UnicodeDecodeError) -> UsageError:
    """Build the error for a file in another encoding."""
    if error.object[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        found = "is UTF-16, which some Windows editors call Unicode"
    else:
        found = f"is not UTF-8: byte {error.object[error.start]:#04x} at offset {error.start}"
    return UsageError(f"{name} {found}", help="save the pipeline file as UTF-8")


def read_text(path: Path) -> SourceText:
    """Read a file. Raises OSError, UnicodeDecodeError and TooLargeError."""
    return SourceText.read(path.as_posix(), path)


def check(request: RunRequest, host: PluginHost) -> Checked:
    """Check a file without reading its data."""
    from bulkflow import language

    return language.check(
        read_pipeline(request.file),
        host.catalogue,
        settings=request.settings,
        environ=request.environ,
        read=read_text,
        orgs=request.orgs,
    )


def check_recorded(request: RunRequest, texts: Mapping[str, str], host: PluginHost) -> Checked:
    """Check a file as it was when its run started.

    Args:
        request: The request of that run.
        texts: The file and its includes, by absolute path.
        host: The plugins.
    """
    from bulkflow import language

    def read(path: Path) -> SourceText:
        known = texts.get(str(normalize_path(path)))
        if known is None:
            raise FileNotFoundError(2, "it is not part of the run", str(path))
        return SourceText(path.as_posix(), known, path)

    return language.check(
        read(request.file),
        host.catalogue,
        settings=request.settings,
        environ=request.environ,
        read=read,
        orgs=request.orgs,
    )


def require_plan(checked: Checked) -> Plan:
    """Return the plan of a file without errors. Raises `PipelineError`."""
    if checked.plan is None:
        raise PipelineError(checked.diagnostics)
    return checked.plan


def plan(
    request: RunRequest,
    host: PluginHost,
    listener: Callable[[Event], None],
    *,
    ask_org: bool = False,
) -> Forecast:
    """Forecast a run. Reads the sources; changes and keeps nothing.

    Args:
        request: The file and its options.
        host: The plugins.
        listener: Receives the plugins' notices.
        ask_org: Whether to check objects, permissions and limits in the org.

    Raises:
        PipelineError: The file has errors.
    """
    from bulkflow.engine.forecast import forecast

    checked = check(request, host)
    found = require_plan(checked)
    with _looking(request, found, host, listener) as services:
        made = forecast(found, services, ask_org=ask_org)
    made.diagnostics[:0] = checked.diagnostics
    return made


def make_failed_forecast(request: RunRequest, error: PipelineError) -> Forecast:
    """Make the forecast of a file with errors."""
    from bulkflow.model.forecast import Forecast

    return Forecast(request.file.as_posix(), request.orgs, diagnostics=list(error.diagnostics))


def check_sources(request: RunRequest, plan: Plan, host: PluginHost) -> tuple[Diagnostic, ...]:
    """Check the sources of a checked file, reading only their first rows."""
    from bulkflow.engine.forecast import check_sources

    with _looking(request, plan, host, lambda _: None) as services:
        return tuple(check_sources(plan, services))


@contextmanager
def _looking(
    request: RunRequest,
    plan: Plan,
    host: PluginHost,
    listener: Callable[[Event], None],
) -> Iterator[Services]:
    """Make services that change and keep nothing."""
    import tempfile

    from bulkflow.engine.null_recorder import NullRecorder
    from bulkflow.engine.run_state import Services

    with tempfile.TemporaryDirectory(prefix="bulkflow-") as directory:
        yield Services(
            run_id="plan",
            plugins=host,
            listener=listener,
            journal=NullRecorder(),
            environ=request.environ,
            orgs=plan.orgs,
            run_directory=Path(directory),
        )
