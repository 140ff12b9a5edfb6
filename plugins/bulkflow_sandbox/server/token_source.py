"""The access token for a sandbox, from an option, a file or an environment variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VARIABLE: Final = "BULKFLOW_SANDBOX_TOKEN"
_MOST: Final = 4096
"""Maximum length of a token: servers and proxies reject longer headers."""


def read_token(given: str | None, file: Path | None, environment: Mapping[str, str]) -> str | None:
    """Read the token from the command line, a file or a variable; return `None` if none has it.

    Raises:
        UsageError: Two options give a token, the file cannot be read, or a header cannot contain
            the token.
    """
    if given is not None and file is not None:
        raise UsageError("--token and --token-file both set the token", help="use only one of them")
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
            help="pass the path of a file that contains only the token",
        ) from error


def _check_token(token: str, place: str) -> str:
    # Do not show the token itself.
    token = token.strip()
    if not token or len(token) > _MOST or not (token.isascii() and token.isprintable()):
        raise UsageError(
            f"{place} has no token that fits in a header",
            help=f"use 1 to {_MOST} printable ASCII characters, without a line break",
        )
    return token
