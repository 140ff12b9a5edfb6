"""Print a syntax tree as canonical text: `parse(print_tree(tree))` gives the same tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bulkflow.language.syntax import tree
from bulkflow.language.syntax.literal import BYTES, MILLISECONDS
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
"""The maximum length of a chain with its handlers on one line."""

_INDENT = "    "
_ESCAPES = str.maketrans(
    {
        **{chr(code): f"\\x{code:02x}" for code in (*range(1, 32), 127)},
        "\\": r"\\",
        '"': r"\"",
        "\n": r"\n",
        "\t": r"\t",
        "{": "{{",
        "}": "}}",
    }
)
_SIZES = sorted(((factor, unit) for unit, factor in BYTES.items() if unit != "KB"), reverse=True)
_DURATIONS = sorted(((factor, unit) for unit, factor in MILLISECONDS.items()), reverse=True)


def print_tree(file: tree.FileNode) -> str:
    """Return the canonical text of a tree, without comments, which are not part of it."""
    return "".join(f"{line}\n" for line in _print_block(file.body, ""))


def print_value(value: Value) -> str:
    """Return a value as it is written in a file."""
    match value:
        case Name():
            return value.name
        case Text():
            return f'"{"".join(_print_part(part) for part in value.parts)}"'
        case Integer():
            return str(value.number)
        case Duration():
            return _print_quantity(round(value.seconds * 1000), _DURATIONS)
        case Size():
            return _print_quantity(value.bytes, _SIZES)
        case Percent():
            return f"{_print_number(value.percent)}%"
        case Boolean():
            return "true" if value.truth else "false"
        case EnvironmentVariable():
            return f"env {value.variable}"
        case _:
            assert_never(value)


def _print_part(part: str | Interpolation) -> str:
    return f"{{{part.name}}}" if isinstance(part, Interpolation) else part.translate(_ESCAPES)


def _print_number(number: float) -> str:
    """Return a number without an exponent and without trailing zeros."""
    from decimal import Decimal

    return f"{Decimal(repr(number)).normalize():f}"


def _print_quantity(amount: int, units: Sequence[tuple[int, str]]) -> str:
    """Return an amount in the largest unit that gives a whole number."""
    factor, unit = next((each for each in units if amount and amount % each[0] == 0), units[-1])
    return f"{amount // factor}{unit}"


def _print_block(statements: Iterable[tree.StatementNode], margin: str) -> Iterator[str]:
    for statement in statements:
        yield from _print_statement(statement, margin)


def _print_statement(statement: tree.StatementNode, margin: str) -> Iterator[str]:
    match statement:
        case tree.ChainNode():
            yield from _print_chain(statement, margin)
        case tree.ParallelNode() | tree.ForNode() | tree.WhenNode() | tree.AlwaysNode():
            yield margin + _print_opening(statement)
            yield from _print_block(statement.body, margin + _INDENT)
        case tree.JobNode():
            yield f"{margin}job {statement.name.name}"
            for clause in statement.clauses:
                yield margin + _INDENT + _print_items(clause.items)
        case _:
            yield margin + _print_declaration(statement)


def _print_opening(
    statement: tree.ParallelNode | tree.ForNode | tree.WhenNode | tree.AlwaysNode,
) -> str:
    match statement:
        case tree.ParallelNode():
            return "parallel"
        case tree.ForNode():
            return f"for {statement.variable.name} in {print_value(statement.pattern)}"
        case tree.WhenNode():
            return f"when {_print_condition(statement.condition)}"
        case tree.AlwaysNode():
            return "always"
        case _:
            assert_never(statement)


def _print_declaration(
    statement: tree.OrgNode | tree.ParamNode | tree.LetNode | tree.IncludeNode,
) -> str:
    match statement:
        case tree.OrgNode():
            alias = "" if statement.profile == statement.name else f"{statement.name.name} = "
            return f"org {alias}{statement.profile.name}"
        case tree.ParamNode():
            default = "" if statement.default is None else f" = {print_value(statement.default)}"
            text = "" if statement.help is None else f" {print_value(statement.help)}"
            return f"param {statement.name.name}{default}{text}"
        case tree.LetNode():
            return f"let {statement.name.name} = {print_value(statement.value)}"
        case tree.IncludeNode():
            return f"include {print_value(statement.path)}"
        case _:
            assert_never(statement)


def _print_chain(chain: tree.ChainNode, margin: str) -> Iterator[str]:
    line = margin + _print_steps(chain.steps)
    handlers = [f"on {each.event.value} {_print_steps(each.steps)}" for each in chain.handlers]
    whole = " ".join([line, *handlers])
    if len(whole) <= WIDTH:
        yield whole
        return
    yield line
    for handler in handlers:
        yield margin + _INDENT + handler


def _print_steps(steps: Iterable[tree.StepNode]) -> str:
    return " then ".join(_print_items(step.items) for step in steps)


def _print_items(items: Iterable[Value]) -> str:
    return " ".join(map(print_value, items))


def _print_condition(condition: tree.ConditionNode) -> str:
    match condition:
        case tree.TestNode():
            return _print_items(condition.items)
        case tree.NotNode():
            return f"not {_print_operand(condition.operand)}"
        case tree.AndNode():
            return " and ".join(map(_print_operand, condition.operands))
        case tree.OrNode():
            return " or ".join(
                _print_condition(each) if isinstance(each, tree.AndNode) else _print_operand(each)
                for each in condition.operands
            )
        case _:
            assert_never(condition)


def _print_operand(condition: tree.ConditionNode) -> str:
    text = _print_condition(condition)
    return f"({text})" if isinstance(condition, tree.AndNode | tree.OrNode) else text
