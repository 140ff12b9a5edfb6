"""Parse a value that is not part of a file, such as that of `--set`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bulkflow.language.syntax.parser import parse
from bulkflow.language.syntax.tree import LetNode
from bulkflow.model.value import EnvironmentVariable, Text
from bulkflow.source import SourceText

if TYPE_CHECKING:
    from bulkflow.model.value import Value


def parse_constant(text: str) -> Value | None:
    """Return the value of a text such as `30s`; None if it is not a number, a name or a truth."""
    if "\n" in text or "#" in text:
        return None
    parsed = parse(SourceText("--set", f"let value = {text}\n"))
    match parsed.tree.body:
        case (LetNode(value=value),) if not parsed.diagnostics:
            return None if isinstance(value, Text | EnvironmentVariable) else value
        case _:
            return None
