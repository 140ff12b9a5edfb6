"""Spell words, values and conditions as their author did."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bulkflow.language.syntax import tree
from bulkflow.model.value import EnvironmentVariable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.model.value import Value

INDENT = "    "
_QUOTES = '"""'


def spell(value: Value, margin: str) -> str:
    """Return a value as its author wrote it, for a line with this margin."""
    if isinstance(value, EnvironmentVariable):
        return f"env {value.variable}"
    written = value.span.text
    return _indent(written, margin) if written.startswith(f"{_QUOTES}\n") else written


def spell_items(items: Iterable[Value], margin: str) -> str:
    """Return words and values with one space between them."""
    return " ".join([spell(item, margin) for item in items])


def spell_condition(condition: tree.ConditionNode, margin: str) -> str:
    """Return a condition with only the parentheses that it needs."""
    match condition:
        case tree.TestNode():
            return spell_items(condition.items, margin)
        case tree.NotNode():
            return f"not {_spell_operand(condition.operand, margin)}"
        case tree.AndNode():
            return " and ".join([_spell_operand(each, margin) for each in condition.operands])
        case tree.OrNode():
            return " or ".join(
                [
                    spell_condition(each, margin)
                    if isinstance(each, tree.AndNode)
                    else _spell_operand(each, margin)
                    for each in condition.operands
                ]
            )
        case _:
            assert_never(condition)


def _spell_operand(condition: tree.ConditionNode, margin: str) -> str:
    text = spell_condition(condition, margin)
    return f"({text})" if isinstance(condition, tree.AndNode | tree.OrNode) else text


def _indent(written: str, margin: str) -> str:
    r"""Indent a multi-line text by one level more than the line on which it starts.

    If such a text starts with a newline, its indentation is layout and not part of the text (see
    `bulkflow.language.syntax.literal`). Blank lines do not count for it.
    """
    lines = written[len(_QUOTES) + 1 : -len(_QUOTES)].split("\n")
    ends = "" if lines[-1].strip(" ") else f"\n{margin}{INDENT}"
    if ends:
        del lines[-1]
    widths = [len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")]
    if not widths:
        return written
    rest = [line[min(widths) :] for line in lines]
    moved = "\n".join([f"{margin}{INDENT}{line}" if line else "" for line in rest])
    return f"{_QUOTES}\n{moved}{ends}{_QUOTES}"
