"""The values of the language, as written in a file.

A value keeps its span, so errors can point at it. `resolve` replaces names and interpolations with
their values in a scope; a slot's type (`bulkflow.plugin.ValueType`) converts the result.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bulkflow.source import Span


@frozen
class Interpolation:
    """`{name}` inside a text."""

    name: str
    span: Span = field(eq=False, repr=False)


class Outside(str):
    """A piece of text from outside of any pipeline file: `--set`, a variable, a file's name."""

    __slots__ = ()


@frozen
class Text:
    """A quoted text of one or more lines: plain text and interpolations, in any order.

    Attributes:
        given: Whether the whole text comes from outside of the file.
    """

    parts: tuple[str | Interpolation, ...]
    span: Span = field(eq=False, repr=False)
    given: bool = field(default=False, eq=False, repr=False)


@frozen
class Name:
    """A bare word: an object, a field, a let, a param, or one of a slot's choices."""

    name: str
    span: Span = field(eq=False, repr=False)


@frozen
class Integer:
    """`1_000`."""

    number: int
    span: Span = field(eq=False, repr=False)


@frozen
class Duration:
    """`500ms 30s 5m 2h 1d`, in seconds."""

    seconds: float
    span: Span = field(eq=False, repr=False)


@frozen
class Size:
    """`90MB 1GiB`, in bytes; MB is 10^6, MiB is 2^20."""

    bytes: int
    span: Span = field(eq=False, repr=False)


@frozen
class Percent:
    """`1%` or `0.5%`; `percent` is 1.0 for one percent."""

    percent: float
    span: Span = field(eq=False, repr=False)


@frozen
class Boolean:
    """`true` or `false`."""

    truth: bool
    span: Span = field(eq=False, repr=False)


@frozen
class EnvironmentVariable:
    """`env NAME`: the text of an environment variable, read when the run starts."""

    variable: str
    span: Span = field(eq=False, repr=False)


Value: TypeAlias = Text | Name | Integer | Duration | Size | Percent | Boolean | EnvironmentVariable

Written: TypeAlias = Value | tuple[Value, ...]
"""What fills a slot of a phrase: a value, or several if the slot takes several."""

Scope: TypeAlias = "Mapping[str, Value]"
"""Values of names: resolved params, lets and loop variables."""


LONGEST_TEXT = 1_000_000
"""Characters of a text after its names are replaced; the limit of a whole pipeline file.

Twenty lines such as `let b = "{a}{a}"` multiply a text by a million."""


class TextTooLongError(ValueError):
    """A text is longer than `LONGEST_TEXT` after its names are replaced.

    Not a `BulkflowError`, for the same reason as `UnresolvedError`.
    """

    def __init__(self, span: Span) -> None:
        super().__init__(
            f"with its names replaced the text has more than {LONGEST_TEXT:,} characters"
        )
        self.span = span


class UnresolvedError(LookupError):
    """A name in a value is not in the scope.

    Not a `BulkflowError`: the caller knows whether the name is unknown or not known yet.
    """

    def __init__(self, name: str, span: Span, *, variable: bool = False) -> None:
        super().__init__(name)
        self.name = name
        self.span = span
        self.variable = variable
        """Whether it is an environment variable that is not set."""


def plain(value: Value) -> str:
    """Format a resolved value as it reads inside an interpolated text."""
    match value:
        case Text():
            return "".join(part for part in value.parts if isinstance(part, str))
        case Name():
            return value.name
        case Integer():
            return str(value.number)
        case Duration():
            return f"{value.seconds:g}s"
        case Size():
            return str(value.bytes)
        case Percent():
            return f"{value.percent:g}%"
        case Boolean():
            return "true" if value.truth else "false"
        case EnvironmentVariable():
            raise UnresolvedError(value.variable, value.span, variable=True)
        case _:
            assert_never(value)


Interpolate: TypeAlias = "Callable[[str, Value], str]"
"""Writes the value of a name into a text, given the text before it."""


def resolve(
    value: Value,
    scope: Scope,
    environ: Mapping[str, str],
    interpolate: Interpolate | None = None,
) -> Value:
    """Replace all interpolations and environment variables in a value.

    Bare names stay: whether a name refers to a constant depends on the slot. The result keeps the
    span of `value`, so errors point at where it was used, and text from outside of the file stays
    marked as `Outside`.

    Args:
        value: The value.
        scope: The values of names.
        environ: The environment variables.
        interpolate: Writes the values of interpolations, instead of as they read.

    Raises:
        UnresolvedError: A name in a text is not in `scope`, or a variable is not in `environ`.
        TextTooLongError: A text becomes longer than `LONGEST_TEXT`.
        ValueError: `interpolate` refuses a value.
    """
    match value:
        case Text() if interpolate is not None:
            written = (each for _, each in write_parts(value, scope, interpolate))
            return Text(("".join(_bounded(written, value.span)),), value.span)
        case Text() if any(isinstance(part, Interpolation) for part in value.parts):
            return Text(_joined(_bounded(_expanded(value, scope), value.span)), value.span)
        case EnvironmentVariable():
            if value.variable not in environ:
                raise UnresolvedError(value.variable, value.span, variable=True)
            return Text((environ[value.variable],), value.span, given=True)
        case _:
            return value


def write_parts(
    text: Text, scope: Scope, interpolate: Interpolate
) -> Iterator[tuple[str | Interpolation, str]]:
    """Yield the parts of a text, each with what it becomes; raises as `resolve` does."""
    before = ""
    for part in text.parts:
        if isinstance(part, str):
            written = str(part)
        elif part.name in scope:
            written = interpolate(before, scope[part.name])
        else:
            raise UnresolvedError(part.name, part.span)
        before += written
        yield part, written


def resolve_name(value: Value, scope: Scope) -> Value:
    """Replace a bare name with its constant, at the span of its use; return other values."""
    if isinstance(value, Name) and value.name in scope:
        return evolve(scope[value.name], span=value.span)
    return value


def several(written: Written) -> tuple[Value, ...]:
    """Return the values that fill a slot, one or more, as a tuple."""
    return written if isinstance(written, tuple) else (written,)


def is_same_value(left: Value, right: Value) -> bool:
    """Whether two resolved values are the same; a text and a bare name may be."""
    kinds = {Text if isinstance(value, Name) else type(value) for value in (left, right)}
    return len(kinds) == 1 and plain(left) == plain(right)


def _expanded(text: Text, scope: Scope) -> Iterator[str]:
    for part in text.parts:
        if isinstance(part, str):
            yield part
            continue
        if part.name not in scope:
            raise UnresolvedError(part.name, part.span)
        value = scope[part.name]
        if not isinstance(value, Text):
            yield plain(value)
        elif value.given:
            yield Outside(plain(value))
        else:
            yield from (each for each in value.parts if isinstance(each, str))


def _bounded(pieces: Iterator[str], span: Span) -> Iterator[str]:
    """Yield the pieces of a text. Raises `TextTooLongError` before there are too many."""
    length = 0
    for piece in pieces:
        # Empty pieces from outside are kept and multiply like the others.
        length += max(1, len(piece))
        if length > LONGEST_TEXT:
            raise TextTooLongError(span)
        yield piece


def _joined(pieces: Iterator[str]) -> tuple[str, ...]:
    """Join adjacent pieces from the file; keep pieces from outside apart."""
    return tuple(
        [
            joined
            for outside, run in groupby(pieces, key=lambda piece: isinstance(piece, Outside))
            for joined in (run if outside else ["".join(run)])
        ]
    )
