"""Names, and where they are used."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow import app
from bulkflow.errors import UsageError
from bulkflow.language import parse
from bulkflow.lsp.diagnostics import diagnose, find_pipelines
from bulkflow.lsp.documents import Documents
from bulkflow.lsp.hover import find_hover
from bulkflow.lsp.positions import Positions
from bulkflow.lsp.rename import rename_symbol
from bulkflow.lsp.symbols import Symbol, SymbolKind, Symbols
from bulkflow.source import SourceText

CATALOGUE = app.load_plugins({}).catalogue
FOLDER = Path("pipeline")


def documents_of(**texts: str) -> Documents:
    documents = Documents()
    for name, text in texts.items():
        documents.put(FOLDER / f"{name}.bulkflow", text)
    return documents


def symbols_of(text: str) -> Symbols:
    documents = documents_of(main=text)
    return Symbols(CATALOGUE, documents.read).walk(documents.all[0])


def used(symbol: Symbol) -> list[str]:
    """The lines on which a name is used."""
    return [each.source.line(each.line).strip() for each in symbol.references]


def test_a_word_of_a_phrase_is_no_use_of_a_name() -> None:
    (rows,) = symbols_of("param rows = 3\nrequire failed rows of job a under rows\n").all
    assert [each.column for each in rows.references] == [36]


def test_a_choice_is_no_use_of_a_name() -> None:
    (failed,) = symbols_of('param failed = 3\nsave failed rows to "{failed}"\n').all
    assert [each.column for each in failed.references] == [23]


def test_names_are_used_in_every_kind_of_line() -> None:
    text = """\
param n = 3
let copy = n
job a
    insert Account
    parts of n rows
pause n then log n on failure log n
when n is 3 and not (n is 4) or n
    log "{n} and {n}"
for file in "{n}.csv"
    log file
"""
    n, _copy, _a, file = symbols_of(text).all
    assert len(n.references) == 11
    assert used(file) == ["log file"]
    assert {each.text for each in n.references} == {"n"}


def test_blocks_side_by_side_have_names_of_their_own() -> None:
    text = 'for f in "*"\n    log f\nfor f in "*.csv"\n    log "{f}"\n'
    first, second = symbols_of(text).all
    assert (used(first), used(second)) == (["log f"], ['log "{f}"'])
    assert rename_symbol(first, "g", symbols_of(text)) == [(place, "g") for place in first.places]


def test_jobs_and_other_names_are_kept_apart() -> None:
    symbols = symbols_of("let a = 3\njob a\n    insert X\nload job a then log a\n")
    constant, job = symbols.all
    assert [each.column for each in job.references] == [10]
    assert [each.column for each in constant.references] == [21]
    with pytest.raises(UsageError):
        rename_symbol(constant, "a", symbols_of("let a = 3\nlet b = 4\n"))


def test_an_org_is_known_by_the_name_that_the_file_has_for_it() -> None:
    text = (
        "org source = sandbox\nlet source = 3\njob a\n    in source\nload job a then log source\n"
    )
    org, *_ = symbols_of(text).all
    assert (org.kind, used(org)) == (SymbolKind.ORG, ["in source"])
    edits = rename_symbol(org, "target", symbols_of(text))
    assert [(each.start, written) for each, written in edits] == [(4, "target"), (49, "target")]


def test_an_org_that_is_called_as_its_profile_keeps_that_when_it_is_renamed() -> None:
    symbols = symbols_of("org sandbox\norg env\njob env\n    in env\n")
    _, org, job = symbols.all
    edits = rename_symbol(org, "target", symbols)
    assert [(each.line, written) for each, written in edits] == [(2, "target = env"), (4, "target")]
    assert [(each.line, written) for each, written in rename_symbol(job, "x", symbols)] == [
        (3, "x")
    ]
    with pytest.raises(UsageError):
        rename_symbol(org, "sandbox", symbols)


def test_hovering_tells_what_an_org_stands_for() -> None:
    symbols = symbols_of("org source = sandbox\njob a\n    in source\n")
    (source,) = symbols.sources
    for offset, words in ((5, "org source = sandbox"), (14, "in this process"), (36, "= sandbox")):
        found = find_hover(source, offset, symbols, CATALOGUE)
        assert found is not None
        assert words in found.text


def test_files_that_include_each_other_are_all_checked() -> None:
    documents = documents_of(one='include "two.bulkflow"\n', two='include "one.bulkflow"\n')
    assert [len(each.sources) for each in find_pipelines(documents, CATALOGUE)] == [2, 2]
    found = diagnose(documents, CATALOGUE, {})
    assert {path.stem: {each.code for each in all_of} for path, all_of in found.items()} == {
        "one": {"B122"},
        "two": {"B122"},
    }


def test_an_include_that_is_not_there_is_told_and_the_rest_is_known() -> None:
    documents = documents_of(main='include "none.bulkflow"\nlet x = 3\nlog x\n')
    (symbols,) = find_pipelines(documents, CATALOGUE)
    assert [each.name for each in symbols.all] == ["x"]
    ((found,),) = diagnose(documents, CATALOGUE, {}).values()
    assert found.code == "B121"


@given(st.text("aé\U0001f600\n"), st.sampled_from(["utf-8", "utf-16", "utf-32"]), st.data())
def test_positions_lead_back_to_their_offsets(
    text: str, encoding: str, data: st.DataObject
) -> None:
    source = SourceText("text", text)
    positions = Positions(encoding)
    offset = data.draw(st.integers(0, len(text)))
    line, column = positions.to_position(source, offset)
    assert positions.to_offset(source, line, column) == offset
    written = text.split("\n")[line]
    assert column <= len(written.encode(f"{encoding}-le" if encoding != "utf-8" else encoding))


@given(st.text("ab\n", max_size=9), st.integers(-3, 12), st.integers(0, 20))
def test_positions_outside_of_a_text_are_moved_into_it(text: str, line: int, column: int) -> None:
    assert 0 <= Positions().to_offset(SourceText("text", text), line, column) <= len(text)


PIECES = [
    "param n = 3\n", "let m = n\n", "job a\n    insert n\n", "load job a then log n\n",
    "when n is m\n", "    log m\n", 'for f in "{n}"\n', '    log "{f} {n}"\n', "always\n",
    "upload", " then ", '"',
    "org sandbox\n", "org m = sandbox\n", "    in sandbox\n",
    "    in m\n", "on failure ", "{", "\t", "(", "job", "\n", "é", 'include "x"\n',
]  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)


@given(texts, st.data())
def test_no_text_is_too_broken_to_point_at(text: str, data: st.DataObject) -> None:
    symbols = symbols_of(text)
    source = symbols.sources[0]
    offset = data.draw(st.integers(0, len(source.text)))
    found = find_hover(source, offset, symbols, CATALOGUE)
    assert found is None or found.span.start <= offset <= found.span.end
    for symbol in symbols.all:
        assert {place.text for place in symbol.places} == {symbol.name}


@given(texts)
def test_renaming_changes_names_and_nothing_else(text: str) -> None:
    for symbol in symbols_of(text).all:
        written = text
        edits = rename_symbol(symbol, "q9", symbols_of(text))
        for place, new in sorted(edits, key=lambda each: each[0].start, reverse=True):
            written = f"{written[: place.start]}{new}{written[place.end :]}"
        before, after = parse(SourceText("a", text)), parse(SourceText("a", written))
        assert len(after.diagnostics) == len(before.diagnostics)
        again = [each for each in symbols_of(written).all if each.name == "q9"]
        assert len(symbol.places) in [len(each.places) for each in again]
