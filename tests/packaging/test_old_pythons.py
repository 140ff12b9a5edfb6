"""What the oldest Pythons that bulkflow runs on do not take, found in the text of the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NUMBERED = re.compile(r"\?[0-9]")
EXECUTE = {"execute", "executemany"}


def numbered_placeholders(source: str) -> Iterator[int]:
    """The lines of calls that hand a statement with `?1` to a database."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        if call.func.attr not in EXECUTE or not call.args:
            continue
        texts = [node for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)]
        if any(NUMBERED.search(str(text.value)) for text in texts):
            yield call.lineno


@pytest.mark.parametrize("folder", ["bulkflow", "plugins"])
def test_no_statement_has_numbered_placeholders(folder):
    # Python 3.12.0 to 3.12.1 takes `?1` for a named placeholder, and warns where a sequence fills
    # it; later ones take it.
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line in numbered_placeholders(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_numbered_placeholder_is_found_wherever_its_text_is_put_together():
    source = 'a.execute("x = ?")\nb.execute(\n    f"y {z} " + "= ?1", (1,))\nprint("\\x1b[?25h")\n'
    assert list(numbered_placeholders(source)) == [2]
