"""Starts, resumes and lists runs."""

from __future__ import annotations

import hashlib
import logging
import secrets
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from bulkflow import __version__
from bulkflow.app.pipelines import RunRequest, check_recorded, require_plan
from bulkflow.app.plan_execution import execute_plan, ignore_services
from bulkflow.app.run_folders import clear_leftovers, measure_folder
from bulkflow.app.run_lookup import claim_run, open_journal_to_read, open_journal_to_write
from bulkflow.app.state import get_state_options, normalize_path, refuse_older_state
from bulkflow.app.suspect_runs import refuse_suspect_run, refuse_suspect_runs
from bulkflow.errors import REACHED_END, UsageError
from bulkflow.model.run_mode import RunMode
from bulkflow.path_checks import is_folder, resolved

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bulkflow.app.state import RunSelection
    from bulkflow.engine.run_state import Services
    from bulkflow.journal import Journal, RunDetails, RunRecord
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.history import RunSummary
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.host import PluginHost


logger = logging.getLogger(__name__)


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


def _digest(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(texts):
        digest.update(texts[path].encode())
    return digest.hexdigest()
