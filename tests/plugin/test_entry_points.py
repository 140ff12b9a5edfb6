"""Entry points are those that importlib.metadata finds, wherever they are not left to it."""

from __future__ import annotations

import json.decoder
import sys
import zipfile
from importlib.metadata import distributions, entry_points

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow.plugin.entry_points import Distribution, Entry, find_entry_points, in_folders

DECLARED = """
[console_scripts]
acme = acme.cli:main

# [bulkflow]
[bulkflow]
# plain = nothing
acme = acme.plugin
 other=acme.other : plugin.inner [extra, more]

[bulkflow.more]
not-this = acme.more
"""


def install(folder, name="acme", version="2.1", declared=DECLARED, suffix=".dist-info"):
    metadata = folder / f"{name}-{version}{suffix}"
    metadata.mkdir(parents=True)
    if declared is not None:
        (metadata / "entry_points.txt").write_text(declared, "utf-8")
    file = "METADATA" if suffix == ".dist-info" else "PKG-INFO"
    head = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    (metadata / file).write_text(f"{head}\nName: not this\n\nü\n", "utf-8")
    return folder


def told(entries):
    return sorted((each.name, each.value, each.dist.name, each.dist.version) for each in entries)


def by_the_library(path):
    """The group's entry points of the first distribution of each name."""
    seen: dict[str, object] = {}
    for each in distributions(path=path):
        seen.setdefault(each._normalized_name, each)
    return told(
        entry for each in seen.values() for entry in each.entry_points if entry.group == "bulkflow"
    )


def agree(*folders):
    path = [str(folder) for folder in folders]
    found = in_folders(path)
    assert found is not None
    assert told(found) == by_the_library(path)
    return told(found)


def test_this_environment() -> None:
    found = in_folders(sys.path)
    assert found is not None
    assert told(found) == told(entry_points(group="bulkflow")) != []


def test_what_is_declared_is_read(tmp_path) -> None:
    assert agree(install(tmp_path)) == [
        ("acme", "acme.plugin", "acme", "2.1"),
        ("other", "acme.other : plugin.inner [extra, more]", "acme", "2.1"),
    ]


def test_the_first_distribution_of_a_name_counts(tmp_path) -> None:
    first = install(tmp_path / "a", "Acme.Tools", "3", declared=None)
    second = install(tmp_path / "b", "acme_tools", "2")
    third = install(tmp_path / "b", "zeta", "1")
    assert len(agree(second, third, first)) == 4
    assert {name for *_, name, _ in agree(first, second, third)} == {"zeta"}


def test_older_kinds_of_metadata_are_read(tmp_path) -> None:
    assert len(agree(install(tmp_path, suffix=".egg-info"))) == 2


def test_places_that_are_not_there_hold_nothing(tmp_path) -> None:
    (tmp_path / "empty-1.dist-info").mkdir()
    (tmp_path / "file-1.egg-info").write_text("Name: file")
    assert agree(tmp_path, tmp_path / "not here") == []


@given(
    st.lists(
        st.sampled_from(
            ["[bulkflow]", "[other]", "[ bulkflow ]", "a = b", "a=b:c", "#x", "", " [bulkflow] "]
        )
    )
)
def test_any_declaration(tmp_path_factory, lines) -> None:
    agree(install(tmp_path_factory.mktemp("any"), declared="\n".join(lines)))


def test_an_archive_is_left_to_the_library(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "acme.zip", "w") as archive:
        archive.writestr("acme-1.dist-info/entry_points.txt", DECLARED)
    assert in_folders([str(tmp_path / "acme.zip")]) is None


def test_an_egg_and_a_distribution_without_a_name_are_left_to_the_library(tmp_path) -> None:
    assert in_folders([str(tmp_path / "acme-1.egg")]) is None
    install(tmp_path)
    (tmp_path / "acme-2.1.dist-info" / "METADATA").unlink()
    assert in_folders([str(tmp_path)]) is None


def test_a_finder_of_somebody_elses_is_asked(monkeypatch) -> None:
    class Finder:
        @staticmethod
        def find_spec(*_):
            return None

        @staticmethod
        def find_distributions(*_):
            asked.append(True)
            return ()

    asked: list[bool] = []
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, Finder])
    assert told(find_entry_points()) == told(entry_points(group="bulkflow"))
    assert len(asked) == 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("json.decoder", json.decoder),
        ("json : JSONDecoder.decode ", json.JSONDecoder.decode),
        ("json:decoder [extra]", json.decoder),
    ],
)
def test_an_entry_is_loaded(value, expected) -> None:
    assert Entry("x", value, Distribution("x", "1")).load() is expected
