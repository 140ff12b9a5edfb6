"""Salesforce record ids: a key prefix, a serial number in base 62, and a checksum of the case.

An id has 15 case-sensitive characters; the form with 18 adds three that encode which of the 15
are upper case, so that it survives tools that ignore case. Source: recorded ids, recalculated.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# In ASCII order, so that ids in the order of their serial numbers are also in the order of
# their text: an index over them grows at its end.
_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECKS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_INSTANCE: Final = "5g0"
_SERIAL_DIGITS: Final = 9
_FORM: Final = re.compile(r"[0-9A-Za-z]{15}(?:[A-Z0-5]{3})?")

JOB_PREFIX: Final = "750"
ORGANIZATION_PREFIX: Final = "00D"
USER_PREFIX: Final = "005"
LOCATOR_PREFIX: Final = "01g"


def compute_checksum(id15: str) -> str:
    """The three characters that turn an id of 15 characters into one of 18."""
    return "".join(
        _CHECKS[sum(1 << k for k in range(5) if "A" <= id15[group + k] <= "Z")]
        for group in (0, 5, 10)
    )


def is_well_formed(text: str) -> bool:
    """Whether `text` has the form of an id, with a right checksum where there is one."""
    if _FORM.fullmatch(text) is None:
        return False
    return len(text) == 15 or compute_checksum(text[:15]) == text[15:]


def to_id18(text: str) -> str | None:
    """The 18 characters of an id of 15 or 18; `None` when `text` is no id."""
    if not is_well_formed(text):
        return None
    return text if len(text) == 18 else text + compute_checksum(text)


def make_id(prefix: str, serial: int) -> str:
    """The id of 18 characters of the `serial`-th record of a key prefix, counted from 0."""
    return next(make_ids(prefix, serial, 1))


def make_ids(prefix: str, first: int, count: int) -> Iterator[str]:
    """The ids of `count` records with consecutive serial numbers.

    All but the last two characters stay the same for 3,844 ids, so their share of the checksum
    is computed once for those.
    """
    serial, end = first, first + count
    while serial < end:
        block, start = divmod(serial, len(_ENDINGS))
        stop = min(len(_ENDINGS), start + end - serial)
        head = prefix + _INSTANCE + _base62(block, _SERIAL_DIGITS - 2)
        fixed = compute_checksum(head + "00")
        checks = fixed[:2]
        bits = _CHECKS.index(fixed[2])
        for ending, ending_bits in _ENDINGS[start:stop]:
            yield f"{head}{ending}{checks}{_CHECKS[bits | ending_bits]}"
        serial += stop - start


def make_random_id(prefix: str) -> str:
    """An id of 18 characters that nobody else has, in all likelihood."""
    serial = "".join(secrets.choice(_DIGITS) for _ in range(_SERIAL_DIGITS))
    id15 = prefix + _INSTANCE + serial
    return id15 + compute_checksum(id15)


def _base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text


# The last two characters of an id, each with its bits in the last character of the checksum.
_ENDINGS: Final = tuple(
    (high + low, ("A" <= high <= "Z") << 3 | ("A" <= low <= "Z") << 4)
    for high in _DIGITS
    for low in _DIGITS
)
