"""Format a pipeline file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import Factory, define, field

from bulkflow.language.codes import Code
from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.formatter.line_breaks import WIDTH, LineWriter
from bulkflow.language.formatter.lines import iter_lines
from bulkflow.language.formatter.spelling import INDENT
from bulkflow.language.formatter.verify import verify
from bulkflow.language.syntax.parser import parse
from bulkflow.model.diagnostic import PipelineError
from bulkflow.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkflow.language.formatter.comments import Comment
    from bulkflow.language.formatter.lines import LogicalLine
    from bulkflow.language.syntax.tree import FileNode

__all__ = ["WIDTH", "format_source"]

_MARGIN = re.compile(r"(?m)^([ \t]+)(?=\S)")


def format_source(source: SourceText) -> str:
    """Format a text: four spaces of indentation, one space between words, at most one blank line.

    Every call verifies that the result has the same meaning and the same comments, and that
    formatting it again would change nothing.

    Raises:
        PipelineError: The text has mistakes.
        FormatterError: The verification failed, because of a bug in the formatter.
        GrammarMissingError: The grammar is missing or damaged.
    """
    parsed = parse(source)
    if [each.code for each in parsed.diagnostics] == [Code.TAB.value]:
        source = replace_tabs(source)
        parsed = parse(source)
    if parsed.diagnostics:
        raise PipelineError(parsed.diagnostics)
    written = write(source, parsed.tree)
    if written != source.text:
        # An unchanged text needs no verification.
        verify(source, parsed.tree, written, write)
    return written


def replace_tabs(source: SourceText) -> SourceText:
    """Replace the tabs of a source that is indented with tabs only.

    Tabs mixed with spaces are ambiguous and stay. Leaves a file with multi-line texts as it is:
    these may contain tabs of their own.
    """
    margins = {margin[1] for margin in _MARGIN.finditer(source.text)}
    if '"""' in source.text or any(" " in margin for margin in margins):
        return source
    text = _MARGIN.sub(lambda margin: INDENT * len(margin[1]), source.text)
    return SourceText(source.name, text, source.path)


def write(source: SourceText, tree: FileNode) -> str:
    """Write the tree of a source with its comments, without verification."""
    writer = _Writer(source, find_comments(source))
    for line in iter_lines(tree.body):
        writer.write_comments(writer.take_comments(line.start), line.depth)
        writer.write_line(line)
    writer.write_comments(writer.take_comments(len(source.text)), 0)
    return "".join([f"{text}\n" for text in writer.written])


@define(eq=False)
class _Writer:
    """Write lines and the comments between them, in source order."""

    source: SourceText
    comments: Sequence[Comment]
    written: list[str] = Factory(list)
    columns: list[int] = Factory(list)
    """The source column of each open block at the last written line."""
    _next: int = field(init=False, default=0)
    _last_line: int = field(init=False, default=0)
    """The source line at which the last written line or comment ends."""
    _depth: int = field(init=False, default=0)
    """The indentation depth of the last written line or comment."""

    def take_comments(self, end: int) -> list[Comment]:
        """Return the next comments before an offset, each once."""
        first = self._next
        while self._next < len(self.comments) and self.comments[self._next].start < end:
            self._next += 1
        return list(self.comments[first : self._next])

    def write_line(self, line: LogicalLine) -> None:
        """Write a logical line with the comments in it and after it."""
        comments = self.take_comments(line.end)
        at_end = self._next
        if at_end < len(self.comments) and not self.comments[at_end].alone:
            number, _ = self.source.line_column(line.end)
            if self.comments[at_end].line == number:
                comments.append(self.comments[at_end])
                self._next += 1
        first, column = self.source.line_column(line.start)
        last, _ = self.source.line_column(line.end)
        texts = LineWriter(self.source.text, line, comments).write()
        self._add(texts, line.depth, first, last)
        del self.columns[line.depth :]
        self.columns.append(column - 1)
        if line.opens:
            self.columns.append(column)

    def write_comments(self, comments: Iterable[Comment], depth: int) -> None:
        """Write the comments before a line at a depth.

        A comment belongs to the deepest open block that its indentation matches.
        """
        deepest = max(len(self.columns) - 1, depth)
        for comment in comments:
            while deepest > depth and comment.column < self.columns[deepest]:
                deepest -= 1
            self._add([INDENT * deepest + comment.tidy], deepest, comment.line, comment.line)

    def _add(self, texts: Iterable[str], depth: int, first: int, last: int) -> None:
        if self.written and first > self._last_line + 1 and depth <= self._depth:
            self.written.append("")
        self.written.extend(texts)
        self._last_line, self._depth = last, depth
