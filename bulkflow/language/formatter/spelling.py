"""Words, values and conditions as they are written: spelled as the author spelled them."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bulkflow.language import tree
from bulkflow.model.value import EnvironmentVariable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bulkflow.model.value import Value

INDENT = "    "
_QUOTES = '"""'


def spell(value: Value, margin: str) -> str:
    """A value, on a line with this margin: `1_000` stays as it is, as do quotes of both kinds."""
    if isinstance(value, EnvironmentVariable):
        return f"env {value.variable}"
    written = value.span.text
    return _moved(written, margin) if written.startswith(f"{_QUOTES}\n") else written


def spell_items(items: Iterable[Value], margin: str) -> str:
    """Words and values, one space apart."""
    return " ".join([spell(item, margin) for item in items])


def spell_condition(condition: tree.Condition, margin: str) -> str:
    """A condition, with no more parentheses than it needs."""
    match condition:
        case tree.Test():
            return spell_items(condition.items, margin)
        case tree.Not():
            return f"not {_operand(condition.operand, margin)}"
        case tree.And():
            return " and ".join([_operand(each, margin) for each in condition.operands])
        case tree.Or():
            return " or ".join(
                [
                    spell_condition(each, margin)
                    if isinstance(each, tree.And)
                    else _operand(each, margin)
                    for each in condition.operands
                ]
            )
        case _:
            assert_never(condition)


def _operand(condition: tree.Condition, margin: str) -> str:
    text = spell_condition(condition, margin)
    return f"({text})" if isinstance(condition, tree.And | tree.Or) else text


def _moved(written: str, margin: str) -> str:
    r"""A text of several lines, indented by one step more than the line that it begins on.

    Its own indentation is layout where it begins with a newline (`bulkflow.language.literal`), but
    only measured against a line that is not blank.
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
