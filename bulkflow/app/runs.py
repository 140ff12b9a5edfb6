"""Runs: begun, gone on with, given up, listed."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow import __version__
from bulkflow.app.pipelines import Request, check_recorded, plan_of
from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bulkflow.engine.services import RunRecorder, Services
    from bulkflow.journal import Journal, RunRecord, RunStory
    from bulkflow.model.event import Event, RunFinished
    from bulkflow.model.history import RunSummary
    from bulkflow.model.plan import Plan
    from bulkflow.plugin.host import PluginHost


def unwatched(services: Services) -> None:
    """Nobody asks the run to stop."""


class UnfinishedError(UsageError):
    """The last run of the same file is not over, so beginning another may load rows twice."""


def run(
    request: Request,
    plan: Plan,
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None] = unwatched,
    *,
    fresh: bool = False,
) -> RunFinished:
    """Run a checked file.

    Args:
        request: What was asked for.
        plan: The file's plan, from `check`.
        host: The plugins.
        listener: Hears of everything that happens.
        watch: Called with the run's services before anything is done, so that somebody can ask the
            run to stop.
        fresh: Begin although the last run of the file is not over.

    Raises:
        UnfinishedError: the last run of the file is not over.
        StateLockedError: another process works with the state directory.
        UsageError: there is no place for the journal.
    """
    from bulkflow.engine.orgs import all_transient
    from bulkflow.journal import RunJournal

    with journal_of(request.state_directory) as journal:
        anew = fresh or all_transient(plan.orgs, host.catalogue.orgs)
        loaded = {} if anew else _loaded_before(journal, request, plan.orgs)
        run_id = new_run_id(journal.time())
        texts = {str(each.path.absolute()): each.text for each in plan.sources if each.path}
        record = RunJournal.begin(
            journal,
            run_id,
            pipeline=str(request.file.absolute()),
            texts=texts,
            text_digest=_digest(texts),
            orgs=plan.orgs,
            chosen_orgs=request.orgs,
            settings=request.settings,
            parameters=_as_given(plan, request.settings),
            version=__version__,
        )
        return work_on(request, plan, host, listener, watch, run_id, record, loaded_before=loaded)


def resume(
    state_directory: Path,
    run_id: str | None,
    environ: Mapping[str, str],
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None] = unwatched,
) -> RunFinished:
    """Go on with a run from wherever it was left; unless named, the last one that is not over.

    Where all are over it is the last of all, if that failed. The steps that are done are not done
    again; what was under way is found out by asking the org.

    Raises:
        UsageError: there is no such run, or it is over.
        PipelineError: the file of the run needs a plugin or a variable that is not there now.
        StateLockedError: another process works with the state directory.
    """
    from bulkflow.engine.ending import OVER
    from bulkflow.journal import RunJournal

    with journal_of(state_directory) as journal:
        record = chosen(journal, run_id, failed=True)
        if record.summary.exit_code in OVER:
            why = "was given up" if record.summary.given_up else "came to its end"
            raise UsageError(
                f"run {record.summary.id} is over: it {why}",
                help=f"`bulkflow run {record.summary.pipeline}` begins another",
            )
        request, plan = again(record, state_directory, environ, host)
        recorder = RunJournal.go_on(journal, record.summary.id, version=__version__)
        return work_on(request, plan, host, listener, watch, record.summary.id, recorder)


def runs(state_directory: Path) -> list[RunSummary]:
    """Every run of a state directory, the newest first. Raises `UsageError`."""
    from bulkflow.journal import run_summaries

    if not state_directory.is_dir():
        return []
    with opened(state_directory) as journal:
        return run_summaries(journal)


def story(state_directory: Path, run_id: str) -> RunStory | None:
    """All that became of a run; None if there is none of that id. Raises `UsageError`."""
    from bulkflow.journal import run_story

    if not state_directory.is_dir():
        return None
    with opened(state_directory) as journal:
        return run_story(journal, run_id)


def new_run_id(at: float) -> str:
    """An id that sorts by time and that two runs of one second do not share."""
    return f"{datetime.fromtimestamp(at, UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def work_on(
    request: Request,
    plan: Plan,
    host: PluginHost,
    listener: Callable[[Event], None],
    watch: Callable[[Services], None],
    run_id: str,
    record: _Record,
    *,
    replays: bool = True,
    asks_for_answers: bool = True,
    ends: bool = True,
    gives_up: bool = False,
    goes_on_with: str = "",
    loaded_before: Mapping[str, str] | None = None,
) -> RunFinished:
    """Walk a plan with the journal of its run, and record what it came to.

    `replays`, `asks_for_answers`, `goes_on_with` and `loaded_before` are those of `Services`. What
    does not end the run leaves it where it was, to be gone on with or over; what `gives_up` ends it
    for good.
    """
    from bulkflow.engine.ending import is_over
    from bulkflow.engine.run import run_plan
    from bulkflow.engine.services import Services

    directory = request.state_directory / "runs" / run_id
    _make(directory)
    services = Services(
        run_id=run_id,
        plugins=host,
        listener=listener,
        journal=record,
        environ=request.environ,
        orgs=plan.orgs,
        run_directory=directory,
        replays=replays,
        asks_for_answers=asks_for_answers,
        recalls=not replays,
        independent=not replays,
        goes_on_with=goes_on_with,
        loaded_before=loaded_before or {},
    )
    watch(services)
    finished = run_plan(plan, services)
    if ends:
        over = is_over(services, finished.exit_code)
        record.finish(finished.exit_code, over=over, given_up=gives_up)
    else:
        record.finish_beside(finished.exit_code)
    return finished


@contextmanager
def journal_of(directory: Path) -> Iterator[Journal]:
    """The journal of a state directory that nobody else works with."""
    from bulkflow.journal import locked

    with locked(directory), opened(directory) as journal:
        yield journal


@contextmanager
def opened(directory: Path) -> Iterator[Journal]:
    """The journal of a state directory, to be read while others may work with it."""
    from bulkflow.engine.services import SystemClock
    from bulkflow.journal import Journal

    journal = Journal.open(directory, SystemClock().time)
    try:
        yield journal
    finally:
        journal.close()


def _loaded_before(journal: Journal, request: Request, orgs: Mapping[str, str]) -> dict[str, str]:
    """What the last run of the file against the same orgs loaded, if it failed then.

    By the digests of parts, with the run's id.

    Whoever runs the file again may not know that it did.

    Raises:
        UnfinishedError: the last run of the file is not over.
    """
    from bulkflow.engine.ending import HANDS_OVER, OVER
    from bulkflow.journal import run_summaries, sent_digests

    pipeline = str(request.file.absolute())
    runs = [each for each in run_summaries(journal) if each.pipeline == pipeline]
    for number, each in enumerate(runs):
        if number == 0 and each.finished is None:
            raise UnfinishedError(
                f"the last run of {request.file}, {each.id}, is not over",
                help=f"`bulkflow resume {each.id}` goes on with it, `bulkflow abort {each.id}` "
                "gives it up; `--fresh` begins another all the same, and may load rows twice",
            )
        if dict(each.orgs) == dict(orgs) and (sent := sent_digests(journal, each.id, HANDS_OVER)):
            return {} if each.exit_code in OVER else dict.fromkeys(sent, each.id)
    return {}


def chosen(journal: Journal, run_id: str | None, *, failed: bool = False) -> RunRecord:
    """A run that can be gone on with; the last one that is not over, unless it is named.

    With `failed`, where all are over, the last of all if that failed: steps may be left of it.
    """
    from bulkflow.engine.ending import OVER
    from bulkflow.journal import run_record, run_summaries

    if run_id is None:
        summaries = run_summaries(journal)
        open_runs = [each for each in summaries if each.finished is None]
        if failed and not open_runs:
            open_runs = [each for each in summaries[:1] if each.exit_code not in OVER]
        if not open_runs:
            raise UsageError("every run is over", help="`bulkflow runs` lists them")
        run_id = open_runs[0].id
    record = run_record(journal, run_id)
    if record is None:
        raise no_such_run(run_id)
    if not record.texts:
        raise UsageError(
            f"run {run_id} was made by a bulkflow that could not go on with its runs",
            help="begin another with `bulkflow run FILE --fresh`",
        )
    return record


def no_such_run(run_id: str) -> UsageError:
    """The error for an id that no run has."""
    return UsageError(f"there is no run {run_id}", help="`bulkflow runs` lists them")


def again(
    record: RunRecord, state_directory: Path, environ: Mapping[str, str], host: PluginHost
) -> tuple[Request, Plan]:
    """What was asked for when a run began, and the plan of its file as it was then."""
    request = Request(
        Path(record.summary.pipeline),
        record.settings,
        record.chosen_orgs,
        state_directory,
        environ,
    )
    return request, plan_of(check_recorded(request, record.texts, host))


def _as_given(plan: Plan, settings: Mapping[str, str]) -> dict[str, str]:
    """Each param's text of the command line, or its default as the file has it.

    A default is never told by its value: that of `env NAME` may be a secret.
    """
    return {name: settings.get(name, value.span.text) for name, value in plan.parameters.items()}


def _make(directory: Path) -> None:
    try:
        # The mode is that of the last folder alone.
        directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.mkdir(exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"cannot keep what the run needs in {directory}: {error.strerror or error}",
            help="choose a folder that can be written with --state-dir DIR",
        ) from error


def _digest(texts: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(texts):
        digest.update(texts[path].encode())
    return digest.hexdigest()


if TYPE_CHECKING:
    from typing import Protocol

    class _Record(RunRecorder, Protocol):
        def finish(self, exit_code: int, *, over: bool, given_up: bool) -> None: ...

        def finish_beside(self, exit_code: int) -> None: ...
