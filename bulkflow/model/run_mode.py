"""What a command does with a run, and what follows from that."""

from __future__ import annotations

from enum import Enum


class RunMode(Enum):
    """What a command does with a run. The values are the names of the commands."""

    RUN = "run"
    """Runs the steps of the file, or resumes them."""
    ABORT = "abort"
    """Aborts the jobs of a past run, which is finished then."""
    RETRY = "retry"
    """Resends rows of a past run."""
    UNDO = "undo"
    """Deletes the records that a past run created."""
    SAVE = "save"
    """Saves rows of a past run with their outcomes."""

    @property
    def runs_file(self) -> bool:
        """Whether it runs the file's own steps, and not one step on the jobs of a past run.

        The file's steps are recorded, and recorded steps are not run again. A step on the jobs of a
        past run takes loops and conditions as the run decided them, and runs for every job, even if
        it fails for others.
        """
        return self is RunMode.RUN

    @property
    def needs_judged_rows(self) -> bool:
        """Whether it ends with 3 if no step or condition has judged rows that are not loaded."""
        return self in {RunMode.RUN, RunMode.RETRY}

    @property
    def ends_run(self) -> bool:
        """Whether its result decides if the run is finished."""
        return self in {RunMode.RUN, RunMode.ABORT}

    @property
    def takes_last_job_first(self) -> bool:
        """Whether it starts with the last job: records may depend on those of earlier jobs."""
        return self is RunMode.UNDO

    @property
    def continued_by(self) -> str:
        """The command that continues what it leaves undone."""
        return "resume" if self is RunMode.RUN else self.value
