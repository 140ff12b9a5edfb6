"""Refuses to send rows while a run may have sent more than the journal knows."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bulkflow.app.state import get_state_options
from bulkflow.errors import UsageError
from bulkflow.model.run_mode import RunMode
from bulkflow.system_errors import find_shortage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.journal import Journal, SuspectRun


class SuspectRunError(UsageError):
    """The journal lost part of a run, so the run may have loaded rows the journal does not list."""


def refuse_suspect_run(journal: Journal, run: str) -> None:
    """Refuse to continue a run if the journal has lost part of it.

    Raises:
        SuspectRunError: The journal has lost part of the run.
        JournalError: The journal is damaged.
    """
    from bulkflow.journal import check_run

    journal.check_integrity()
    try:
        doubt = check_run(journal, run)
    except OSError as error:
        raise _unread(journal, error) from error
    if doubt is not None:
        raise _error(journal, doubt)


def refuse_suspect_runs(journal: Journal, pipeline: Path) -> None:
    """Refuse to start a run if an earlier run may have loaded rows that are not recorded.

    A suspect run of the same file counts until a later run was started with `--fresh`, because
    that means somebody has checked. A suspect run of another file, which may have loaded the same
    rows, counts until it is aborted.

    Raises:
        SuspectRunError: There is such a run.
        JournalError: The journal is damaged.
    """
    for doubt in _that_count(journal, pipeline, list_suspect_runs(journal)):
        raise _error(journal, doubt)


def list_suspect_runs(journal: Journal) -> list[SuspectRun]:
    """List all runs that may have sent more than the journal knows. Raises `UsageError`."""
    from bulkflow.journal import find_suspect_runs

    journal.check_integrity()
    try:
        return find_suspect_runs(journal)
    except OSError as error:
        raise _unread(journal, error) from error


def _that_count(journal: Journal, pipeline: Path, found: list[SuspectRun]) -> Iterator[SuspectRun]:
    ((newest,),) = journal.query(
        "SELECT coalesce(max(started), 0) FROM run WHERE fresh AND pipeline = ?", str(pipeline)
    )
    for doubt in found:
        passed_over = float(str(newest)) > doubt.started > 0
        if not passed_over and (doubt.pipeline in {"", str(pipeline)} or not doubt.over):
            yield doubt


def _error(journal: Journal, doubt: SuspectRun) -> SuspectRunError:
    directory = journal.path.parent
    place = get_state_options(directory)
    steps = [f"restore {directory} with all its files from one backup"]
    if doubt.known and not doubt.over:
        abort = shlex.join(["bulkflow", RunMode.ABORT.value, doubt.run, *place])
        steps.append(f"check in the org what it loaded, then abort it: `{abort}`")
    elif not doubt.known:
        steps.append(
            "check in the org what it loaded, then delete the folder "
            f"{directory / 'runs' / doubt.run}"
        )
    else:
        steps.append("check in the org what it loaded")
    file = doubt.pipeline or "FILE"
    fresh = shlex.join(["bulkflow", "run", "--fresh", file, *place])
    return SuspectRunError(
        f"run {doubt.run} may have loaded rows that the journal does not know of: {doubt.why}",
        help=f"nothing was sent. Either {steps[0]}; or {steps[1]}. `{fresh}` loads all rows of its "
        "file, whatever was loaded before",
        notes=[doubt.pipeline] if doubt.pipeline else [],
    )


def _unread(journal: Journal, error: OSError) -> UsageError:
    short = find_shortage(error)
    return UsageError(
        f"cannot read the run folders in {journal.path.parent}: "
        f"{short.what if short else error.strerror or error}",
        help=f"nothing was sent; {short.remedy}" if short else "check the folder's permissions",
    )
