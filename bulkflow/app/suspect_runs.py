"""Refusing to send where a run may have sent more than the journal knows."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from bulkflow.app.state import get_state_options
from bulkflow.errors import UsageError
from bulkflow.system_errors import find_shortage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bulkflow.journal import Journal, SuspectRun


class SuspectRunError(UsageError):
    """The journal lost something of a run, so rows of it may be loaded that it does not know of."""


def refuse_suspect_run(journal: Journal, run: str) -> None:
    """Refuse to continue a run if the journal has lost a part of it.

    Raises:
        DoubtfulRunError: It did.
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
    """Refuse to begin a run where an earlier one may have loaded rows that nobody knows of.

    Those of the same file count until a run was begun `--fresh` after them, which somebody does who
    has looked; those of other files, which may have loaded the same rows, until they are given up.

    Raises: as `refuse_doubt`.
    """
    for doubt in _that_count(journal, pipeline, list_suspect_runs(journal)):
        raise _error(journal, doubt)


def list_suspect_runs(journal: Journal) -> list[SuspectRun]:
    """All runs that may have sent more than the journal knows. Raises `UsageError`."""
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
    steps = [f"restore {directory} from a copy of one moment, with all its files"]
    if doubt.known and not doubt.over:
        abort = shlex.join(["bulkflow", "abort", doubt.run, *place])
        steps.append(f"look in the org for what it loaded, and give it up: `{abort}`")
    elif not doubt.known:
        steps.append(
            "look in the org for what it loaded, and then delete the folder "
            f"{directory / 'runs' / doubt.run}"
        )
    else:
        steps.append("look in the org for what it loaded")
    file = doubt.pipeline or "FILE"
    fresh = shlex.join(["bulkflow", "run", "--fresh", file, *place])
    return SuspectRunError(
        f"run {doubt.run} may have loaded rows that the journal does not know of: {doubt.why}",
        help=f"nothing was sent. Either {steps[0]}; or {steps[1]}. `{fresh}` loads the rows of its "
        "file whatever was loaded",
        notes=[doubt.pipeline] if doubt.pipeline else [],
    )


def _unread(journal: Journal, error: OSError) -> UsageError:
    short = find_shortage(error)
    return UsageError(
        f"cannot read what the runs of {journal.path.parent} left: "
        f"{short.what if short else error.strerror or error}",
        help=f"nothing was sent; {short.remedy}" if short else "check the folder's permissions",
    )
