"""Merge the statements of included files into those of the main file."""

from __future__ import annotations

import errno
import os.path
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import define, field

from bulkflow.language.codes import Code
from bulkflow.language.syntax.parser import parse
from bulkflow.language.syntax.tree import IncludeNode
from bulkflow.model.diagnostic import Label
from bulkflow.source import LARGEST, MAX_LINES, TooLargeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bulkflow.language.diagnostics import Findings
    from bulkflow.language.syntax.tree import StatementNode
    from bulkflow.source import SourceText, Span


@define(eq=False, repr=False)
class Includer:
    """Read and parse a file and everything it includes.

    Included files are in the folder of the main file or below it, so that a pipeline can be moved
    and reviewed as a folder. Links out of the folder are refused, because error messages show lines
    of the file. No file is merged twice, so cycles end. All files together have at most `LARGEST`
    bytes and `MAX_LINES` lines.
    """

    read: Callable[[Path], SourceText]
    findings: Findings
    _root: Path = field(init=False, factory=Path)
    _room: int = LARGEST
    """How many more characters may be read."""
    _lines: int = MAX_LINES
    """How many more lines may be read."""
    _seen: dict[Path, Span | None] = field(init=False, factory=dict)
    """Every file so far, and the place that includes it."""
    sources: list[SourceText] = field(init=False, factory=list)
    """The main file and the included files."""
    includes: list[tuple[Span, Path]] = field(init=False, factory=list)
    """Each include of a file in the folder, with the path. The file may be unreadable."""

    def parse_all(self, source: SourceText) -> tuple[StatementNode, ...]:
        """Return all statements of a main file and of its includes."""
        path = _normalize(source.path or Path(source.name))
        self._root = path.parent
        self._seen[path] = None
        return tuple(self._merge(source, path))

    def _merge(self, main: SourceText, path: Path) -> Iterator[StatementNode]:
        """Yield statements in order. Uses a stack, because includes may be nested deeply."""
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
        self.findings.add_source(source, parsed.diagnostics, parsed.broken)
        return iter(parsed.tree.body)

    def _open(
        self, include: IncludeNode, here: Path
    ) -> tuple[Iterator[StatementNode], Path] | None:
        span = include.path.span
        if not all(isinstance(part, str) for part in include.path.parts):
            self.findings.error(
                Code.INCLUDE_UNREADABLE,
                "the name of an included file cannot contain {names}",
                span,
                "write the full name",
            )
            return None
        written = "".join(part for part in include.path.parts if isinstance(part, str))
        path = _normalize(here.parent / written)
        if not _is_inside(path, self._root):
            self.findings.error(
                Code.INCLUDE_OUTSIDE,
                f"{written} is outside the pipeline's folder",
                span,
                "move the file into the folder of the main file, or below it",
            )
            return None
        self.includes.append((span, path))
        if path in self._seen:
            first = self._seen[path]
            self.findings.error(
                Code.INCLUDE_AGAIN,
                f"{written} is already part of this pipeline",
                span,
                "remove this line; the file's declarations are visible everywhere",
                labels=[] if first is None else [Label(first, "first included here")],
                note="this is the main file" if first is None else "",
            )
            return None
        self._seen[path] = span
        try:
            _refuse_special(path)
            if not _resolve(path).is_relative_to(_resolve(self._root)):
                self.findings.error(
                    Code.INCLUDE_OUTSIDE,
                    f"{written} is a link to a file outside the pipeline's folder",
                    span,
                    "copy the file into the folder of the main file, or below it",
                )
                return None
            source = self.read(path)
            if len(source.text) > self._room or source.text.count("\n") > self._lines:
                raise TooLargeError
        except (OSError, UnicodeDecodeError, ValueError) as error:
            self.findings.error(
                Code.INCLUDE_UNREADABLE,
                f"{written} cannot be read: {_describe(error)}",
                span,
                f"the path is relative to {here.name}",
            )
            return None
        return self._parse(source), path


def _describe(error: Exception) -> str:
    match error:
        case UnicodeDecodeError():
            return f"it is not UTF-8 text (byte {error.start})"
        case OSError():
            return error.strerror or type(error).__name__
        case _:
            return str(error)


def _is_inside(path: Path, folder: Path) -> bool:
    """Return whether a normalized path is in a folder. `../x` is not in `.`."""
    return path.is_relative_to(folder) and ".." not in path.relative_to(folder).parts


def _refuse_special(path: Path) -> None:
    """Raise OSError for a device or a FIFO, because reading it may never end."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # the text may come from an editor or the journal
    if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise OSError(errno.EINVAL, "not a regular file")


def _resolve(path: Path) -> Path:
    return Path(os.path.realpath(path))


def _normalize(path: Path) -> Path:
    return Path(os.path.normpath(path))
