"""Parse the text of a token into a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bulkflow.language.codes import Code
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
from bulkflow.source import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulkflow.language.syntax.indentation import Report
    from bulkflow.model.value import Value

MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
BYTES = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
}

_MAX_DIGITS = 15
"""A double holds these exactly, and no sensible count, size or time has more."""

_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}
_SPECIAL = re.compile(r"\\(?P<escape>x[0-9A-Fa-f]{2}|.?)|\{\{|\}\}|\{(?P<name>[^{}\"]*)\}|[{}]")
_DRIVE = re.compile(r"[A-Za-z]:\\|\\\\\w")
_LONGEST_SHOWN = 100
_NAME = re.compile(r"\w(?:[\w.\-]*\w)?")
_QUANTITY = re.compile(r"(?P<number>[0-9_.]+)(?P<unit>\D*)")


def parse_literal(kind: str, text: str, span: Span, report: Report) -> Value:
    """Return the value of a token; report mistakes inside a text."""
    match kind:
        case "WORD":
            return Name(text, span)
        case "TEXT":
            return Text(_merge(_pieces(text[1:-1], span.start + 1, span, report)), span)
        case "LONG_TEXT":
            return Text(_merge(_long_pieces(text[3:-3], span, report)), span)
        case "TRUE" | "FALSE":
            return Boolean(kind == "TRUE", span)
        case "ENVIRONMENT":
            return EnvironmentVariable(text.split()[1], span)
        case _:
            return _number(kind, text, span, report)


def _number(kind: str, text: str, span: Span, report: Report) -> Value:
    quantity = _QUANTITY.fullmatch(text)
    assert quantity is not None, text
    digits, unit = quantity["number"].replace("_", ""), quantity["unit"]
    if len(digits) > _MAX_DIGITS:
        report(
            Code.NUMBER_TOO_LARGE,
            f"this number has {len(digits)} digits; at most {_MAX_DIGITS} are allowed",
            span,
            "write a smaller number",
        )
        digits = "0"
    match kind:
        case "INTEGER":
            return Integer(int(digits), span)
        case "DURATION":
            return Duration(int(digits) * MILLISECONDS[unit] / 1000, span)
        case "SIZE":
            return Size(int(digits) * BYTES[unit], span)
        case "PERCENT":
            return Percent(float(digits), span)
        case _:
            raise AssertionError(kind)


def _long_pieces(body: str, span: Span, report: Report) -> Iterator[str | Interpolation]:
    r"""Yield the parts of a text between `\"\"\"` and `\"\"\"`.

    If the text starts on a new line, drop its layout: the first newline, the common indentation,
    and a last line that is blank.
    """
    for fragment, at in _drop_layout(body, span.start + 3):
        if fragment == "\n":
            yield fragment
        else:
            yield from _pieces(fragment, at, span, report)


def _drop_layout(body: str, at: int) -> Iterator[tuple[str, int]]:
    """Yield the lines of a text without its layout, and the line breaks, with their offsets."""
    if not body.startswith("\n"):
        yield body, at
        return
    lines = body[1:].split("\n")
    at += 1
    if not lines[-1].strip(" "):
        del lines[-1]
    margin = min(
        (len(line) - len(line.lstrip(" ")) for line in lines if line.strip(" ")), default=0
    )
    for number, line in enumerate(lines):
        if number:
            yield "\n", at - 1
        yield line[margin:], at + margin
        at += len(line) + 1


def iterate_characters(span: Span) -> Iterator[Span]:
    """Yield the place of each character of a text, without the names in braces.

    Args:
        span: The place of the text, with its quotes; anything else has no characters.
    """
    written = span.text
    if written.startswith('"""'):
        fragments = list(_drop_layout(written[3:-3], span.start + 3))
    elif written.startswith('"'):
        fragments = [(written[1:-1], span.start + 1)]
    else:
        return
    for fragment, at in fragments:
        done = 0
        for special in _SPECIAL.finditer(fragment):
            yield from _spread(span, at + done, at + special.start())
            done = special.end()
            if special["name"] is None:
                yield Span(span.source, at + special.start(), at + done)
        yield from _spread(span, at + done, at + len(fragment))


def _spread(span: Span, start: int, end: int) -> Iterator[Span]:
    for at in range(start, end):
        yield Span(span.source, at, at + 1)


def _pieces(body: str, at: int, span: Span, report: Report) -> Iterator[str | Interpolation]:
    if "\\" not in body and "{" not in body and "}" not in body:
        yield body
        return
    done, reported = 0, False
    for special in _SPECIAL.finditer(body):
        yield body[done : special.start()]
        done = special.end()
        place = Span(span.source, at + special.start(), at + done)
        escape = special["escape"]
        is_byte = escape is not None and len(escape) == 3 and escape != "x00"
        if escape is not None and escape not in _ESCAPES and not is_byte:
            if not reported:
                # A wrong escape is usually a Windows path, which has several.
                reported = True
                report(
                    Code.BAD_ESCAPE, f"unknown escape `{special[0]}`", place, _suggest_escape(body)
                )
            yield special[0]
            continue
        yield _special(special, place, report)
    yield body[done:]


def _special(special: re.Match[str], place: Span, report: Report) -> str | Interpolation:
    written, escape, name = special[0], special["escape"], special["name"]
    if escape is not None:
        return _ESCAPES.get(escape) or chr(int(escape[1:], 16))
    if written in ("{{", "}}"):
        return written[0]
    if name is not None and _NAME.fullmatch(name):
        return Interpolation(name, place)
    report(
        Code.BAD_BRACE,
        f"unexpected `{written}` in a text",
        place,
        "write {name} for the value of a name, and {{ or }} for a brace",
    )
    return written


def _suggest_escape(body: str) -> str:
    """Return the help for a text with a wrong escape."""
    if _DRIVE.match(body) and len(body) <= _LONGEST_SHOWN:
        path = body.replace("\\\\", "\\").replace("\\", "/")
        return f'use / between folders, also on Windows: "{path}"'
    return (
        r"the escapes are \" \\ \n \t, and \x01 for a character by its number; write \\ for a "
        "backslash, or / in a path"
    )


def _merge(pieces: Iterator[str | Interpolation]) -> tuple[str | Interpolation, ...]:
    """Join adjacent strings, so that equal texts are equal values."""
    merged: list[str | Interpolation] = []
    run: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            run.append(piece)
            continue
        merged += filter(None, ["".join(run)])
        run.clear()
        merged.append(piece)
    merged += filter(None, ["".join(run)])
    return tuple(merged)
