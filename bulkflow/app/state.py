"""Where the runs of a project are kept, and how a command finds them.

They are kept in a folder beside the pipeline file, wherever the command is started and however the
path is spelled, so that the same file always meets the same record of what it sent.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from bulkflow.journal import Journal
    from bulkflow.model.history import RunSummary

STATE_DIRECTORY: Final = ".bulkflow"
"""The folder that holds the state of all pipeline files beside it."""

PIPELINE_SUFFIX: Final = ".bulkflow"


@frozen
class RunSelection:
    """A run that a command is about.

    Attributes:
        directory: The state directory.
        run: The run's id, if it was named.
        pipeline: The pipeline file, resolved, if that was named in place of a run.
    """

    directory: Path
    run: str | None = None
    pipeline: Path | None = None

    @classmethod
    def of(cls, named: str | None, directory: Path | None) -> RunSelection:
        """Find out what a command is about.

        Args:
            named: A run's id, or the path of a pipeline file whose last run is meant.
            directory: The state directory that was asked for; None for the usual place.
        """
        if named is not None and (named.endswith(PIPELINE_SUFFIX) or Path(named).is_file()):
            file = Path(named)
            return cls(directory or find_state_directory(file), pipeline=file.resolve())
        return cls(directory or Path(STATE_DIRECTORY), named)

    def matches(self, run: RunSummary) -> bool:
        """Whether a run may be meant."""
        return self.run in {None, run.id} and (
            self.pipeline is None or run.pipeline == str(self.pipeline)
        )


def normalize_path(file: Path) -> Path:
    """A path that is the same however its folders were spelled.

    A link that is the file itself stays: relative paths in a pipeline file begin where the link is.
    """
    return file.parent.resolve() / file.name


def find_state_directory(file: Path) -> Path:
    """The state directory of a pipeline file: beside the file itself, also if a link leads there.

    As short as possible where the command was started in the same folder.
    """
    folder = file.resolve().parent
    return Path(STATE_DIRECTORY) if folder == Path.cwd() else folder / STATE_DIRECTORY


def get_state_options(directory: Path) -> tuple[str, ...]:
    """The options by which another command, started here, finds the same state directory."""
    if directory.resolve() == Path(STATE_DIRECTORY).resolve():
        return ()
    return ("--state-dir", str(directory))


def refuse_older_state(file: Path, directory: Path) -> None:
    """Refuse to begin where an older version kept runs of a file in the working directory.

    Raises:
        UsageError: There are some that handed rows over or are not over.
    """
    older = Path(STATE_DIRECTORY)
    if not older.is_dir() or older.resolve() == directory.resolve():
        return
    from bulkflow.app.runs import open_journal_to_read
    from bulkflow.journal import list_runs

    names = {str(file.resolve()), str(file.absolute()), os.path.abspath(file)}  # noqa: PTH100 - without links resolved
    with open_journal_to_read(older) as journal:
        runs = [each for each in list_runs(journal, pruned=True) if each.pipeline in names]
        kept = next((run for run in runs if _matters(journal, run)), None)
    if kept is not None:
        raise UsageError(
            f"run {kept.id} of {file} is kept in {older.resolve()}, where an older version of "
            "bulkflow or --state-dir put it; a run that does not know of it may load rows twice",
            help=f"move that folder to {directory}, if there is none; or add "
            f"--state-dir {older} to this command and those that follow",
        )


def _matters(journal: Journal, run: RunSummary) -> bool:
    from bulkflow.engine.completion import HANDS_OVER

    handed_over = journal.query(
        "SELECT 1 FROM intent WHERE run = ? AND action = ? AND outcome IS NOT 'refused'"
        " UNION SELECT 1 FROM hand_over WHERE run = ? LIMIT 1",
        run.id,
        HANDS_OVER,
        run.id,
    )
    return bool(handed_over) or run.finished is None
