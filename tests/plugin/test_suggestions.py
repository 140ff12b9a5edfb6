"""Near names."""

from __future__ import annotations

import pytest

from bulkflow.plugin.suggestions import ask_did_you_mean, find_nearest


@pytest.mark.parametrize(
    ("name", "known", "wanted"),
    [
        ("uplaod", ["close", "upload"], "upload"),
        ("UPLOAD", ["upload"], "upload"),
        ("Upload", ["upload", "UPLOAD"], "upload"),
        ("xyz", ["upload"], None),
        ("wiat", ["upload", "wait"], "wait"),
        ("dais", ["days"], "days"),
        ("eny", ["any"], "any"),
        ("lod", ["load"], "load"),
        ("ab", ["ac"], None),
        ("else", ["close"], None),
        ("try", ["retry"], None),
        ("email", ["fail"], None),
        ("", ["upload"], None),
        ("upload", [], None),
    ],
)
def test_the_name_that_is_most_alike_is_found(name, known, wanted) -> None:
    assert find_nearest(name, known) == wanted


def test_what_counts_of_a_name_may_be_said() -> None:
    assert (
        find_nearest("a_b", ["ab"], normalize=lambda each: each.replace("_", ""), cutoff=1.0)
        == "ab"
    )


def test_the_question_offers_a_name_that_is_there() -> None:
    assert (ask_did_you_mean("upload"), ask_did_you_mean(None)) == ("did you mean `upload`?", None)
