"""The parser's table, kept beside this module so that a start need not compute it.

Building the LALR(1) table takes longer than all the rest of a start, and importing lark as long as
half of it. `table.json` holds what lark computes, and a checksum of the grammar that it was made
from. Where the grammar was edited the checksum differs and the table is built anew: the file saves
time and decides nothing.
"""

from __future__ import annotations

import json
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar
from zlib import crc32

from bulkflow.language.automaton import Rule, Table

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

    from lark import Lark
    from lark.grammar import Rule as LarkRule
    from lark.lexer import TerminalDef

T = TypeVar("T", bound="Hashable")

FILE = Path(__file__).parent / "table.json"


class Kept(TypedDict):
    """What `table.json` holds; the fields of `Table`, in JSON's types."""

    grammar: int
    start: int
    actions: list[dict[str, int]]
    gotos: list[dict[str, int]]
    rules: list[tuple[str, int, bool, bool]]
    patterns: dict[str, str]
    keywords: dict[str, dict[str, str]]
    ignored: list[str]


def read_table(grammar: str) -> Table | None:
    """The table that was kept; None where none was kept for this grammar."""
    try:
        kept: Kept = json.loads(FILE.read_bytes())
        return table_from(kept) if kept["grammar"] == checksum(grammar) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def table_from(kept: Kept) -> Table:
    """The table that plain data stand for."""
    return Table(
        kept["start"],
        kept["actions"],
        kept["gotos"],
        [Rule(*each) for each in kept["rules"]],
        kept["patterns"],
        kept["keywords"],
        frozenset(kept["ignored"]),
    )


def kept_of(parser: Lark, grammar: str) -> Kept:
    """What `table.json` is to hold for a grammar, and the parser that lark built of it.

    lark numbers states and rules as it pleases. Here they have the numbers in which they are met
    from the start, so that one grammar makes one table.
    """
    computed = parser.parser.parser._parse_table
    (start,) = computed.start_states.values()
    states = {start: 0}
    rules: dict[LarkRule, int] = {}
    actions: list[dict[str, int]] = []
    gotos: list[dict[str, int]] = []
    for state in _met(states):
        moves: tuple[dict[str, int], dict[str, int]] = {}, {}
        for name, (action, target) in sorted(computed.states[state].items()):
            if action.name == "Shift":
                number = states.setdefault(target, len(states))
            else:
                number = ~rules.setdefault(target, len(rules))
            moves[not name.isupper()][name] = number
        actions.append(moves[0])
        gotos.append(moves[1])
    terminals = sorted(parser.terminals, key=_trial)
    keywords = {each.name: _keywords(each, terminals) for each in terminals}
    spelled = {name for words in keywords.values() for name in words.values()}
    return {
        "grammar": checksum(grammar),
        "start": 0,
        "actions": actions,
        "gotos": gotos,
        "rules": [_rule(each) for each in rules],
        "patterns": {
            each.name: each.pattern.to_regexp() for each in terminals if each.name not in spelled
        },
        "keywords": {name: words for name, words in keywords.items() if words},
        "ignored": sorted(parser.ignore_tokens),
    }


def checksum(grammar: str) -> int:
    """Tells an edited grammar; no seal, since whoever can edit it can edit the table too."""
    return crc32(grammar.encode())


def _met(states: dict[T, int]) -> Iterator[T]:
    """Every state in the order of its number, those that are added on the way too."""
    for number in count():
        if number == len(states):
            return
        yield list(states)[number]


def _rule(rule: LarkRule) -> tuple[str, int, bool, bool]:
    name = str(rule.origin.name)
    assert rule.alias is None, f"{rule} has an alias, which the automaton does not know"
    return name, len(rule.expansion), name.startswith("_"), bool(rule.options.expand1)


def _trial(terminal: TerminalDef) -> tuple[int, int, int, str]:
    """The order in which lark tries terminals."""
    pattern = terminal.pattern
    return -terminal.priority, -pattern.max_width, -len(pattern.value), terminal.name


def _keywords(terminal: TerminalDef, others: Iterable[TerminalDef]) -> dict[str, str]:
    """The terminals of a fixed text that another terminal takes as well, by their texts."""
    from lark.lexer import PatternRE, PatternStr

    if not isinstance(terminal.pattern, PatternRE):
        return {}
    pattern = re.compile(terminal.pattern.to_regexp())
    assert not pattern.groups, f"{terminal.name} has groups, which the automaton does not know"
    return {
        other.pattern.value: other.name
        for other in others
        if isinstance(other.pattern, PatternStr)
        and other.priority == terminal.priority
        and pattern.fullmatch(other.pattern.value)
    }
