"""Several problems with a job's source as one error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bulkflow.model.part import Manifest
    from bulkflow.plugin.records import Problem
    from bulkflow.source import Span


def find_clause(clauses: Sequence[Span], naming: str | None) -> Span | None:
    """Find the clause that contains a word, quoted or not; the first clause if none does."""
    if naming is not None:
        for clause in clauses:
            words = " ".join(clause.text.replace('"', " ").split())
            if f" {naming} ".lower() in f" {words} ".lower():
                return clause
    return clauses[0] if clauses else None


class ProblemsError(DataError):
    """A job's source does not fit the job's clauses.

    A plan points at the clauses; a run reports all problems in one message.

    Args:
        problems: At least one.
        place: The source.
        manifest: What the source holds, if it was read to its end nevertheless.
    """

    def __init__(
        self, problems: Sequence[Problem], place: str, manifest: Manifest | None = None
    ) -> None:
        first, *others = problems
        notes = [f"also: {each.message}" for each in others]
        super().__init__(first.message, place=place, help=first.help, notes=notes)
        self.problems = tuple(problems)
        self.manifest = manifest
