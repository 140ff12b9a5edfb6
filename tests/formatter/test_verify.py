"""The proof that follows every call, held against formatters that are wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bulkflow.language import parse
from bulkflow.language.formatter import (
    CommentLostError,
    FormatterError,
    TreeChangedError,
    UnstableError,
    format_source,
)
from bulkflow.language.formatter import format as formatting
from bulkflow.language.formatter.verify import verify
from bulkflow.language.syntax import tree
from bulkflow.source import SourceText

TEXT = "upload  # the rows\nclose\n"


def proved(result: str, write: Callable[[SourceText, tree.FileNode], str] | None = None) -> None:
    source = SourceText("file", TEXT)
    verify(source, parse(source).tree, result, write or (lambda _source, _tree: result))


def test_what_is_right_passes() -> None:
    proved(TEXT)


@pytest.mark.parametrize(
    ("result", "error"),
    [
        ("upload  # the rows\n", TreeChangedError),
        ("upload  # the rows\nclose close\n", TreeChangedError),
        ("upload  # the rows\n    then close\n", TreeChangedError),
        ('upload  # the rows\nclose "\n', TreeChangedError),
        ("upload\nclose\n", CommentLostError),
        ("upload  # the\nclose\n", CommentLostError),
        ("# the rows\nupload  # the rows\nclose\n", CommentLostError),
    ],
)
def test_what_is_wrong_does_not(result: str, error: type[FormatterError]) -> None:
    with pytest.raises(error) as caught:
        proved(result)
    assert "the file was not changed" in (caught.value.help or "")


def test_a_result_that_would_change_again_does_not() -> None:
    with pytest.raises(UnstableError):
        proved(TEXT, lambda source, _: source.text + "\n")


def test_a_comment_that_moved_or_was_spaced_is_not_lost() -> None:
    proved("#the rows\nupload\nclose\n")


def test_a_text_that_a_wrong_formatter_changed_is_not_handed_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formatting, "write", lambda *_: "upload\n")
    with pytest.raises(TreeChangedError):
        format_source(SourceText("file", TEXT))
