"""Paths whose pieces come from elsewhere stay in the folder that the file's words name."""

from __future__ import annotations

import ntpath
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.model.safe_path import StrayPathError, build_file_name, build_path
from bulkflow.model.value import Interpolation, Outside, Text, resolve
from bulkflow.source import SourceText, Span

HERE = Span(SourceText("a.bulkflow", ""), 0, 0)
STRANGE = st.text("./\\C:a ", max_size=6).map(Outside)
WRITTEN = st.sampled_from(["", ".", "/", "-", ".csv", "/x/", "/."])


def text(*parts: str, given: bool = False) -> Text:
    return Text(parts, HERE, given=given)


@given(STRANGE, WRITTEN, STRANGE, WRITTEN)
def test_a_path_that_is_taken_stays_in_its_folder_on_every_platform(one, two, three, four) -> None:
    try:
        path = build_path(text("out/", one, two, three, four))
    except StrayPathError:
        return
    assert path == f"out/{one}{two}{three}{four}"
    for module, base in ((posixpath, "/base"), (ntpath, "C:\\base")):
        where = module.normpath(module.join(base, path))
        assert where.startswith(module.join(base, "out"))
        assert where == module.join(base, "out") or where[len(base) + 4] == module.sep


@given(STRANGE, STRANGE)
def test_a_path_that_begins_with_a_piece_stays_in_the_folder_of_the_file(one, two) -> None:
    try:
        path = build_path(text(one, two))
    except StrayPathError:
        return
    assert posixpath.normpath(posixpath.join("/base", path)).startswith("/base")
    assert ntpath.normpath(ntpath.join("C:\\base", path)).startswith("C:\\base")


@pytest.mark.parametrize("path", ["../up.csv", "/etc/x", "D:\\x", "a/../../b", ""])
def test_what_the_author_wrote_is_his_affair(path) -> None:
    assert build_path(text(path)) == path
    assert build_path(text(path + "/", Outside("EMEA"))) == f"{path}/EMEA" if path else True


@pytest.mark.parametrize("path", ["../up.csv", "/etc/x", "D:\\x"])
def test_a_path_that_is_given_as_a_whole_may_lead_anywhere(path) -> None:
    assert build_path(text(path, given=True)) == path
    inside = resolve(Text((Interpolation("p", HERE),), HERE), {"p": text(path, given=True)}, {})
    assert isinstance(inside, Text)
    with pytest.raises(StrayPathError, match=r"absolute|above"):
        build_path(inside)


@pytest.mark.parametrize("piece", ["a..b", "..csv", "x.", "v1.2", "EMEA/north", "C"])
def test_dots_in_names_are_no_harm(piece) -> None:
    assert build_path(text("out/", Outside(piece), ".csv")) == f"out/{piece}.csv"


@pytest.mark.parametrize(
    ("pattern", "name", "folder"),
    [
        (text("inbox/*.csv"), "inbox/a.csv", "inbox/"),
        (text("../in/[ab]/x-*.csv"), "../in/a/x-1.csv", "../in/"),
        (text("/data/**/*.csv"), "/data/x/y.csv", "/data/"),
        (text("*.csv"), "a.csv", ""),
        (text("one.csv"), "one.csv", ""),
        (text("../", Outside("EMEA/"), "*.csv"), "../EMEA/a.csv", "../"),
        (text("/data/*.csv", given=True), "/data/a.csv", ""),
    ],
)
def test_of_a_file_that_was_found_the_folder_is_the_pattern_s(pattern, name, folder) -> None:
    found = build_file_name(name, pattern)
    assert found.parts == (folder, name[len(folder) :])
    assert [isinstance(part, Outside) for part in found.parts] == [False, True]


def test_a_name_found_in_a_folder_above_may_be_saved_beside_it() -> None:
    found = build_file_name("../in/a.csv", text("../in/*.csv"))
    scope = {"file": found}
    path = resolve(Text((Interpolation("file", HERE), ".failed"), HERE), scope, {})
    assert isinstance(path, Text)
    assert build_path(path) == "../in/a.csv.failed"
