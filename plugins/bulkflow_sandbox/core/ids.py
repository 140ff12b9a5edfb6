"""Salesforce record ids: a key prefix, a serial number in base 62, and a checksum of the case.

An id has 15 case-sensitive characters. The form with 18 adds three that encode which of the 15 are
upper case, so it survives tools that ignore case. Source: recorded ids, recalculated.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# In ASCII order, so ids sort by serial number as text, and an index of them grows only at the end.
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
    """Compute the three characters that turn an id of 15 characters into one of 18."""
    return "".join(
        _CHECKS[sum(1 << k for k in range(5) if "A" <= id15[group + k] <= "Z")]
        for group in (0, 5, 10)
    )


def is_well_formed(text: str) -> bool:
    """Check that `text` has the form of an id, with a valid checksum if it has 18 characters."""
    if _FORM.fullmatch(text) is None:
        return False
    return len(text) == 15 or compute_checksum(text[:15]) == text[15:]


def to_id18(text: str) -> str | None:
    """Convert an id of 15 or 18 characters to 18; `None` if `text` is not an id."""
    if not is_well_formed(text):
        return None
    return text if len(text) == 18 else text + compute_checksum(text)


def make_id(prefix: str, serial: int) -> str:
    """Make the id of the record with a serial number, from 0, of a key prefix."""
    return next(make_ids(prefix, serial, 1))


def make_ids(prefix: str, first: int, count: int) -> Iterator[str]:
    """Make the ids of `count` records with consecutive serial numbers.

    3,844 consecutive ids differ only in the last two characters, so the checksum of the other
    characters is computed once for all of them.
    """
    serial, end = first, first + count
    while serial < end:
        block, start = divmod(serial, len(_ENDINGS))
        stop = min(len(_ENDINGS), start + end - serial)
        head = prefix + _INSTANCE + _to_base62(block, _SERIAL_DIGITS - 2)
        fixed = compute_checksum(head + "00")
        checks = fixed[:2]
        bits = _CHECKS.index(fixed[2])
        for ending, ending_bits in _ENDINGS[start:stop]:
            yield f"{head}{ending}{checks}{_CHECKS[bits | ending_bits]}"
        serial += stop - start


def make_random_id(prefix: str) -> str:
    """Make a random id of 18 characters."""
    serial = "".join(secrets.choice(_DIGITS) for _ in range(_SERIAL_DIGITS))
    id15 = prefix + _INSTANCE + serial
    return id15 + compute_checksum(id15)


def _to_base62(number: int, digits: int) -> str:
    text = ""
    for _ in range(digits):
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
    return text


# All pairs of last characters of an id, with their bits in the last character of the checksum.
_ENDINGS: Final = tuple(
    (high + low, ("A" <= high <= "Z") << 3 | ("A" <= low <= "Z") << 4)
    for high in _DIGITS
    for low in _DIGITS
)
