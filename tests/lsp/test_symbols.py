"""Names, and where they are used."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow import app
from bulkflow.errors import UsageError
from bulkflow.lsp.diagnosis import diagnose, pipelines
from bulkflow.lsp.documents import Documents
from bulkflow.lsp.positions import Positions
from bulkflow.lsp.renaming import places_to_rename
from bulkflow.lsp.symbols import Symbol, Symbols
from bulkflow.source import SourceText

CATALOGUE = app.plugins({}).catalogue
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
    assert places_to_rename(first, "g", symbols_of(text)) == first.places


def test_jobs_and_other_names_are_kept_apart() -> None:
    symbols = symbols_of("let a = 3\njob a\n    insert X\nload job a then log a\n")
    constant, job = symbols.all
    assert [each.column for each in job.references] == [10]
    assert [each.column for each in constant.references] == [21]
    with pytest.raises(UsageError):
        places_to_rename(constant, "a", symbols_of("let a = 3\nlet b = 4\n"))


def test_files_that_include_each_other_are_all_checked() -> None:
    documents = documents_of(one='include "two.bulkflow"\n', two='include "one.bulkflow"\n')
    assert [len(each.sources) for each in pipelines(documents, CATALOGUE)] == [2, 2]
    found = diagnose(documents, CATALOGUE, {})
    assert {path.stem: {each.code for each in all_of} for path, all_of in found.items()} == {
        "one": {"B122"},
        "two": {"B122"},
    }


def test_an_include_that_is_not_there_is_told_and_the_rest_is_known() -> None:
    documents = documents_of(main='include "none.bulkflow"\nlet x = 3\nlog x\n')
    (symbols,) = pipelines(documents, CATALOGUE)
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
    line, column = positions.of_offset(source, offset)
    assert positions.to_offset(source, line, column) == offset
    written = text.split("\n")[line]
    assert column <= len(written.encode(f"{encoding}-le" if encoding != "utf-8" else encoding))


@given(st.text("ab\n", max_size=9), st.integers(-3, 12), st.integers(0, 20))
def test_positions_outside_of_a_text_are_moved_into_it(text: str, line: int, column: int) -> None:
    assert 0 <= Positions().to_offset(SourceText("text", text), line, column) <= len(text)
