"""How often a retry step has sent rows, also across attempts at its run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulkflow_ingest.execution.job_runner import JobRunner
    from bulkflow_ingest.parts.part_job import PartJob

AGAIN: Final = "again"
"""The action of the intent that lasts from the start to the end of a retry step."""


@frozen
class RetryAttempts:
    """How often one retry step has sent rows.

    The journal has the start of the step before its first attempt, and each attempt as parts of its
    own. A step that has ended, successfully or not, no longer counts. A step whose run was killed
    continues to count when the run is resumed.

    Attributes:
        number: The number of its intent; 0 for none.
        used: The attempts that were made.
    """

    number: int
    used: int

    @classmethod
    def start(
        cls, runner: JobRunner, words: Mapping[str, object], begun: Sequence[PartJob]
    ) -> RetryAttempts:
        """Start a step, or continue an interrupted one with the same words.

        Args:
            runner: The job.
            words: The step's arguments.
            begun: Parts that an earlier attempt at the run has added and that have not finished;
                they count as an attempt of a new step.
        """
        parts = runner.parts.parts
        if not parts:
            return cls(0, 0)
        first = parts[0].number
        history = runner.context.journal.read_history(runner.job.key)
        intents = history.parts[0].intents if history is not None and history.parts else ()
        for each in [each for each in intents if each.action == AGAIN][-1:]:
            known = int(each.detail["known"])
            if each.outcome is None and each.detail == {**words, "known": known}:
                folders = {part.origin.parent for part in parts[known:] if part.origin is not None}
                return cls(each.number, len(folders))
        detail = {**words, "known": len(parts)}
        number = runner.context.journal.intend(runner.job.key, first, AGAIN, detail)
        return cls(number, 1 if begun else 0)

    def finish(self, runner: JobRunner) -> None:
        """Record that the step has ended, so that another one counts from 0."""
        if self.number:
            runner.context.journal.settle(self.number, "done", {})
