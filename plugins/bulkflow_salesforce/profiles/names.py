"""The names that profiles may have."""

from __future__ import annotations

import re
from typing import Final

from bulkflow.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
RESERVED: Final = frozenset({"default", "env", "sandbox"})
"""Names that stand for other orgs."""


def checked_name(name: str) -> str:
    """`name`, which a profile may have.

    Raises:
        UsageError: It may not. The name becomes that of a file, so it holds no path.
    """
    if name.lower() in RESERVED:
        raise UsageError(f"`{name}` stands for another org", help="choose another name")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:80]!a} cannot be the name of an org",
            help="a name has up to 64 letters, digits, - and _, and begins with a letter or _",
        )
    return name
