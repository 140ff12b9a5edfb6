"""Executes a plan with the journal of its run, and records the result."""

from __future__ import annotations

import logging
from shutil import rmtree
from typing import TYPE_CHECKING

from bulkflow.app.run_folders import delete_run_folder, make_run_folder
from bulkflow.app.state import get_state_options
from bulkflow.atomic_files import COPIES
from bulkflow.errors import ExitCode
from bulkflow.model.run_mode import RunMode

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from bulkflow.app.pipelines import RunRequest
    from bulkflow.engine.run_state import RunRecorder, Services
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.part import Counts
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.host import PluginHost

    class _Record(RunRecorder, Protocol):
        def finish(self, exit_code: int, *, over: bool, given_up: bool) -> None: ...

        def finish_attempt(self, exit_code: int) -> None: ...

        def forget(self) -> None: ...

        def record_job_counts(self, job: str, counts: Counts) -> None: ...


logger = logging.getLogger(__name__)


def ignore_services(services: Services) -> None:
    """Do nothing with a run's services."""


def execute_plan(
    request: RunRequest,
    plan: Plan,
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None],
    run_id: str,
    record: _Record,
    *,
    mode: RunMode = RunMode.RUN,
    options: tuple[str, ...] = (),
) -> RunFinished:
    """Run a plan with the journal of its run, and record the result.

    A run that was refused before anything was sent is removed from the journal. `options` are those
    of the command, to be repeated when it continues.
    """
    from bulkflow.engine.completion import is_finished
    from bulkflow.engine.run import run_plan
    from bulkflow.engine.run_state import Services

    directory = request.state_directory / "runs" / run_id
    logger.info("%s %s, which keeps its files in %s", mode.value, run_id, directory)
    make_run_folder(directory)
    services = Services(
        run_id=run_id,
        plugins=host,
        listener=listener,
        journal=record,
        environ=request.environ,
        orgs=plan.orgs,
        run_directory=directory,
        mode=mode,
        options=options,
        place=get_state_options(request.state_directory),
    )
    watch(services)
    finished = run_plan(plan, services)
    if mode.runs_file and finished.exit_code is ExitCode.WRONG and not record.has_intents():
        record.forget()
        delete_run_folder(directory)
    elif mode.ends_run:
        over = is_finished(services, finished.exit_code)
        record.finish(finished.exit_code, over=over, given_up=mode is RunMode.ABORT)
        if finished.exit_code is ExitCode.DONE and _all_loaded(finished):
            # Nothing of it can be resent, and undo needs only its results.
            rmtree(directory / COPIES, ignore_errors=True)
    else:
        record.finish_attempt(finished.exit_code)
    if not mode.runs_file:
        for job in services.jobs:
            if job.counts.rows:
                record.record_job_counts(job.key, job.counts)
    return finished


def _all_loaded(finished: RunFinished) -> bool:
    return all(job.counts.loaded == job.counts.rows for job in finished.jobs)
