"""Verify a formatted text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError
from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.syntax.parser import parse
from bulkflow.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.language.syntax.tree import FileNode

_HELP = "the file was not changed; this is a bug in bulkflow: please report it with the file"


class FormatterError(BulkflowError):
    """The formatted text is wrong. The file was not changed."""


class TreeChangedError(FormatterError):
    """The formatted text has another meaning than the file."""


class CommentLostError(FormatterError):
    """A comment of the file is missing or duplicated in the formatted text."""


class UnstableError(FormatterError):
    """Formatting the formatted text again would change it."""


def verify(
    source: SourceText, tree: FileNode, written: str, write: Callable[[SourceText, FileNode], str]
) -> None:
    """Compare a formatted text with its source.

    Args:
        source: The source.
        tree: Its syntax tree.
        written: The formatted text.
        write: The formatter, to format the text again.

    Raises:
        TreeChangedError: The text does not parse, or has another tree.
        CommentLostError: The text has other comments.
        UnstableError: Formatting the text again changes it.
    """
    again = SourceText(source.name, written)
    parsed = parse(again)
    if parsed.diagnostics:
        first = parsed.diagnostics[0]
        raise TreeChangedError(
            f"formatting {source.name} would break it",
            help=_HELP,
            notes=[f"line {first.span.line} of the result: {first.message}"],
        )
    if parsed.tree != tree:
        raise TreeChangedError(f"formatting {source.name} would change its meaning", help=_HELP)
    before = Counter(each.words for each in find_comments(source))
    after = Counter(each.words for each in find_comments(again))
    if before != after:
        raise CommentLostError(
            f"formatting {source.name} would change its comments",
            help=_HELP,
            notes=[f"#{words}" for words in (before - after) + (after - before)],
        )
    if write(again, parsed.tree) != written:
        raise UnstableError(f"formatting {source.name} twice would give another result", help=_HELP)
