"""Whether a formatted text is what it should be, asked every time."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bulkflow.errors import BulkflowError
from bulkflow.language.formatter.comments import find_comments
from bulkflow.language.parser import parse
from bulkflow.source import SourceText

if TYPE_CHECKING:
    from collections.abc import Callable

    from bulkflow.language.tree import FileNode

_HELP = "the file is as it was; this is a mistake of bulkflow: please report it with the file"


class FormatterError(BulkflowError):
    """The formatter made something of a file that it must not make; the file was not touched."""


class TreeChangedError(FormatterError):
    """The formatted text does not say what the file says."""


class CommentLostError(FormatterError):
    """A comment of the file is not in the formatted text, or is in it too often."""


class UnstableError(FormatterError):
    """Formatting the formatted text would change it again."""


def prove(
    source: SourceText, tree: FileNode, written: str, write: Callable[[SourceText, FileNode], str]
) -> None:
    """Hold a formatted text against the source that it was made of.

    Args:
        source: The source.
        tree: Its syntax tree.
        written: The formatted text.
        write: The formatter, which is used a second time.

    Raises:
        TreeChangedError: it does not parse, or not to the same tree.
        CommentLostError: it does not have the same comments.
        UnstableError: it is not formatted in the eyes of the formatter.
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
        raise TreeChangedError(f"formatting {source.name} would change what it says", help=_HELP)
    before = Counter(each.words for each in find_comments(source))
    after = Counter(each.words for each in find_comments(again))
    if before != after:
        raise CommentLostError(
            f"formatting {source.name} would change its comments",
            help=_HELP,
            notes=[f"#{words}" for words in (before - after) + (after - before)],
        )
    if write(again, parsed.tree) != written:
        raise UnstableError(f"formatting {source.name} twice would change it twice", help=_HELP)
