"""Errors of SOQL."""

from __future__ import annotations

from bulkflow.errors import BulkflowError


class SoqlError(ValueError):
    """A text is not SOQL, or too complicated.

    Attributes:
        problem: What is wrong.
        at: The offset of the place; None for the whole text.
        too_complicated: Whether it may be SOQL, but is nested too deeply.
    """

    def __init__(
        self, problem: str, at: int | None = None, *, too_complicated: bool = False
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at
        self.too_complicated = too_complicated


class GrammarError(BulkflowError):
    """The grammar of SOQL is missing from the installation, or damaged."""
