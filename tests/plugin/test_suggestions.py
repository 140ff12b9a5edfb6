"""Near names."""

from __future__ import annotations

import pytest

from bulkflow.plugin.suggestions import find_nearest, format_suggestion


@pytest.mark.parametrize(
    ("name", "known", "wanted"),
    [
        ("uplaod", ["close", "upload"], "upload"),
        ("UPLOAD", ["upload"], "upload"),
        ("Upload", ["upload", "UPLOAD"], "upload"),
        ("xyz", ["upload"], None),
        ("", ["upload"], None),
        ("upload", [], None),
    ],
)
def test_the_name_that_is_most_alike_is_found(name, known, wanted) -> None:
    assert find_nearest(name, known) == wanted


def test_what_counts_of_a_name_may_be_said() -> None:
    assert find_nearest("a_b", ["ab"], plain=lambda each: each.replace("_", ""), like=1.0) == "ab"


def test_the_question_offers_a_name_that_is_there() -> None:
    assert (format_suggestion("upload"), format_suggestion(None)) == (
        "did you mean `upload`?",
        None,
    )
