"""Errors and warnings at a place in a pipeline file."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import field, frozen
from attrs.converters import optional

from bulkflow.errors import BulkflowError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.source import Span


MAX_DIAGNOSTICS = 1_000
"""The most errors, and the most warnings, that a check reports."""

_LONGEST = 1_000
"""Characters of a message. Quoted words may be as long as the whole file."""


def shorten(text: str) -> str:
    """Remove the middle of a text that is too long to read."""
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]} … ({len(text) - 2 * half:,} characters) … {text[-half:]}"


class Severity(Enum):
    """The severity of a diagnostic: a file with an error does not run."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Label:
    """A secondary place, with a text for it."""

    span: Span
    text: str = field(converter=shorten)


@frozen
class Diagnostic:
    """One mistake: a stable code, what is wrong, where, and what to write instead."""

    code: str
    message: str = field(converter=shorten)
    span: Span
    help: str | None = field(default=None, converter=optional(shorten))
    labels: tuple[Label, ...] = ()
    severity: Severity = field(default=Severity.ERROR, kw_only=True)
    note: str = field(default="", kw_only=True)
    """Text next to the underline."""


class PipelineError(BulkflowError):
    """The pipeline file has errors; holds all its diagnostics in source order."""

    exit_code = ExitCode.WRONG

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0]
        super().__init__(f"{first.span}: {first.message}", help=first.help)
