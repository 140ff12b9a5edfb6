"""Patterns of dates and examples of numbers, as users write them, for DuckDB."""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen

from bulkflow.errors import UsageError

_LETTERS: Final = {
    "yyyy": "%Y",
    "yy": "%y",
    "MMMM": "%B",
    "MMM": "%b",
    "MM": "%m",
    "M": "%m",
    "dd": "%d",
    "d": "%d",
    "HH": "%H",
    "H": "%H",
    "hh": "%I",
    "h": "%I",
    "mm": "%M",
    "m": "%M",
    "ss": "%S",
    "s": "%S",
    "SSSSSS": "%f",
    "SSS": "%g",
    "a": "%p",
    "EEEE": "%A",
    "EEE": "%a",
    "XXX": "%z",
    "XX": "%z",
    "X": "%z",
    "Z": "%z",
}
_TOKEN: Final = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)
_DATE_LETTERS: Final = frozenset("yMdE")


def convert_pattern(pattern: str, *, with_time: bool) -> str:
    """Convert a pattern such as `dd.MM.yyyy HH:mm` to the format of `strptime`.

    Args:
        pattern: Letters as in Unicode's date patterns; text is in single quotes.
        with_time: Whether it is the pattern of a datetime and not of a date.

    Raises:
        UsageError: It has an unknown letter, or lacks the year, month or day.
    """
    made = []
    seen = set()
    for token in _TOKEN.finditer(pattern):
        text, quoted = token.group(0), token.group(1)
        if quoted is not None:
            made.append(quoted.replace("''", "'").replace("%", "%%") or "'")
        elif token.group(2) is None:
            made.append(text.replace("%", "%%"))
        elif text == "T":
            made.append(text)
        elif text not in _LETTERS:
            raise UsageError(
                f'`{text}` in "{pattern}" is not a part of a date',
                help='use yyyy MM dd HH mm ss, as in "dd.MM.yyyy" or "yyyy-MM-dd HH:mm"',
            )
        else:
            seen.add(text[0])
            made.append(_LETTERS[text])
    _check_parts(pattern, seen, with_time=with_time)
    return "".join(made)


def _check_parts(pattern: str, seen: set[str], *, with_time: bool) -> None:
    missing = [
        name for letter, name in (("y", "year"), ("M", "month"), ("d", "day")) if letter not in seen
    ]
    if missing:
        hint = "; mm are minutes, MM is the month" if "m" in seen else ""
        raise UsageError(
            f'"{pattern}" has no {" and no ".join(missing)}',
            help=f'write all parts, as in "dd.MM.yyyy"{hint}',
        )
    if not with_time and seen - _DATE_LETTERS:
        raise UsageError(
            f'"{pattern}" has a time',
            help=f'write `as datetime "{pattern}"`',
        )


@frozen
class NumberFormat:
    """The separators of numbers.

    Attributes:
        group: The character between groups of three digits, or "".
        decimal: The character before the decimals, or "".
    """

    group: str
    decimal: str

    @property
    def pattern(self) -> str:
        """The regular expression of a number in this format."""
        group, decimal = re.escape(self.group), re.escape(self.decimal)
        whole = rf"(\d{{1,3}}({group}\d{{3}})+|\d+)" if group else r"\d+"
        fraction = rf"({decimal}\d+)?" if decimal else ""
        return rf"[+-]?{whole}{fraction}"


def parse_number_example(example: str) -> NumberFormat:
    """Find the separators of an example such as `1.234,56`.

    Raises:
        UsageError: It does not show them.
    """
    text = example.strip().lstrip("+-")
    parts = re.fullmatch(r"(\d{1,3})(?:([^\d])(\d{3})(?:\2\d{3})*)?(?:([^\d])(\d+))?", text)
    plain = re.fullmatch(r"\d+(?:([^\d])(\d+))?", text)
    if plain is not None and (plain[2] is None or len(plain[2]) != 3):
        return NumberFormat("", plain[1] or "")
    if parts is not None and parts[2] is not None and parts[2] != parts[4]:
        if parts[4] is None and plain is not None:
            raise UsageError(
                f'"{example}" may be a whole number or have three decimals',
                help='show both separators, as in "1.234,56"',
            )
        return NumberFormat(parts[2], parts[4] or "")
    raise UsageError(
        f'"{example}" is not an example of a number',
        help='show the separators, as in "1.234,56" or "1 234.50"',
    )
