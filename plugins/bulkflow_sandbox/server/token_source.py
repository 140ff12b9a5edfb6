"""The access token that a sandbox is to be started with, from where nobody else reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE: Final = "BULKFLOW_SANDBOX_TOKEN"
_MOST: Final = 4096
"""Bytes of a token: servers and proxies take no longer header."""


def read_token(given: str | None, file: Path | None, environment: Mapping[str, str]) -> str | None:
    """Read the token from the command line, a file or a variable; `None` where there is none.

    Raises:
        UsageError: It is given twice, cannot be read, or cannot be the value of a header.
    """
    if given is not None and file is not None:
        raise UsageError("--token and --token-file both give a token", help="leave one of them out")
    if given is not None:
        return _check_token(given, "--token")
    if file is not None:
        return _check_token(_read_file(file), f"the token file {file}")
    value = environment.get(VARIABLE)
    return _check_token(value, VARIABLE) if value else None


def _read_file(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return stream.read(_MOST + 1).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(
            f"cannot read the token file {file}: {reason}",
            help="give the path of a file that has the token and nothing else",
        ) from error


def _check_token(token: str, place: str) -> str:
    # The token itself is not shown.
    token = token.strip()
    if not token or len(token) > _MOST or not (token.isascii() and token.isprintable()):
        raise UsageError(
            f"{place} has no token that a header can carry",
            help=f"use 1 to {_MOST} printable ASCII characters, without a line break",
        )
    return token
