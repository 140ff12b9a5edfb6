"""Files that other files include: their statements, merged in place."""

from __future__ import annotations

import errno
import os.path
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.language.codes import Code
from bulkflow.language.parser import parse
from bulkflow.language.tree import IncludeNode
from bulkflow.model.diagnostic import Label
from bulkflow.source import LARGEST, MOST_LINES, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkflow.language.diagnostics import Findings
    from bulkflow.language.tree import StatementNode
    from bulkflow.source import SourceText, Span


@define(eq=False, repr=False)
class Includer:
    """Reads and parses a file and what it includes.

    An include stays within the folder of the main file, so that a pipeline can be moved and
    reviewed as a folder, and links do not lead out of it, since what is wrong with a file is shown
    with its lines. No file is merged twice, so that cycles end and the whole is no larger than its
    files; which have no more than `LARGEST` bytes and `MOST_LINES` lines together.
    """

    read: Callable[[Path], SourceText]
    findings: Findings
    _root: Path = field(init=False, factory=Path)
    _room: int = LARGEST
    """Characters that are left for files that were not read yet."""
    _lines: int = MOST_LINES
    """The same in lines."""
    _seen: dict[Path, Span | None] = field(init=False, factory=dict)
    """Every file so far, with the place that included it."""
    sources: list[SourceText] = field(init=False, factory=list)
    """The main file, and those that it includes."""
    includes: list[tuple[Span, Path]] = field(init=False, factory=list)
    """Where a file of the folder is included, and which; it may not be readable."""

    def statements(self, source: SourceText) -> tuple[StatementNode, ...]:
        """All statements of a main file."""
        path = _normal(source.path or Path(source.name))
        self._root = path.parent
        self._seen[path] = None
        return tuple(self._merged(source, path))

    def _merged(self, main: SourceText, path: Path) -> Iterator[StatementNode]:
        """Statements in order; a stack of its own, because includes may go deeper than Python."""
        stack = [(self._parse(main), path)]
        while stack and not self.findings.full:
            statements, here = stack[-1]
            statement = next(statements, None)
            if statement is None:
                stack.pop()
            elif isinstance(statement, IncludeNode):
                included = self._open(statement, here)
                if included is not None:
                    stack.append(included)
            else:
                yield statement

    def _parse(self, source: SourceText) -> Iterator[StatementNode]:
        self.sources.append(source)
        self._room -= len(source.text)
        self._lines -= source.text.count("\n")
        parsed = parse(source)
        self.findings.open(source, parsed.diagnostics, parsed.broken)
        return iter(parsed.tree.body)

    def _open(
        self, include: IncludeNode, here: Path
    ) -> tuple[Iterator[StatementNode], Path] | None:
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
        self.includes.append((span, path))
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
            _refuse_special(path)
            if not _resolved(path).is_relative_to(_resolved(self._root)):
                self.findings.error(
                    Code.INCLUDE_OUTSIDE,
                    f"{written} is a link that leads out of the pipeline's folder",
                    span,
                    "put the file itself into the folder of the main file, or below it",
                )
                return None
            source = self.read(path)
            if len(source.text) > self._room or source.text.count("\n") > self._lines:
                raise TooLargeError
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


def _refuse_special(path: Path) -> None:
    """Raise OSError for a device, a FIFO or the like: reading it may never end."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # what is read may be no file: an open text of an editor, a text of the journal
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "it is no plain file")


def _resolved(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _normal(path: Path) -> Path:
    return Path(os.path.normpath(path))
