"""From a text to the same text in the one style."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import Factory, define, field

from bulkflow.language.codes import Code
from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.formatter.line_breaks import WIDTH, LineWriter
from bulkflow.language.formatter.lines import lines_of
from bulkflow.language.formatter.proof import prove
from bulkflow.language.formatter.spelling import INDENT
from bulkflow.language.parser import parse
from bulkflow.model.diagnostic import PipelineError
from bulkflow.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bulkflow.language.formatter.comments import Comment
    from bulkflow.language.formatter.lines import Line
    from bulkflow.language.tree import FileNode

__all__ = ["WIDTH", "format_source"]

_MARGIN = re.compile(r"(?m)^([ \t]+)(?=\S)")


def format_source(source: SourceText) -> str:
    """The text in the one style: four spaces, one space between words, at most one blank line.

    Every call proves that the result says the same, that a second call would change nothing, and
    that no comment is lost.

    Raises:
        PipelineError: the text has mistakes.
        FormatterError: the proof failed; the formatter is wrong.
        GrammarMissingError: the installation lacks its grammar.
    """
    parsed = parse(source)
    if [each.code for each in parsed.diagnostics] == [Code.TAB.value]:
        source = without_tabs(source)
        parsed = parse(source)
    if parsed.diagnostics:
        raise PipelineError(parsed.diagnostics)
    written = write(source, parsed.tree)
    if written != source.text:
        # What is written as it was is its own proof.
        prove(source, parsed.tree, written, write)
    return written


def without_tabs(source: SourceText) -> SourceText:
    """A source with its tabs replaced, if they alone indent it: then they can mean but one thing.

    Texts of several lines may hold tabs of their own, so where there is one all stays.
    """
    margins = {margin[1] for margin in _MARGIN.finditer(source.text)}
    if '"""' in source.text or any(" " in margin for margin in margins):
        return source
    text = _MARGIN.sub(lambda margin: INDENT * len(margin[1]), source.text)
    return SourceText(source.name, text, source.path)


def write(source: SourceText, tree: FileNode) -> str:
    """Write the tree of a source, with the source's comments; proves nothing."""
    writer = _Writer(source, find_comments(source))
    for line in lines_of(tree.body):
        writer.alone(writer.comments_before(line.start), line.depth)
        writer.line(line)
    writer.alone(writer.comments_before(len(source.text)), 0)
    return "".join([f"{text}\n" for text in writer.written])


@define(eq=False)
class _Writer:
    """Puts lines and the comments between them into the result, in source order."""

    source: SourceText
    comments: Sequence[Comment]
    written: list[str] = Factory(list)
    columns: list[int] = Factory(list)
    """The source column of each block that is open at the line that was written last."""
    _next: int = field(init=False, default=0)
    _last_line: int = field(init=False, default=0)
    """The source line that what was written last ends on."""
    _depth: int = field(init=False, default=0)
    """How deep the last thing that was written is indented."""

    def comments_before(self, end: int) -> list[Comment]:
        """Those that stand before an offset and were not taken yet."""
        first = self._next
        while self._next < len(self.comments) and self.comments[self._next].start < end:
            self._next += 1
        return list(self.comments[first : self._next])

    def line(self, line: Line) -> None:
        """Write a logical line with the comments in it, and with the one at its end."""
        comments = self.comments_before(line.end)
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

    def alone(self, comments: Iterable[Comment], depth: int) -> None:
        """Write comments that stand between two lines, the second of which is at a depth.

        A comment belongs to the deepest open block that it is indented for.
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
