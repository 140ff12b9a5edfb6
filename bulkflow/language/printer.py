"""From a syntax tree to the canonical text: `parse(print_tree(tree))` gives the same tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bulkflow.language import tree
from bulkflow.language.literal import BYTES, MILLISECONDS
from bulkflow.model.value import (
    Boolean,
    Duration,
    EnvironmentVariable,
    Integer,
    Interpolation,
    Name,
    Percent,
    Size,
    Text,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bulkflow.model.value import Value

WIDTH = 100
"""Chains that would be longer have their handlers on lines of their own."""

_INDENT = "    "
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\t": r"\t", "{": "{{", "}": "}}"})
_SIZES = sorted(((factor, unit) for unit, factor in BYTES.items() if unit != "KB"), reverse=True)
_DURATIONS = sorted(((factor, unit) for unit, factor in MILLISECONDS.items()), reverse=True)


def print_tree(file: tree.File) -> str:
    """The canonical text of a tree. Comments are no part of a tree, and so are not there."""
    return "".join(f"{line}\n" for line in _block(file.body, ""))


def print_value(value: Value) -> str:
    """A value as it is written in a file."""
    match value:
        case Name():
            return value.name
        case Text():
            return f'"{"".join(_part(part) for part in value.parts)}"'
        case Integer():
            return str(value.number)
        case Duration():
            return _quantity(round(value.seconds * 1000), _DURATIONS)
        case Size():
            return _quantity(value.bytes, _SIZES)
        case Percent():
            return f"{_plainly(value.percent)}%"
        case Boolean():
            return "true" if value.truth else "false"
        case EnvironmentVariable():
            return f"env {value.variable}"
        case _:
            assert_never(value)


def _part(part: str | Interpolation) -> str:
    return f"{{{part.name}}}" if isinstance(part, Interpolation) else part.translate(_ESCAPES)


def _plainly(number: float) -> str:
    """A number without an exponent and without zeros at its end."""
    from decimal import Decimal

    return f"{Decimal(repr(number)).normalize():f}"


def _quantity(amount: int, units: Sequence[tuple[int, str]]) -> str:
    """With the largest unit that leaves a whole number."""
    factor, unit = next((each for each in units if amount and amount % each[0] == 0), units[-1])
    return f"{amount // factor}{unit}"


def _block(statements: Iterable[tree.Statement], margin: str) -> Iterator[str]:
    for statement in statements:
        yield from _statement(statement, margin)


def _statement(statement: tree.Statement, margin: str) -> Iterator[str]:
    match statement:
        case tree.Chain():
            yield from _chain(statement, margin)
        case tree.Parallel() | tree.For() | tree.When() | tree.Always():
            yield margin + _opening(statement)
            yield from _block(statement.body, margin + _INDENT)
        case tree.Job():
            yield f"{margin}job {statement.name.name}"
            for clause in statement.clauses:
                yield margin + _INDENT + _items(clause.items)
        case _:
            yield margin + _declaration(statement)


def _opening(statement: tree.Parallel | tree.For | tree.When | tree.Always) -> str:
    match statement:
        case tree.Parallel():
            return "parallel"
        case tree.For():
            return f"for {statement.variable.name} in {print_value(statement.pattern)}"
        case tree.When():
            return f"when {_condition(statement.condition)}"
        case tree.Always():
            return "always"
        case _:
            assert_never(statement)


def _declaration(statement: tree.Org | tree.Param | tree.Let | tree.Include) -> str:
    match statement:
        case tree.Org():
            alias = "" if statement.profile == statement.name else f"{statement.name.name} = "
            return f"org {alias}{statement.profile.name}"
        case tree.Param():
            default = "" if statement.default is None else f" = {print_value(statement.default)}"
            text = "" if statement.help is None else f" {print_value(statement.help)}"
            return f"param {statement.name.name}{default}{text}"
        case tree.Let():
            return f"let {statement.name.name} = {print_value(statement.value)}"
        case tree.Include():
            return f"include {print_value(statement.path)}"
        case _:
            assert_never(statement)


def _chain(chain: tree.Chain, margin: str) -> Iterator[str]:
    line = margin + _steps(chain.steps)
    handlers = [f"on {each.event.value} {_steps(each.steps)}" for each in chain.handlers]
    whole = " ".join([line, *handlers])
    if len(whole) <= WIDTH:
        yield whole
        return
    yield line
    for handler in handlers:
        yield margin + _INDENT + handler


def _steps(steps: Iterable[tree.Step]) -> str:
    return " then ".join(_items(step.items) for step in steps)


def _items(items: Iterable[Value]) -> str:
    return " ".join(map(print_value, items))


def _condition(condition: tree.Condition) -> str:
    match condition:
        case tree.Test():
            return _items(condition.items)
        case tree.Not():
            return f"not {_operand(condition.operand)}"
        case tree.And():
            return " and ".join(map(_operand, condition.operands))
        case tree.Or():
            return " or ".join(
                _condition(each) if isinstance(each, tree.And) else _operand(each)
                for each in condition.operands
            )
        case _:
            assert_never(condition)


def _operand(condition: tree.Condition) -> str:
    text = _condition(condition)
    return f"({text})" if isinstance(condition, tree.And | tree.Or) else text
