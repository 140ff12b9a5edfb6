"""Where runs are kept, and how a command finds them.

Runs are kept in a folder next to the pipeline file, wherever the command is started and however the
path is written, so the same file always finds the same record of what it sent.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import UsageError
from bulkflow.path_checks import is_file, is_folder, resolved

if TYPE_CHECKING:
    from bulkflow.journal import Journal
    from bulkflow.model.history import RunSummary

STATE_DIRECTORY: Final = ".bulkflow"
"""The state folder of all pipeline files in the same folder."""

PIPELINE_SUFFIX: Final = ".bulkflow"


@frozen
class RunSelection:
    """The runs that a command is about.

    Attributes:
        directory: The state directory.
        run: The run's id, if given.
        pipeline: The resolved pipeline file, if given instead of a run.
    """

    directory: Path
    run: str | None = None
    pipeline: Path | None = None

    @classmethod
    def of(cls, named: str | None, directory: Path | None) -> RunSelection:
        """Find out which runs a command is about.

        Args:
            named: A run's id, or the path of a pipeline file to take the last run of.
            directory: The state directory; None for the default.
        """
        if named is not None and (named.endswith(PIPELINE_SUFFIX) or is_file(Path(named))):
            file = Path(named)
            return cls(directory or find_state_directory(file), pipeline=resolved(file))
        return cls(directory or Path(STATE_DIRECTORY), named)

    def matches(self, run: RunSummary) -> bool:
        """Whether the selection includes a run."""
        return self.run in {None, run.id} and (
            self.pipeline is None or run.pipeline == str(self.pipeline)
        )


def normalize_path(file: Path) -> Path:
    """Resolve the folders of a path, so the same file always has the same path.

    A link to the file itself stays, because relative paths in a pipeline file start at the link.
    """
    return resolved(file.parent) / file.name


def find_state_directory(file: Path) -> Path:
    """Find the state directory of a pipeline file: next to the file that a link leads to.

    Returns a relative path if the command was started in that folder.
    """
    folder = resolved(file).parent
    return Path(STATE_DIRECTORY) if folder == Path.cwd() else folder / STATE_DIRECTORY


def get_state_options(directory: Path) -> tuple[str, ...]:
    """Get the options by which another command, started here, finds the same state directory."""
    if resolved(directory) == resolved(Path(STATE_DIRECTORY)):
        return ()
    return ("--state-dir", str(directory))


def refuse_older_state(file: Path, directory: Path) -> None:
    """Refuse to start if an older version kept runs of the file in the working directory.

    Raises:
        UsageError: Some of those runs handed rows over or are unfinished.
    """
    older = Path(STATE_DIRECTORY)
    if not is_folder(older) or resolved(older) == resolved(directory):
        return
    from bulkflow.app.run_lookup import open_journal_to_read
    from bulkflow.journal import list_runs

    names = {str(resolved(file)), str(file.absolute()), os.path.abspath(file)}  # noqa: PTH100 - without links resolved
    with open_journal_to_read(older) as journal:
        runs = [each for each in list_runs(journal, pruned=True) if each.pipeline in names]
        kept = next((run for run in runs if _matters(journal, run)), None)
    if kept is not None:
        raise UsageError(
            f"run {kept.id} of {file} is recorded in {resolved(older)}, by an older bulkflow or "
            "with --state-dir; a run that ignores it may load rows twice",
            help=f"move that folder to {directory}, if there is none; or add "
            f"--state-dir {older} to this command and later ones",
        )


def _matters(journal: Journal, run: RunSummary) -> bool:
    from bulkflow.model.history import IntentKind

    handed_over = journal.query(
        "SELECT 1 FROM intent WHERE run = ? AND kind = ? AND outcome IS NOT 'refused'"
        " UNION SELECT 1 FROM hand_over WHERE run = ? LIMIT 1",
        run.id,
        IntentKind.HANDS_OVER.value,
        run.id,
    )
    return bool(handed_over) or run.finished is None
