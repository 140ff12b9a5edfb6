"""Whole sessions of an editor with the server, over pipes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from bulkflow.source import MAX_LINES
from support.editor import Session

TEXT = """\
org sandbox

param region = "EMEA" "Which region"

job accounts
    upsert Account by External_Id__c
    from "export/{region}.csv"

upload then close job accounts
    on failure abort
when region is "EMEA"
    log "in {region}"
"""


def at(text: str, word: str, nth: int = 0) -> types.Position:
    """Inside the nth occurrence of a word."""
    offset = -1
    for _ in range(nth + 1):
        offset = text.index(word, offset + 1)
    line = text.count("\n", 0, offset)
    return types.Position(line, offset - (text.rfind("\n", 0, offset) + 1))


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """A text after edits, the last one first."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)

    def offset(position: types.Position) -> int:
        return min(len(text), starts[position.line] + position.character)

    for edit in sorted(edits, key=lambda each: offset(each.range.start), reverse=True):
        start, end = offset(edit.range.start), offset(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text


def where(session: Session, path: Path, text: str, position: types.Position) -> dict[str, object]:
    uri = session.open(path, text)
    return {"text_document": types.TextDocumentIdentifier(uri), "position": position}


def test_mistakes_are_told_as_the_text_changes(session: Session, tmp_path: Path) -> None:
    uri = session.open(tmp_path / "a.bulkflow", TEXT.replace("close job", "clsoe job"))
    (found,) = session.diagnostics(uri)
    assert (found.code, found.source) == ("B301", "bulkflow")
    assert found.severity is types.DiagnosticSeverity.Error
    assert "did you mean `close`?" in found.message
    assert found.range == types.Range(types.Position(8, 12), types.Position(8, 17))
    session.change(uri, TEXT)
    assert session.diagnostics(uri) == []


def test_a_mistake_leads_to_what_explains_it(session: Session, tmp_path: Path) -> None:
    uri = session.open(tmp_path / "a.bulkflow", TEXT + "upload job accounts\n")
    (found,) = session.diagnostics(uri)
    assert found.code == "B203"
    assert found.related_information
    assert found.related_information[0].location.range.start.line == 8


def test_params_without_a_value_are_no_mistake_in_an_editor(
    session: Session, tmp_path: Path
) -> None:
    text = TEXT.replace(' = "EMEA"', "").replace("EMEA", "x") + "log env NOT_SET_HERE\n"
    assert session.diagnostics(session.open(tmp_path / "a.bulkflow", text)) == []


def test_a_file_that_another_includes_is_checked_with_it(session: Session, tmp_path: Path) -> None:
    part = session.open(tmp_path / "part.bulkflow", "load job accounts\n")
    assert [each.code for each in session.diagnostics(part)] == ["B201"]
    main = session.open(
        tmp_path / "main.bulkflow",
        'org sandbox\njob accounts\n    insert Account\n    from "a.csv"\n'
        'include "part.bulkflow"\n',
    )
    assert (session.diagnostics(part), session.diagnostics(main)) == ([], [])
    session.change(part, "laod job accounts\n")
    assert [each.code for each in session.diagnostics(part)] == ["B301"]
    session.close(main)
    assert "B201" in [each.code for each in session.diagnostics(part)]


def test_a_closed_file_has_no_mistakes_any_more(session: Session, tmp_path: Path) -> None:
    other = session.open(tmp_path / "other.bulkflow", TEXT)
    uri = session.open(tmp_path / "a.bulkflow", "lgo 3\n")
    assert session.diagnostics(uri) != []
    session.close(uri)
    session.diagnostics(other)
    assert session.published[uri] == []


@pytest.mark.parametrize(
    ("word", "nth", "expected"),
    [
        ("close", 0, ["close [{job}]", "Close the job: its upload is complete", "from ingest"]),
        ("upsert", 0, ["upsert {object} by {field}"]),
        ("sandbox", 0, ["org `sandbox`"]),
        ("accounts", 0, ["job `accounts`", "upsert Account by External_Id__c"]),
        ("accounts", 1, ["job `accounts`"]),
        ("region}", 1, ["param `region`", '"Which region"']),
    ],
)
def test_hovering_tells_what_a_word_means(
    session: Session, tmp_path: Path, word: str, nth: int, expected: list[str]
) -> None:
    params = types.HoverParams(**where(session, tmp_path / "a.bulkflow", TEXT, at(TEXT, word, nth)))
    found = session.wait(session.client.text_document_hover_async(params))
    assert found is not None
    assert isinstance(found.contents, types.MarkupContent)
    for part in expected:
        assert part in found.contents.value


def test_hovering_over_nothing_tells_nothing(session: Session, tmp_path: Path) -> None:
    position = types.Position(1, 0)
    params = types.HoverParams(**where(session, tmp_path / "a.bulkflow", TEXT, position))
    assert session.wait(session.client.text_document_hover_async(params)) is None


def test_completion_replaces_what_is_being_written(session: Session, tmp_path: Path) -> None:
    text = TEXT + "upl"
    position = types.Position(text.count("\n"), 3)
    params = types.CompletionParams(**where(session, tmp_path / "a.bulkflow", text, position))
    items = session.wait(session.client.text_document_completion_async(params))
    assert isinstance(items, list)
    (upload,) = [each for each in items if each.label == "upload"]
    assert upload.kind == types.CompletionItemKind.Function
    assert upload.detail == "upload [{job}]"
    assert isinstance(upload.text_edit, types.TextEdit)
    assert applied(text, [upload.text_edit]) == TEXT + "upload"


@pytest.mark.parametrize(
    ("word", "nth", "target"),
    [("accounts", 1, ("accounts", 0)), ("region}", 1, ("region", 0)), ("region", 3, ("region", 0))],
)
def test_a_name_leads_to_its_declaration(
    session: Session, tmp_path: Path, word: str, nth: int, target: tuple[str, int]
) -> None:
    path = tmp_path / "a.bulkflow"
    params = types.DefinitionParams(**where(session, path, TEXT, at(TEXT, word, nth)))
    found = session.wait(session.client.text_document_definition_async(params))
    assert isinstance(found, types.Location)
    assert found.uri == path.as_uri()
    assert found.range.start == at(TEXT, *target)


def test_an_include_leads_to_its_file(session: Session, tmp_path: Path) -> None:
    (tmp_path / "part.bulkflow").write_text('log "x"\n', "utf-8")
    text = 'include "part.bulkflow"\n'
    params = types.DefinitionParams(
        **where(session, tmp_path / "a.bulkflow", text, at(text, "part"))
    )
    found = session.wait(session.client.text_document_definition_async(params))
    assert isinstance(found, types.Location)
    assert found.uri == (tmp_path / "part.bulkflow").as_uri()


@pytest.mark.parametrize(
    ("word", "old", "new"), [("accounts", "accounts", "customers"), ("region", "region", "area.1")]
)
def test_a_name_is_renamed_wherever_it_stands(
    session: Session, tmp_path: Path, word: str, old: str, new: str
) -> None:
    document = where(session, tmp_path / "a.bulkflow", TEXT, at(TEXT, word))
    prepared = session.wait(
        session.client.text_document_prepare_rename_async(types.PrepareRenameParams(**document))
    )
    assert isinstance(prepared, types.PrepareRenamePlaceholder)
    assert prepared.placeholder == old
    edit = session.wait(
        session.client.text_document_rename_async(types.RenameParams(**document, new_name=new))
    )
    assert edit is not None
    assert edit.changes is not None
    ((uri, edits),) = edit.changes.items()
    expected = TEXT.replace(old, new).replace(f"Which {new}", f"Which {old}")
    assert applied(TEXT, list(edits)) == expected
    session.change(uri, expected)
    assert session.diagnostics(uri) == []


def test_a_name_is_renamed_in_every_file_of_a_pipeline(session: Session, tmp_path: Path) -> None:
    (tmp_path / "part.bulkflow").write_text("load job accounts\n", "utf-8")
    text = 'job accounts\n    insert Account\n    from "a.csv"\ninclude "part.bulkflow"\n'
    document = where(session, tmp_path / "a.bulkflow", text, at(text, "accounts"))
    edit = session.wait(
        session.client.text_document_rename_async(types.RenameParams(**document, new_name="b"))
    )
    assert edit is not None
    assert edit.changes is not None
    assert set(edit.changes) == {
        (tmp_path / name).as_uri() for name in ("a.bulkflow", "part.bulkflow")
    }


@pytest.mark.parametrize("name", ["two words", "", "contacts", "true", "90MB", "-a"])
def test_a_name_that_cannot_be_is_refused(session: Session, tmp_path: Path, name: str) -> None:
    text = TEXT + "job contacts\n"
    document = where(session, tmp_path / "a.bulkflow", text, at(text, "accounts"))
    with pytest.raises(JsonRpcException, match="name"):
        session.wait(
            session.client.text_document_rename_async(types.RenameParams(**document, new_name=name))
        )


def formatted(session: Session, path: Path, text: str) -> list[types.TextEdit] | None:
    params = types.DocumentFormattingParams(
        types.TextDocumentIdentifier(session.open(path, text)), types.FormattingOptions(4, True)
    )
    edits = session.wait(session.client.text_document_formatting_async(params))
    return None if edits is None else list(edits)


def test_a_text_is_formatted(session: Session, tmp_path: Path) -> None:
    ugly = TEXT.replace("    ", "  ").replace("org ", "org    ")
    edits = formatted(session, tmp_path / "a.bulkflow", ugly)
    assert edits is not None
    assert applied(ugly, edits) == TEXT
    assert formatted(session, tmp_path / "b.bulkflow", TEXT) == []
    assert formatted(session, tmp_path / "c.bulkflow", TEXT + 'log "a\n') is None


def test_a_near_name_is_offered_as_a_repair(session: Session, tmp_path: Path) -> None:
    text = TEXT.replace("{region}.csv", "{regoin}.csv").replace("close", "clsoe")
    uri = session.open(tmp_path / "a.bulkflow", text)
    found = session.diagnostics(uri)
    everything = types.Range(types.Position(0, 0), types.Position(99, 0))
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(uri), everything, types.CodeActionContext(found)
    )
    actions = session.wait(session.client.text_document_code_action_async(params))
    edits = []
    for action in actions or []:
        assert isinstance(action, types.CodeAction)
        assert action.edit is not None
        assert action.edit.changes is not None
        edits += action.edit.changes[uri]
    assert applied(text, edits) == TEXT


def test_the_outline_lists_what_is_declared(session: Session, tmp_path: Path) -> None:
    uri = session.open(tmp_path / "a.bulkflow", TEXT)
    params = types.DocumentSymbolParams(types.TextDocumentIdentifier(uri))
    found = session.wait(session.client.text_document_document_symbol_async(params))
    assert found is not None
    assert [(each.name, each.range.start.line, each.range.end.line) for each in found] == [
        ("sandbox", 0, 0),
        ("region", 2, 2),
        ("accounts", 4, 6),
    ]


def test_characters_of_two_code_units_are_counted_as_the_editor_does(
    session: Session, tmp_path: Path
) -> None:
    text = 'log "\U0001f600\U0001f600" thn log "x"\n'
    (found,) = session.diagnostics(session.open(tmp_path / "a.bulkflow", text))
    assert found.range == types.Range(types.Position(0, 11), types.Position(0, 14))


def test_another_encoding_of_positions_is_spoken(
    event_loop_thread: asyncio.AbstractEventLoop, tmp_path: Path
) -> None:
    session = Session(event_loop_thread)
    result = session.start([types.PositionEncodingKind.Utf32])
    assert result.capabilities.position_encoding == types.PositionEncodingKind.Utf32
    text = 'log "\U0001f600\U0001f600" thn log "x"\n'
    (found,) = session.diagnostics(session.open(tmp_path / "a.bulkflow", text))
    assert found.range == types.Range(types.Position(0, 9), types.Position(0, 12))
    assert session.stop() == 0


def test_line_ends_of_windows_are_line_ends(session: Session, tmp_path: Path) -> None:
    text = TEXT.replace("close job", "clsoe job").replace("\n", "\r\n")
    (found,) = session.diagnostics(session.open(tmp_path / "a.bulkflow", text))
    assert found.range == types.Range(types.Position(8, 12), types.Position(8, 17))


def test_a_text_that_was_never_saved_is_checked(session: Session) -> None:
    uri = "untitled:Untitled-1"
    item = types.TextDocumentItem(uri, "bulkflow", 1, "lgo 3\n")
    session.call(session.client.text_document_did_open, types.DidOpenTextDocumentParams(item))
    session.opened.append(uri)
    assert [each.code for each in session.diagnostics(uri)] == ["B301"]


def test_a_text_that_is_too_large_is_left_alone(session: Session, tmp_path: Path) -> None:
    uri = session.open(tmp_path / "large.bulkflow", "frobnicate\n" * (MAX_LINES + 1))
    other = session.open(tmp_path / "a.bulkflow", "lgo 3\n")
    session.opened.reverse()  # the first is asked about, and the large one is not open for it
    assert [each.code for each in session.diagnostics(other)] == ["B301"]
    assert session.published[uri] == []


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="there is no device without an end")
def test_what_is_included_from_elsewhere_is_not_opened(session: Session, tmp_path: Path) -> None:
    (tmp_path / "zero.bulkflow").symlink_to("/dev/zero")
    uri = session.open(tmp_path / "a.bulkflow", 'include "zero.bulkflow"\nlog 1\n')
    (found,) = session.diagnostics(uri)
    assert found.code == "B121"
