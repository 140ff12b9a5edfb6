"""The table of behaviours in the page, compared with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import bulkflow_sandbox
from bulkflow_sandbox.core.behavior import Choices, Provenance, Refusal, format_table, list_choices
from bulkflow_sandbox.faults.fault import Endpoint
from bulkflow_sandbox.faults.syntax import read_fault
from bulkflow_sandbox.jobs.speed_syntax import read_speed
from bulkflow_sandbox.schema.file import load_standard_schema, read_schema

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
CODE = "\n".join(
    path.read_text(encoding="utf-8")
    for path in Path(bulkflow_sandbox.__file__).parent.rglob("*.py")
    if path.parent.name != "behavior"
)


def test_the_page_lists_every_choice_as_the_code_has_it():
    rows = PAGE.partition("### Open")[2].partition("|---|---|---|\n")[2].rstrip("\n")
    assert rows == format_table(), (
        "put the result of core.behavior.format_table() into docs/sandbox.md"
    )


@pytest.mark.parametrize("choice", list_choices(), ids=[choice.name for choice in list_choices()])
def test_a_choice_is_read_somewhere_and_says_what_it_is_about(choice):
    assert re.search(rf"\b{choice.name}\b", CODE), "nothing depends on it"
    assert choice.about[0].isupper()
    assert not choice.about.endswith(".")
    assert choice.source in Provenance


def test_refusals_are_errors_of_clients():
    for choice in list_choices():
        value = getattr(Choices(), choice.name)
        if isinstance(value, Refusal):
            assert 400 <= value.status < 500
            assert re.fullmatch(r"[A-Z_]+", value.code)


def test_the_faults_and_speeds_on_the_page_are_understood():
    section = PAGE.partition("## Faults")[2].partition("## Schema files")[0]
    texts = [text for text in re.findall(r"`([^`\n]+)`", section) if "=" in text]
    shown = [text for text in texts if not re.search(r"ENDPOINT|TEXT|ROWS|\(", text)]
    assert len(shown) > 12
    for text in shown:
        read_fault(text)
    for endpoint in Endpoint:
        assert f"`{endpoint}`" in section
    for row in re.findall(r"^\| `([^`]+)` \| `[A-Z]\w+\(", PAGE, re.MULTILINE):
        read_speed(row)


def test_the_schema_on_the_page_is_read():
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    schema = read_schema(json.loads(example), load_standard_schema())
    assert schema.objects["Invoice__c"].fields["Number__c"].required
