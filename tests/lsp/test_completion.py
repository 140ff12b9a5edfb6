"""What is offered at the cursor, which the texts show as `|`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkflow import app
from bulkflow.lsp.completion import Completion, find_completions
from bulkflow.lsp.documents import Documents
from bulkflow.lsp.symbols import Symbols
from bulkflow.plugin.registry import Catalogue

DECLARED = """\
param region = "EMEA"
job accounts
    insert Account
    from "a.csv"
job contacts
    insert Contact
    from "b.csv"
"""
CATALOGUE = app.load_plugins({}).catalogue


def offers(
    text: str, folder: Path = Path("nowhere"), catalogue: Catalogue = CATALOGUE
) -> list[Completion]:
    offset = text.index("|")
    documents = Documents()
    path = folder / "a.bulkflow"
    documents.put(path, text.replace("|", "", 1))
    source = documents.read(path)
    symbols = Symbols(catalogue, documents.read).walk(source)
    return find_completions(source, offset, symbols, catalogue)


def labels(text: str, folder: Path = Path("nowhere")) -> list[str]:
    return [each.label for each in offers(text, folder)]


@pytest.mark.parametrize(
    ("text", "wanted", "unwanted"),
    [
        ("|", ["org", "job", "upload", "always"], ["insert", "then"]),
        ("upl|", ["upload"], []),
        ("when true\n    |", ["job", "upload"], ["org", "param", "insert"]),
        ("job a\n    |", ["insert", "from", "parts"], ["upload", "job", "org"]),
        ("job a\n    insert Account\n    |", ["from"], ["upload"]),
        ("job a\n    insert Account\n|", ["upload", "org"], ["from"]),
        ("job a\n    parts |", ["of"], ["from"]),
        ("job a\n    upsert Account |", ["by"], []),
        ("org |", ["sandbox", "env"], ["upload"]),
        ("org sandbox |", [], ["sandbox"]),
        ("org source = |", ["sandbox", "env"], ["region"]),
        ("org source = sandbox |", [], ["sandbox"]),
        ("org env\norg target = sandbox\njob a\n    in |", ["env", "target"], ["sandbox", "a"]),
        ("job |", [], ["upload", "org"]),
        ("for file |", ["in"], []),
        ("upload |", ["job accounts", "job contacts", "then", "on failure"], ["of"]),
        ("upload job |", ["accounts", "contacts"], ["job accounts", "then"]),
        (
            "upload job accounts |",
            ["then", "on failure", "on success", "on interrupt"],
            ["job accounts"],
        ),
        ("upload then |", ["close", "wait"], ["org", "then"]),
        ("upload\n    |", ["then", "on failure"], ["org", "upload"]),
        ("upload\n    then cl|", ["close"], []),
        ("upload on |", ["failure", "success", "interrupt"], []),
        ("upload on failure |", ["abort", "retry"], ["on failure"]),
        ("wait |", ["for", "up to", "every", "then"], []),
        ("wait for |", ["job accounts"], ["up to"]),
        ("wait up to 2h |", ["for", "every", "then"], ["up to"]),
        ("wait up |", ["to"], ["then"]),
        ("save |", ["results", "failed", "successful", "unprocessed", "all"], ["then"]),
        ("save failed |", ["rows"], ["then"]),
        ("save failed rows |", ["of", "to"], []),
        ("pause |", ["region"], ["then"]),
        ("when |", ["any", "over", "not", "region", "true"], ["upload"]),
        ("when region |", ["is", "and", "or"], []),
        ("when region is |", ["not", "region", "true"], []),
        ('when region is "x" |', ["and", "or"], ["is"]),
        ("when any failed rows |", ["of", "and"], []),
        ("when not (any |", ["failed", "all"], []),
        ("when true and |", ["any", "not"], []),
        ("let x = |", ["region", "env", "true"], ["upload"]),
        ("log region # |", [], ["upload", "region"]),
        ('log "in {|', ["region"], ["accounts"]),
        ('log "in {re|', ["region"], []),
        ('log "in {{|', [], ["region"]),
        ('log "in |', [], ["region", "upload"]),
        ('log """\n    in {|', ["region"], []),
    ],
)
def test_what_is_offered(text: str, wanted: list[str], unwanted: list[str]) -> None:
    found = labels(DECLARED + text)
    assert set(wanted) <= set(found)
    assert not set(unwanted) & set(found)


def test_a_label_is_offered_once() -> None:
    found = labels(DECLARED + "save |")
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('job a\n    from "|', ["export/", "list.csv"]),
        ('job a\n    from "li|', ["export/", "list.csv"]),
        ('job a\n    from "export/|', ["one.csv", "two.csv"]),
        ('load then save failed rows to "export/o|', ["one.csv", "two.csv"]),
        ('include "|', ["export/", "list.csv"]),
        ('for file in "|', ["export/", "list.csv"]),
        ('job a\n    from "nowhere/|', []),
        ('job a\n    from "\0/|', []),
        ('log "|', []),
    ],
)
def test_paths_are_offered_where_a_text_is_one(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    (tmp_path / "export").mkdir()
    for name in ("list.csv", "export/one.csv", "export/two.csv", ".hidden"):
        (tmp_path / name).write_text("Id\n", "utf-8")
    assert labels(text, tmp_path) == expected


def test_a_path_replaces_its_last_part(tmp_path: Path) -> None:
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "one.csv").write_text("Id\n", "utf-8")
    text = 'job a\n    from "export/o|"'
    (one,) = offers(text, tmp_path)
    assert text[: one.start] == 'job a\n    from "export/'


def test_what_is_offered_tells_what_it_is() -> None:
    (close,) = [each for each in offers(DECLARED + "clo|") if each.label == "close"]
    assert close.detail == "close [{job}]"
    assert "upload is complete" in close.doc
    (job,) = [each for each in offers(DECLARED + "load |") if each.label == "job contacts"]
    assert "insert Contact" in job.doc


@given(
    st.lists(
        st.sampled_from(
            ["job a", "\n", "    ", "upload", "then", "on failure", '"', '"""', "{", "}", "when",
             "and", "(", "for", "in", "org", "env", "#", "up to", "1%", "=", "\\", "é", "\t"]
        )
    ).map(" ".join),
    st.data(),
)  # fmt: skip
def test_no_text_is_too_broken_to_complete(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    for each in offers(f"{text[:at]}|{text[at:]}"):
        assert 0 <= each.start <= at
