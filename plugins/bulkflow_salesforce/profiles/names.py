"""The rules for names of profiles."""

from __future__ import annotations

import re
from typing import Final

from bulkflow.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
RESERVED: Final = frozenset({"default", "env", "sandbox"})
"""Names with a built-in meaning."""


def check_name(name: str) -> str:
    """Return a name that a profile may have.

    Raises:
        UsageError: It is reserved or invalid. The name becomes a file name, so it must not contain
            a path.
    """
    if name.lower() in RESERVED:
        raise UsageError(
            f"the org name `{name}` is built in, so it has no profile",
            help=f"write `org {name}` in a file without logging in, or choose another name",
        )
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:80]!a} is not a valid name for an org",
            help="use up to 64 letters, digits, - and _, beginning with a letter or _",
        )
    return name
