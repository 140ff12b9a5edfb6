"""The saved parser: what is read, what is not, and that it never gets in the way."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from bulkflow.language import load_grammar, parse
from bulkflow.language.syntax import grammar as grammar_module
from bulkflow.language.syntax.grammar import build_parser, get_parser
from bulkflow.language.syntax.parser_cache import ParserCache, find_cache_folder
from bulkflow.source import SourceText

TEXT = 'org sandbox\njob a\n    insert Account\n    from "a.csv"\nload job a on failure abort\n'

posix = pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")


@pytest.fixture(scope="module")
def built():
    return build_parser(load_grammar())


@pytest.fixture
def cache(tmp_path: Path, built) -> ParserCache:
    saved = ParserCache(tmp_path / "cache" / "bulkflow", load_grammar())
    saved.save(built)
    return saved


@pytest.fixture
def fresh(monkeypatch):
    """Lets a test use a folder of its own for the parser of this process."""

    def use(folder: Path) -> None:
        monkeypatch.setattr(
            "bulkflow.language.syntax.parser_cache.find_cache_folder", lambda: folder
        )
        get_parser.cache_clear()

    yield use
    get_parser.cache_clear()


def test_a_saved_parser_is_loaded(cache: ParserCache, built) -> None:
    loaded = cache.load()
    assert loaded is not None
    assert loaded.rules == built.rules
    assert [each.name for each in loaded.terminals] == [each.name for each in built.terminals]


def test_a_loaded_parser_gives_the_same_trees(cache: ParserCache, fresh) -> None:
    fresh(cache.folder)
    loaded = parse(SourceText("x", TEXT))
    fresh(cache.folder / "empty")
    assert parse(SourceText("x", TEXT)) == loaded
    assert loaded.diagnostics == ()


@posix
def test_the_folder_and_the_file_are_the_users_alone(cache: ParserCache) -> None:
    assert stat.S_IMODE(cache.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(cache.path.stat().st_mode) == 0o600
    assert [each.name for each in cache.folder.iterdir()] == [cache.path.name]


def test_another_grammar_has_another_file(cache: ParserCache) -> None:
    other = ParserCache(cache.folder, load_grammar() + "// edited\n")
    assert other.path != cache.path
    assert other.load() is None


@pytest.mark.parametrize("size", [0, 10, 32, 33, 1000])
def test_a_cut_file_is_not_used(cache: ParserCache, size: int) -> None:
    cache.path.write_bytes(cache.path.read_bytes()[:size])
    assert cache.load() is None


def test_a_damaged_file_is_rebuilt_without_a_word(cache: ParserCache, fresh, capfd) -> None:
    data = bytearray(cache.path.read_bytes())
    data[len(data) // 2] ^= 1
    cache.path.write_bytes(data)
    fresh(cache.folder)
    assert parse(SourceText("x", TEXT)).diagnostics == ()
    assert capfd.readouterr() == ("", "")
    assert cache.load() is not None


@posix
def test_a_link_is_not_followed(cache: ParserCache, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    cache.path.rename(elsewhere)
    cache.path.symlink_to(elsewhere)
    assert cache.load() is None


@posix
def test_a_folder_that_is_a_link_is_not_used(cache: ParserCache, tmp_path: Path, built) -> None:
    link = tmp_path / "link"
    link.symlink_to(cache.folder)
    linked = ParserCache(link, load_grammar())
    assert linked.load() is None
    cache.path.unlink()
    linked.save(built)
    assert list(cache.folder.iterdir()) == []


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_used(cache: ParserCache, mode: int) -> None:
    cache.path.chmod(mode)
    assert cache.load() is None


@posix
@pytest.mark.parametrize("mode", [0o720, 0o702, 0o777])
def test_a_folder_that_others_may_write_is_not_used(cache: ParserCache, mode: int, built) -> None:
    cache.folder.chmod(mode)
    assert cache.load() is None
    cache.path.unlink()
    cache.save(built)
    assert list(cache.folder.iterdir()) == []


@posix
def test_what_another_user_owns_is_not_used(cache: ParserCache, monkeypatch) -> None:
    user = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: user + 1)
    assert cache.load() is None


@pytest.mark.parametrize("kind", ["file", "below a file"])
def test_a_folder_that_cannot_be_made_leaves_the_parser_in_memory(
    kind: str, tmp_path: Path, fresh
) -> None:
    (tmp_path / "file").write_text("x")
    fresh(tmp_path / "file" if kind == "file" else tmp_path / "file" / "bulkflow")
    assert parse(SourceText("x", TEXT)).diagnostics == ()


def test_an_edited_grammar_is_used_at_once(cache: ParserCache, monkeypatch, fresh) -> None:
    edited = load_grammar().replace('ALWAYS:   "always"', 'ALWAYS:   "finally"')
    monkeypatch.setattr(grammar_module, "load_grammar", lambda: edited)
    fresh(cache.folder)
    parsed = parse(SourceText("edited", "finally\n    log 1\n"))
    assert [type(each).__name__ for each in parsed.tree.body] == ["AlwaysNode"]


def test_the_folder_is_one_of_ours() -> None:
    assert find_cache_folder().name.lower() in ("bulkflow", "cache")
