"""Files that other files include: their statements, merged in place."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.language.codes import Code
from bulkflow.language.parser import parse
from bulkflow.language.tree import Include
from bulkflow.model.diagnostic import Label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkflow.language.findings import Findings
    from bulkflow.language.tree import Statement
    from bulkflow.source import SourceText, Span


@define(eq=False, repr=False)
class Includer:
    """Reads and parses a file and what it includes.

    An include stays within the folder of the main file, so that a pipeline can be moved and
    reviewed as a folder; and no file is merged twice, so that cycles end and the whole is no larger
    than its files.
    """

    read: Callable[[Path], SourceText]
    findings: Findings
    _root: Path = field(init=False, factory=Path)
    _seen: dict[Path, Span | None] = field(init=False, factory=dict)
    """Every file so far, with the place that included it."""
    sources: list[SourceText] = field(init=False, factory=list)
    """The main file, and those that it includes."""

    def statements(self, source: SourceText) -> tuple[Statement, ...]:
        """All statements of a main file."""
        path = _normal(source.path or Path(source.name))
        self._root = path.parent
        self._seen[path] = None
        return tuple(self._merged(source, path))

    def _merged(self, main: SourceText, path: Path) -> Iterator[Statement]:
        """Statements in order; a stack of its own, because includes may go deeper than Python."""
        stack = [(self._parse(main), path)]
        while stack:
            statements, here = stack[-1]
            statement = next(statements, None)
            if statement is None:
                stack.pop()
            elif isinstance(statement, Include):
                included = self._open(statement, here)
                if included is not None:
                    stack.append(included)
            else:
                yield statement

    def _parse(self, source: SourceText) -> Iterator[Statement]:
        self.sources.append(source)
        parsed = parse(source)
        self.findings.open(source, parsed.diagnostics, parsed.broken)
        return iter(parsed.tree.body)

    def _open(self, include: Include, here: Path) -> tuple[Iterator[Statement], Path] | None:
        span = include.path.span
        if not all(isinstance(part, str) for part in include.path.parts):
            self.findings.error(
                Code.INCLUDE_UNREADABLE,
                "the name of an included file cannot hold {names}",
                span,
                "write the name in full",
            )
            return None
        written = "".join(part for part in include.path.parts if isinstance(part, str))
        path = _normal(here.parent / written)
        if not _is_inside(path, self._root):
            self.findings.error(
                Code.INCLUDE_OUTSIDE,
                f"{written} is outside of the pipeline's folder",
                span,
                "move the file into the folder of the main file, or below it",
            )
            return None
        if path in self._seen:
            first = self._seen[path]
            self.findings.error(
                Code.INCLUDE_AGAIN,
                f"{written} is part of this pipeline already",
                span,
                "remove this line: what the file declares is known everywhere",
                labels=[] if first is None else [Label(first, "first included here")],
                note="this is the main file" if first is None else "",
            )
            return None
        self._seen[path] = span
        try:
            source = self.read(path)
        except (OSError, UnicodeDecodeError, ValueError) as error:
            self.findings.error(
                Code.INCLUDE_UNREADABLE,
                f"{written} cannot be read: {_reason(error)}",
                span,
                f"the name is relative to {here.name}, which includes it",
            )
            return None
        return self._parse(source), path


def _reason(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return f"it is not UTF-8 text (byte {error.start})"
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return str(error)


def _is_inside(path: Path, folder: Path) -> bool:
    """Whether a normal path leads into a folder; `../x` would be relative to `.` otherwise."""
    return path.is_relative_to(folder) and ".." not in path.relative_to(folder).parts


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path))
