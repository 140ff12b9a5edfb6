"""From the text of a query to its tree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

from bulkflow_sandbox.core.errors import ApiError
from bulkflow_sandbox.soql.errors import MALFORMED_QUERY, TOO_COMPLICATED, refusal
from bulkflow_sandbox.soql.grammar import soql_parser
from bulkflow_sandbox.soql.tree import (
    AllOf,
    AnyOf,
    Call,
    Condition,
    Count,
    Item,
    Literal,
    LiteralKind,
    Membership,
    Negation,
    Operator,
    Ordering,
    Path,
    Query,
    Subquery,
    Test,
    TypeOf,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow_sandbox.core.behavior import Choices

_KINDS: Final = {
    "STRING": LiteralKind.STRING,
    "NUMBER": LiteralKind.NUMBER,
    "DATE": LiteralKind.DATE,
    "DATETIME": LiteralKind.DATETIME,
    "PERIOD": LiteralKind.PERIOD,
}
_NAMED: Final = {
    "true": LiteralKind.BOOLEAN,
    "false": LiteralKind.BOOLEAN,
    "null": LiteralKind.NULL,
}

_DEEPEST: Final = 100
"""Deepest nesting of conditions, so that no query is too deep for Python or the database."""

_MOST_DIGITS: Final = 18
"""Digits of a number of rows: the database counts with 64 bits."""

Node = Tree[Token]


def parse(text: str, choices: Choices) -> Query:
    """Reads a query.

    Raises:
        ApiError: `MALFORMED_QUERY`, with the place.
    """
    if not text.strip():
        raise ApiError(400, MALFORMED_QUERY, "A query string has to be specified")
    if len(text) > choices.query_length:
        raise ApiError(
            400,
            MALFORMED_QUERY,
            f"SOQL statements cannot be longer than {choices.query_length} characters.",
        )
    try:
        tree = soql_parser().parse(text)
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        found = "<EOF>" if ended else str(error.token)
        at = len(text) if ended else _at(error.token)
        raise refusal(choices, text, at, MALFORMED_QUERY, f"unexpected token: '{found}'") from error
    except UnexpectedEOF as error:
        raise refusal(
            choices, text, len(text), MALFORMED_QUERY, "unexpected token: '<EOF>'"
        ) from error
    except UnexpectedCharacters as error:
        where = error.pos_in_stream
        assert where is not None, "a text has places"
        raise refusal(
            choices, text, where, MALFORMED_QUERY, f"unexpected token: '{text[where]}'"
        ) from error
    return _Builder(text, choices).query(tree)


class _Builder:
    """Turns lark's tree into ours."""

    def __init__(self, text: str, choices: Choices) -> None:
        self._text = text
        self._choices = choices
        self._nested = False

    def query(self, tree: Node) -> Query:
        items: tuple[Item, ...] = ()
        name: Token | None = None
        where: Condition | None = None
        group: tuple[Path | Call, ...] = ()
        group_at: int | None = None
        having: Condition | None = None
        order: tuple[Ordering, ...] = ()
        counts: dict[str, Count] = {}
        for child in tree.children:
            if isinstance(child, Token):
                name = child
                continue
            match child.data:
                case "items":
                    items = tuple(self._item(one) for one in _trees(child))
                case "where":
                    where = self._condition(next(_trees(child)))
                case "group":
                    group_at = _at(next(_tokens(child)))
                    *subjects, last = _trees(child)
                    if last.data == "having":
                        having = self._condition(next(_trees(last)))
                    else:
                        subjects.append(last)
                    group = tuple(self._subject(one) for one in subjects)
                case "order":
                    order = tuple(self._ordering(one) for one in _trees(child))
                case kind:
                    word, number = _tokens(child)
                    counts[kind] = Count(self._number(number), _at(word))
        assert name is not None, "the grammar demands an object"
        return Query(
            text=self._text,
            items=items,
            object=str(name),
            object_at=_at(name),
            where=where,
            group=group,
            group_at=group_at,
            having=having,
            order=order,
            limit=counts.get("limit"),
            offset=counts.get("offset"),
        )

    def _number(self, token: Token) -> int:
        if len(token) > _MOST_DIGITS:
            raise refusal(
                self._choices,
                self._text,
                _at(token),
                MALFORMED_QUERY,
                f"a number of rows has at most {_MOST_DIGITS} digits",
            )
        return int(token)

    def _item(self, tree: Node) -> Item:
        match tree.data:
            case "typeof":
                return TypeOf(_at(next(_tokens(tree))))
            case "subquery":
                return Subquery(_at(next(_tokens(tree))))
            case _:
                return self._subject(tree)

    def _subject(self, tree: Node) -> Path | Call:
        if tree.data == "path":
            names = list(_tokens(tree))
            return Path(tuple(map(str, names)), _at(names[0]))
        name, *alias = _tokens(tree)
        argument = next((self._subject(one) for one in _trees(tree)), None)
        assert not isinstance(argument, Call), "the grammar has no calls within calls"
        return Call(name.upper(), argument, _at(name), str(alias[0]) if alias else None)

    def _ordering(self, tree: Node) -> Ordering:
        words = {token.type for token in _tokens(tree)}
        return Ordering(
            subject=self._subject(next(_trees(tree))),
            descending="DESC" in words,
            nulls_last="LAST" in words,
        )

    def _condition(self, tree: Node, depth: int = 0) -> Condition:
        if depth > _DEEPEST:
            raise ApiError(400, TOO_COMPLICATED, "The query's conditions are nested too deep")
        match tree.data:
            case "enclosed":
                return self._condition(next(_trees(tree)), depth + 1)
            case "negation":
                return Negation(self._condition(next(_trees(tree)), depth + 1))
            case "all_of":
                return AllOf(tuple(self._operand(one, depth + 1) for one in _trees(tree)))
            case "any_of":
                return AnyOf(tuple(self._operand(one, depth + 1) for one in _trees(tree)))
            case "test":
                operator, value = _tokens(tree)
                return Test(
                    subject=self._subject(next(_trees(tree))),
                    operator=_operator(operator),
                    value=self._literal(value),
                )
            case _:
                return self._membership(tree)

    def _operand(self, tree: Node, depth: int) -> Condition:
        if tree.data == "negation" and not self._choices.query_not_in_chain:
            word = next(_tokens(tree))
            raise refusal(
                self._choices, self._text, _at(word), MALFORMED_QUERY, f"unexpected token: '{word}'"
            )
        return self._condition(tree, depth)

    def _membership(self, tree: Node) -> Membership:
        subject, values = _trees(tree)
        words = list(_tokens(tree))
        return Membership(
            subject=self._subject(subject),
            operator=Operator(" ".join(word.type for word in words)),
            values=(
                self._inner(values)
                if values.data == "subquery"
                else tuple(self._literal(one) for one in _tokens(values))
            ),
            at=_at(words[0]),
        )

    def _inner(self, tree: Node) -> Query:
        """The query within an IN, which can have no further one within it."""
        if self._nested:
            raise refusal(
                self._choices,
                self._text,
                _at(next(_tokens(tree))),
                MALFORMED_QUERY,
                "Nesting of semi join sub-selects is not supported",
            )
        self._nested = True
        query = self.query(next(_trees(tree)))
        self._nested = False
        return query

    def _literal(self, token: Token) -> Literal:
        kind = _KINDS.get(token.type) or _NAMED.get(token.lower(), LiteralKind.PERIOD)
        return Literal(kind, str(token), _at(token))


def _operator(word: Token) -> Operator:
    return Operator.NOT_EQUAL if str(word) == "<>" else Operator(word.upper())


def _at(token: Token) -> int:
    assert token.start_pos is not None, "tokens of a text have places in it"
    return token.start_pos


def _tokens(tree: Node) -> Iterator[Token]:
    return (child for child in tree.children if isinstance(child, Token))


def _trees(tree: Node) -> Iterator[Node]:
    return (child for child in tree.children if isinstance(child, Tree))
