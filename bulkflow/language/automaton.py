"""Runs the table of the grammar: text to tokens, and tokens to a tree of the grammar's rules.

lark computes the table (`bulkflow.language.table`). Running it takes a page, and a start without
lark takes half the time. As in lark, a rule whose name begins with an underscore gives its children
to the rule above it, and a token whose name does so is left out of the tree.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from attrs import define, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

EVERYWHERE = frozenset({
    "WORD", "TEXT", "LONG_TEXT", "INTEGER", "DURATION", "SIZE", "PERCENT", "TRUE", "FALSE",
    "EQUALS", "_LPAR", "_RPAR",
    "UNCLOSED_LONG_TEXT", "UNCLOSED_TEXT", "UNKNOWN", "NEWLINE",
})  # fmt: skip
"""Terminals that are told apart in every state of the parser; together they cover every text."""

END = "$END"
"""What lark calls the end of the text."""


@define(eq=False, repr=False)
class Token:
    """A piece of the text, and the terminal that it is."""

    kind: str
    text: str
    start: int
    end: int


@define(eq=False, repr=False)
class Node:
    """A rule that was found, and what it consists of."""

    rule: str
    children: list[Token | Node]


Child: TypeAlias = Token | Node


@frozen
class Rule:
    """What a reduction does: takes so many values, and makes one."""

    origin: str
    size: int
    spliced: bool
    """Whether its children become those of the rule above."""
    single: bool
    """Whether an only child stands for itself (`?rule`)."""


@define(eq=False, repr=False)
class Table:
    """An LALR(1) table, and the terminals that its lexer tells apart."""

    start: int
    actions: Sequence[Mapping[str, int]]
    """For each state what a terminal does: a state to go to, or ~n to reduce by rule n."""
    gotos: Sequence[Mapping[str, int]]
    """For each state the one that follows when a rule was reduced in it."""
    rules: Sequence[Rule]
    patterns: Mapping[str, str]
    """Regular expressions without groups, in the order in which they are tried."""
    keywords: Mapping[str, Mapping[str, str]]
    """Texts that are a terminal of their own where that can stand, by the terminal they look as."""
    ignored: frozenset[str]
    _scanners: dict[frozenset[str], Scanner] = field(init=False, factory=dict)

    def scanner(self, wanted: AbstractSet[str]) -> Scanner:
        """What tells these terminals apart."""
        kinds = frozenset(wanted)
        if kinds not in self._scanners:
            names = [name for name in self.patterns if name in kinds]
            pattern = "|".join([f"({self.patterns[name]})" for name in names])
            self._scanners[kinds] = re.compile(pattern).match, ("", *names)
        return self._scanners[kinds]


Scanner: TypeAlias = "tuple[Callable[[str, int], re.Match[str] | None], Sequence[str]]"
"""Matches at a place; and the terminal of each group, the first being group 1."""


@define(eq=False, repr=False)
class Automaton:
    """A parser of one text. The lexer asks for the parser's state, so tokens are taken in turns."""

    table: Table
    text: str
    _states: list[int] = field(init=False)
    _values: list[Child | list[Child] | None] = field(init=False, factory=list)
    """What the states stand for: children to be spliced are a list, what is left out is None."""

    def __attrs_post_init__(self) -> None:
        self._states = [self.table.start]

    def tokens(self) -> Iterator[Token]:
        """The tokens of the text; each is found when it is asked for."""
        table, text, states = self.table, self.text, self._states
        # One expression for all terminals costs a start less than one for each set of them that can
        # stand somewhere; it is wrong only where it finds a terminal that cannot stand here.
        match, kinds = table.scanner(table.patterns.keys())
        at, end = 0, len(text)
        while at < end:
            found = match(text, at)
            assert found is not None, "the terminals cover every text"
            kind = kinds[found.lastindex or 0]
            if kind in table.ignored:
                at = found.end()
                continue
            here = table.actions[states[-1]]
            if kind not in EVERYWHERE and kind not in here:
                narrow, fewer = table.scanner(here.keys() | EVERYWHERE)
                found = narrow(text, at)
                assert found is not None, "the terminals cover every text"
                kind = fewer[found.lastindex or 0]
            start, at = at, found.end()
            written = found[0]
            if kind in table.keywords:
                keyword = table.keywords[kind].get(written)
                if keyword is not None and (keyword in here or keyword in EVERYWHERE):
                    kind = keyword
            yield Token(kind, written, start, at)

    def take(self, token: Token) -> bool:
        """Take a token; returns False, and leaves it, where it cannot stand."""
        states, actions, kind = self._states, self.table.actions, token.kind
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                return False
            if action >= 0:
                states.append(action)
                self._values.append(None if kind[0] == "_" else token)
                return True
            self._reduce(self.table.rules[~action])

    @property
    def expected(self) -> set[str]:
        """The terminals that can stand here."""
        return set(self.table.actions[self._states[-1]])

    def finish(self) -> Node:
        """The whole tree, where the text may end."""
        while (action := self.table.actions[self._states[-1]].get(END)) is not None:
            self._reduce(self.table.rules[~action])
        (root,) = self._values
        assert isinstance(root, Node)
        return root

    def _reduce(self, rule: Rule) -> None:
        states, values, size = self._states, self._values, rule.size
        children: list[Child] = []
        for value in values[len(values) - size :]:
            if isinstance(value, list):
                # A list grows from its left: the longer part is taken over and not copied.
                if children:
                    children += value
                else:
                    children = value
            elif value is not None:
                children.append(value)
        if size:
            del states[-size:], values[-size:]
        states.append(self.table.gotos[states[-1]][rule.origin])
        if rule.spliced:
            values.append(children)
        elif rule.single and len(children) == 1:
            values.append(children[0])
        else:
            values.append(Node(rule.origin, children))
