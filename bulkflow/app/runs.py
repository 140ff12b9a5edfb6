"""Starts, resumes and lists runs."""

from __future__ import annotations

import hashlib
import logging
import secrets
import shlex
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow import __version__
from bulkflow.app.pipelines import RunRequest, check_recorded, require_plan
from bulkflow.app.run_folders import (
    clear_leftovers,
    delete_run_folder,
    make_run_folder,
    measure_folder,
)
from bulkflow.app.state import get_state_options, normalize_path, refuse_older_state
from bulkflow.app.suspect_runs import refuse_suspect_run, refuse_suspect_runs
from bulkflow.atomic_files import COPIES
from bulkflow.errors import REACHED_END, ExitCode, UsageError
from bulkflow.model.run_mode import RunMode
from bulkflow.path_checks import is_folder, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bulkflow.app.state import RunSelection
    from bulkflow.engine.run_state import RunRecorder, Services
    from bulkflow.journal import Journal, RunDetails, RunRecord
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.history import RunSummary
    from bulkflow.model.part import Counts
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.host import PluginHost


logger = logging.getLogger(__name__)


def ignore_services(services: Services) -> None:
    """Do nothing with a run's services."""


class UnfinishedError(UsageError):
    """The last run of the file is unfinished, so starting another may load rows twice."""


def run(
    request: RunRequest,
    plan: Plan,
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None] = ignore_services,
    *,
    fresh: bool = False,
    resumes: bool = False,
) -> RunFinished:
    """Run a checked file.

    Args:
        request: The file and its options.
        plan: The file's plan, from `check`.
        host: The plugins.
        listener: Receives every event.
        watch: Called with the run's services before anything is done, for example to connect
            signals to its cancellation.
        fresh: Start although the last run is unfinished, and load rows that earlier runs handed
            over.
        resumes: Resume the last run if it is unfinished and has the same parameters and orgs.

    Raises:
        UnfinishedError: The last run of the file is unfinished.
        SuspectRunError: A run may have sent more than the journal knows.
        StateLockedError: Another process is running the file.
        UsageError: The journal cannot be written.
    """
    from bulkflow.engine.orgs import are_all_transient
    from bulkflow.journal import RunJournal, lock_pipeline

    directory, pipeline = request.state_directory, resolved(request.file)
    refuse_older_state(request.file, directory)
    with lock_pipeline(directory, str(pipeline)), open_journal_to_write(directory) as journal:
        clear_leftovers(journal, str(pipeline))
        if not fresh and not are_all_transient(plan.orgs, host.catalogue.orgs):
            refuse_suspect_runs(journal, pipeline)
            unfinished = _unfinished(journal, request)
            if unfinished is not None and resumes and _is_same(unfinished, request):
                environ = request.environ
                return _resume(journal, unfinished, directory, environ, host, listener, watch)
            if unfinished is not None:
                raise _unfinished_error(unfinished, request)
        run_id = make_run_id(journal.time())
        texts = {str(normalize_path(each.path)): each.text for each in plan.sources if each.path}
        record = RunJournal.begin(
            journal,
            run_id,
            pipeline=str(pipeline),
            file=str(normalize_path(request.file)),
            texts=texts,
            text_digest=_digest(texts),
            orgs=plan.orgs,
            chosen_orgs=request.orgs,
            settings=request.settings,
            parameters=_as_given(plan, request.settings),
            version=__version__,
            fresh=fresh,
        )
        return execute_plan(request, plan, host, listener, watch, run_id, record)


def resume(
    choice: RunSelection,
    environ: Mapping[str, str],
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None] = ignore_services,
) -> RunFinished:
    """Resume a run where it stopped: by default the last unfinished one.

    If all runs are finished, that is the newest one, provided it failed. Finished steps do not run
    again; the org is asked about requests without a recorded response.

    Raises:
        UsageError: There is no such run, or it is finished.
        PipelineError: The run's file needs a plugin or a variable that is missing now.
        StateLockedError: Another process is using a run of the same file.
    """
    with claim_run(choice, failed=True) as (journal, record):
        refuse_suspect_run(journal, record.summary.id)
        return _resume(journal, record, choice.directory, environ, host, listener, watch)


def _resume(
    journal: Journal,
    record: RunRecord,
    directory: Path,
    environ: Mapping[str, str],
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None],
) -> RunFinished:
    from bulkflow.journal import RunJournal

    if record.summary.exit_code in REACHED_END:
        why = "was aborted" if record.summary.given_up else "reached its end"
        raise UsageError(
            f"run {record.summary.id} is finished: it {why}",
            help=f"`bulkflow run {shlex.quote(record.summary.pipeline)}` starts another",
        )
    request, plan = rebuild_plan(record, directory, environ, host)
    recorder = RunJournal.resume(journal, record.summary.id, version=__version__)
    return execute_plan(request, plan, host, listener, watch, record.summary.id, recorder)


def list_runs(choice: RunSelection) -> list[RunSummary]:
    """List the runs that a selection matches, newest first. Raises `UsageError`."""
    from bulkflow.journal import list_runs

    if not is_folder(choice.directory):
        return []
    with open_journal_to_read(choice.directory) as journal:
        found = [each for each in list_runs(journal) if choice.matches(each)]
    folders = choice.directory / "runs"
    return [evolve(each, kept_bytes=measure_folder(folders / each.id)) for each in found]


def read_run_details(directory: Path, run_id: str) -> RunDetails | None:
    """Read everything about a run; None for an unknown id. Raises `UsageError`."""
    from bulkflow.journal import read_run_details

    if not is_folder(directory):
        return None
    with open_journal_to_read(directory) as journal:
        return read_run_details(journal, run_id)


def make_run_id(at: float) -> str:
    """Make an id that sorts by time and is unique within a second."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


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


@contextmanager
def claim_run(
    choice: RunSelection, *, failed: bool = False, over: bool = False
) -> Iterator[tuple[Journal, RunRecord]]:
    """Open the journal and the selected run, with its file locked.

    Args:
        choice: Which run.
        failed: Whether to fall back to the newest run, if it failed and all runs are finished.
        over: Whether to take the last run of a named file even if it is finished.

    Raises:
        UsageError: There is no such run.
        StateLockedError: Another process is using a run of the same file.
    """
    from bulkflow.journal import lock_pipeline

    if not is_folder(choice.directory):
        raise make_no_run_error(choice)
    with open_journal_to_read(choice.directory) as journal:
        found = find_run(journal, choice, failed=failed, over=over)
    with (
        lock_pipeline(choice.directory, found.summary.pipeline),
        open_journal_to_write(choice.directory) as journal,
    ):
        clear_leftovers(journal, found.summary.pipeline)
        # Another process may have used it before the lock was taken.
        yield journal, find_run(journal, evolve(choice, run=found.summary.id))


@contextmanager
def open_journal_to_read(directory: Path) -> Iterator[Journal]:
    """Open the journal of a state directory for reading, even while others write to it.

    Works on a read-only directory. Raises `UsageError`.
    """
    from bulkflow.engine.run_state import SystemClock
    from bulkflow.journal import Journal

    journal = Journal.read(directory, SystemClock().time)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def open_journal_to_write(directory: Path) -> Iterator[Journal]:
    """Open the journal of a state directory for writing. Raises `UsageError`."""
    from bulkflow.engine.run_state import SystemClock
    from bulkflow.journal import Journal

    journal = Journal.open(directory, SystemClock().time)
    try:
        yield journal
    finally:
        journal.close()


def _unfinished(journal: Journal, request: RunRequest) -> RunRecord | None:
    """Find the last run of a file, if it is unfinished."""
    from bulkflow.journal import list_runs, read_run

    pipeline = str(resolved(request.file))
    last = next((each for each in list_runs(journal) if each.pipeline == pipeline), None)
    return None if last is None or last.finished is not None else read_run(journal, last.id)


def _is_same(record: RunRecord, request: RunRequest) -> bool:
    """Whether a run was started with the same parameters and orgs."""
    return dict(record.settings) == dict(request.settings) and dict(record.chosen_orgs) == dict(
        request.orgs
    )


def _unfinished_error(record: RunRecord, request: RunRequest) -> UnfinishedError:
    run, place = record.summary.id, get_state_options(request.state_directory)
    resume, abort = (
        shlex.join(["bulkflow", verb, run, *place])
        for verb in (RunMode.RUN.continued_by, RunMode.ABORT.value)
    )
    both = shlex.join(["bulkflow", "run", "--resume", str(request.file)])
    other = "" if _is_same(record, request) else ", with other parameters or orgs"
    return UnfinishedError(
        f"the last run of {request.file}{other}, {run}, is unfinished",
        help=f"`{resume}` continues it, `{abort}` aborts it; `{both}` resumes on its own",
    )


def find_run(
    journal: Journal, choice: RunSelection, *, failed: bool = False, over: bool = False
) -> RunRecord:
    """Find the run that a selection means: by default the last unfinished one.

    With `failed`, falls back to the newest run if it failed, as steps may be left to do. With
    `over`, takes the last run of a named file whatever its result.
    """
    from bulkflow.journal import list_runs, read_run

    run_id = choice.run
    if run_id is None:
        summaries = [each for each in list_runs(journal) if choice.matches(each)]
        open_runs = [each for each in summaries if each.finished is None]
        if failed and not open_runs:
            open_runs = [each for each in summaries[:1] if each.exit_code not in REACHED_END]
        if over and choice.pipeline is not None:
            open_runs = summaries[:1]
        if not open_runs:
            raise UsageError("every run is finished", help="`bulkflow runs` lists them")
        run_id = open_runs[0].id
    record = read_run(journal, run_id)
    if record is None:
        raise make_no_run_error(choice)
    if not record.texts:
        raise UsageError(
            f"run {run_id} was made by an older bulkflow, which could not resume runs",
            help="start another with `bulkflow run FILE --fresh`",
        )
    return record


def make_no_run_error(choice: RunSelection) -> UsageError:
    """Build the error for an unknown run, or for a folder without runs."""
    which = f"no run {choice.run}" if choice.run else "no run"
    return UsageError(
        f"there is {which} in {choice.directory}",
        help="`bulkflow runs` lists the runs of this folder, `bulkflow runs FILE` those of a "
        "pipeline file in another folder",
    )


def rebuild_plan(
    record: RunRecord, state_directory: Path, environ: Mapping[str, str], host: PluginHost
) -> tuple[RunRequest, Plan]:
    """Rebuild the request of a run, and the plan of its file as it was then."""
    request = RunRequest(
        Path(record.file),
        record.settings,
        record.chosen_orgs,
        state_directory,
        environ,
    )
    return request, require_plan(check_recorded(request, record.texts, host))


def _as_given(plan: Plan, settings: Mapping[str, str]) -> dict[str, str]:
    """Map each parameter to its text on the command line, or to its default as written.

    Values of defaults are never recorded: that of `env NAME` may be a secret.
    """
    return {name: settings.get(name, value.span.text) for name, value in plan.parameters.items()}


def _all_loaded(finished: RunFinished) -> bool:
    return all(job.counts.loaded == job.counts.rows for job in finished.jobs)


def _digest(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(texts):
        digest.update(texts[path].encode())
    return digest.hexdigest()


if TYPE_CHECKING:
    from typing import Protocol

    class _Record(RunRecorder, Protocol):
        def finish(self, exit_code: int, *, over: bool, given_up: bool) -> None: ...

        def finish_attempt(self, exit_code: int) -> None: ...

        def forget(self) -> None: ...

        def record_job_counts(self, job: str, counts: Counts) -> None: ...
