"""What is wrong at a place in a pipeline file, in the one form that all rooms use."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from attrs import field, frozen
from attrs.converters import optional

from bulkflow.errors import BulkflowError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.source import Span


MOST_DIAGNOSTICS = 1_000
"""How many errors, and how many warnings, a check looks for: more help nobody."""

_LONGEST = 1_000
"""Characters of a message; words of the file that it quotes may be as long as the file."""


def shorten(text: str) -> str:
    """A text without its middle, where it is too long to be read."""
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[:half]} … ({len(text) - 2 * half:,} characters) … {text[-half:]}"


class Severity(Enum):
    """How much a diagnostic weighs: an error keeps the file from running."""

    ERROR = "error"
    WARNING = "warning"


@frozen
class Label:
    """A secondary place, with the words that stand beside it."""

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
    """Words beside the underline."""


class PipelineError(BulkflowError):
    """The pipeline file is wrong; holds every diagnostic of it, in source order."""

    exit_code = ExitCode.WRONG

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        first = self.diagnostics[0]
        super().__init__(f"{first.span}: {first.message}", help=first.help)
