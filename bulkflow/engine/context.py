"""The context that the engine passes to a step."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from bulkflow.engine.orgs import open_org
from bulkflow.errors import UsageError
from bulkflow.path_checks import read_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bulkflow.engine.run_state import Services
    from bulkflow.model.event import Event
    from bulkflow.model.org import OrgAccess
    from bulkflow.plugin.context import Clock, Job, Recorder
    from bulkflow.plugin.lookahead import StepAhead
    from bulkflow.plugin.records import Sink, Source

T = TypeVar("T")

FILE_SCHEME = "file"


@frozen
class StepContext:
    """Implements `bulkflow.plugin.Context` for one step."""

    _services: Services
    job: Job | None
    folder: Path
    failure: BaseException | None = None
    _org: str | None = None
    """The org that the step names."""
    steps_ahead: Sequence[StepAhead] = ()

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self._services.run_id

    @property
    def run_directory(self) -> Path:
        """The run's own folder."""
        return self._services.run_directory

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables that the run may see."""
        return self._services.environ

    @property
    def clock(self) -> Clock:
        """The clock of the run."""
        return self._services.clock

    @property
    def journal(self) -> Recorder:
        """The durable record of the run."""
        return self._services.journal

    @property
    def org_name(self) -> str | None:
        """The pipeline file's name for the step's org."""
        of_job = self.job.org if self.job else None
        return self._org or of_job or self._services.only_org

    def open_org(self) -> OrgAccess:
        """Open the step's org, once per run."""
        return open_org(self._services, self.org_name)

    def find_source(self, location: str) -> Source:
        """Find the source that reads a location's scheme."""
        scheme = parse_scheme(location)
        sources = self._services.catalogue.sources
        if scheme not in sources:
            raise UsageError(
                f"no plugin reads locations that begin with {scheme}://",
                help=f"known schemes: {', '.join(sorted(sources)) or 'none'}; "
                "`bulkflow plugins` shows what is installed",
            )
        return sources[scheme]

    def find_file_source(self, path: Path) -> Source | None:
        """Find the source of a file by its suffix, else by its content."""
        return self._services.catalogue.find_file_source(path, lambda: read_start(path))

    def find_sink(self, path: str) -> Sink | None:
        """Find the sink of a path by its suffix, or by its scheme."""
        return self._services.catalogue.find_sink(path)

    def emit(self, event: Event) -> None:
        """Send an event to the listeners."""
        self._services.emit(event)

    def format_command(self, verb: str, *options: str, run: str | None = None) -> str:
        """Format the command line that does something with a run."""
        return self._services.format_command(verb, *options, run=run)

    def checkpoint(self) -> None:
        """Raise `RunInterruptedError` if the user asked the run to stop."""
        self._services.cancellation.checkpoint()

    @property
    def stopping(self) -> bool:
        """Whether the user asked the run to stop, even if a handler may continue."""
        return self._services.cancellation.asked

    def sleep(self, seconds: float) -> None:
        """Wait, unless the user asks the run to stop."""
        self._services.cancellation.sleep(seconds)

    def share(self, key: str, make: Callable[[], T], close: Callable[[T], None]) -> T:
        """Get a resource that the whole run shares."""
        return self._services.shared.get(key, make, close)


def parse_scheme(location: str) -> str:
    """Get the scheme of a location; paths have none, even with a drive letter."""
    # Not urlsplit: its error messages quote an invalid address, including the password.
    scheme, found, _ = location.partition("://")
    return scheme.lower() if found else FILE_SCHEME
