"""Parsing queries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from lark import Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

from bulkflow_soql.errors import SoqlError
from bulkflow_soql.grammar import get_parser
from bulkflow_soql.tree import (
    AllOf,
    AnyOf,
    Condition,
    Count,
    FieldPath,
    FieldTest,
    FunctionCall,
    Item,
    Literal,
    LiteralKind,
    Membership,
    Negation,
    Operator,
    Ordering,
    Query,
    Subquery,
    TypeOf,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

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

LONGEST: Final = 100_000
"""Maximum characters of a query (guide v66)."""

_DEEPEST: Final = 100
"""Maximum nesting of conditions, within the limits of Python and the database."""

_MOST_DIGITS: Final = 18
"""Maximum digits of a number of rows: the database counts with 64 bits."""

Node = Tree[Token]


def parse(text: str, *, longest: int = LONGEST, not_in_chain: bool = True) -> Query:
    """Parse a query.

    Args:
        text: The query.
        longest: The maximum length in characters.
        not_in_chain: Whether NOT is allowed after AND and OR without parentheses.

    Raises:
        SoqlError: The query is malformed, too long or too complicated.
    """
    if not text.strip():
        raise SoqlError("A query string has to be specified")
    if len(text) > longest:
        raise SoqlError(f"SOQL statements cannot be longer than {longest} characters.")
    try:
        tree = get_parser().parse(text)
    except UnexpectedToken as error:
        ended = error.token.type == "$END"
        found = "<EOF>" if ended else str(error.token)
        at = len(text) if ended else _get_offset(error.token)
        raise SoqlError(f"unexpected token: '{found}'", at) from error
    except UnexpectedEOF as error:
        raise SoqlError("unexpected token: '<EOF>'", len(text)) from error
    except UnexpectedCharacters as error:
        where = error.pos_in_stream
        assert where is not None, "lark sets the position"
        raise SoqlError(f"unexpected token: '{text[where]}'", where) from error
    return _Builder(text, not_in_chain).build_query(tree)


class _Builder:
    """Converts the tree of lark to a `Query`."""

    def __init__(self, text: str, not_in_chain: bool) -> None:
        self._text = text
        self._not_in_chain = not_in_chain
        self._nested = False

    def build_query(self, tree: Node) -> Query:
        items: tuple[Item, ...] = ()
        name: Token | None = None
        alias: str | None = None
        clauses: list[tuple[str, int]] = []
        where: Condition | None = None
        where_span: tuple[int, int] | None = None
        group: tuple[FieldPath | FunctionCall, ...] = ()
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
                    items = tuple(self._build_item(one) for one in _list_trees(child))
                case "where":
                    condition = next(_list_trees(child))
                    where = self._build_condition(condition)
                    where_span = condition.meta.start_pos, condition.meta.end_pos
                case "group":
                    group_at = _get_offset(next(_list_tokens(child)))
                    *subjects, last = _list_trees(child)
                    if last.data == "having":
                        having = self._build_condition(next(_list_trees(last)))
                    else:
                        subjects.append(last)
                    group = tuple(self._build_subject(one) for one in subjects)
                case "order":
                    order = tuple(self._build_ordering(one) for one in _list_trees(child))
                case "alias":
                    token = next(_list_tokens(child))
                    alias = str(token)
                    clauses.append(("an alias", _get_offset(token)))
                case "scope" | "mode" | "lock":
                    word, *names = _list_tokens(child)
                    name_of = "USING SCOPE" if child.data == "scope" else word.upper()
                    clauses.append((f"{name_of} {names[0]}", _get_offset(word)))
                case kind:
                    word, number = _list_tokens(child)
                    counts[kind] = Count(self._read_count(number), _get_offset(word))
        assert name is not None, "the grammar requires an object"
        return Query(
            text=self._text,
            items=items,
            object=str(name),
            object_at=_get_offset(name),
            alias=alias,
            clauses=tuple(clauses),
            where=where,
            where_span=where_span,
            group=group,
            group_at=group_at,
            having=having,
            order=order,
            limit=counts.get("limit"),
            offset=counts.get("offset"),
        )

    def _read_count(self, token: Token) -> int:
        if len(token) > _MOST_DIGITS:
            raise SoqlError(
                f"a number of rows has at most {_MOST_DIGITS} digits", _get_offset(token)
            )
        return int(token)

    def _build_item(self, tree: Node) -> Item:
        match tree.data:
            case "typeof":
                return TypeOf(_get_offset(next(_list_tokens(tree))), _get_first_name(tree))
            case "subquery":
                (query,) = _list_trees(tree)
                name = next(token for token in _list_tokens(query) if token.type == "NAME")
                return Subquery(_get_offset(next(_list_tokens(tree))), str(name))
            case _:
                return self._build_subject(tree)

    def _build_subject(self, tree: Node) -> FieldPath | FunctionCall:
        if tree.data == "path":
            names = list(_list_tokens(tree))
            return FieldPath(tuple(map(str, names)), _get_offset(names[0]))
        name, *alias = _list_tokens(tree)
        argument = self._find_argument(tree)
        return FunctionCall(
            name.upper(), argument, _get_offset(name), str(alias[0]) if alias else None
        )

    def _find_argument(self, call: Node) -> FieldPath | None:
        """Find the first field in the arguments of a call, which may be calls themselves."""
        for each in _list_trees(call):
            found = self._find_argument(each) if each.data == "call" else None
            if each.data == "path":
                subject = self._build_subject(each)
                assert isinstance(subject, FieldPath)
                return subject
            if found is not None:
                return found
        return None

    def _build_ordering(self, tree: Node) -> Ordering:
        words = {token.type for token in _list_tokens(tree)}
        return Ordering(
            subject=self._build_subject(next(_list_trees(tree))),
            descending="DESC" in words,
            nulls_last="LAST" in words,
        )

    def _build_condition(self, tree: Node, depth: int = 0) -> Condition:
        if depth > _DEEPEST:
            raise SoqlError("The query's conditions are nested too deep", too_complicated=True)
        match tree.data:
            case "enclosed":
                return self._build_condition(next(_list_trees(tree)), depth + 1)
            case "negation":
                return Negation(self._build_condition(next(_list_trees(tree)), depth + 1))
            case "all_of":
                return AllOf(
                    tuple(self._build_operand(one, depth + 1) for one in _list_trees(tree))
                )
            case "any_of":
                return AnyOf(
                    tuple(self._build_operand(one, depth + 1) for one in _list_trees(tree))
                )
            case "test":
                operator, value = _list_tokens(tree)
                return FieldTest(
                    subject=self._build_subject(next(_list_trees(tree))),
                    operator=_read_operator(operator),
                    value=self._build_literal(value),
                )
            case _:
                return self._build_membership(tree)

    def _build_operand(self, tree: Node, depth: int) -> Condition:
        if tree.data == "negation" and not self._not_in_chain:
            word = next(_list_tokens(tree))
            raise SoqlError(f"unexpected token: '{word}'", _get_offset(word))
        return self._build_condition(tree, depth)

    def _build_membership(self, tree: Node) -> Membership:
        subject, values = _list_trees(tree)
        words = list(_list_tokens(tree))
        return Membership(
            subject=self._build_subject(subject),
            operator=Operator(" ".join(word.type for word in words)),
            values=(
                self._build_subselect(values)
                if values.data == "subquery"
                else tuple(self._build_literal(one) for one in _list_tokens(values))
            ),
            at=_get_offset(words[0]),
        )

    def _build_subselect(self, tree: Node) -> Query:
        """Build the sub-select of an IN, which cannot contain another one."""
        if self._nested:
            raise SoqlError(
                "Nesting of semi join sub-selects is not supported",
                _get_offset(next(_list_tokens(tree))),
            )
        self._nested = True
        query = self.build_query(next(_list_trees(tree)))
        self._nested = False
        return query

    def _build_literal(self, token: Token) -> Literal:
        kind = _KINDS.get(token.type) or _NAMED.get(token.lower(), LiteralKind.PERIOD)
        return Literal(kind, str(token), _get_offset(token))


def _read_operator(word: Token) -> Operator:
    return Operator.NOT_EQUAL if str(word) == "<>" else Operator(word.upper())


def _get_first_name(tree: Node) -> str:
    """Return the path of the first path in a tree."""
    path = next(each for each in _list_trees(tree) if each.data == "path")
    return ".".join(map(str, _list_tokens(path)))


def _get_offset(token: Token) -> int:
    assert token.start_pos is not None, "lark sets the position"
    return token.start_pos


def _list_tokens(tree: Node) -> Iterator[Token]:
    return (child for child in tree.children if isinstance(child, Token))


def _list_trees(tree: Node) -> Iterator[Node]:
    return (child for child in tree.children if isinstance(child, Tree))
