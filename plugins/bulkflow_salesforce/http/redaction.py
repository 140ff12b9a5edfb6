"""The one place where secrets are taken out of text that people or files will see."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"

# Runs are bounded where a text could be made to restart a search at each of its bytes.
_SECRETS: tuple[tuple[str, str], ...] = (
    # An SFDX auth URL: force://clientId:clientSecret:refreshToken@host; the host may stay.
    (r"(?i)force://[^\s@\"']{1,500}@", f"force://{HIDDEN}@"),
    # A user and a password in any other URL.
    (r"://[^\s/?#@\"'<>]{1,500}@", f"://{HIDDEN}@"),
    (
        r"(?i)\b(bearer|oauth|basic|token)(\s+)(?=[^\s,;\"']*[\d!._=])[^\s,;\"']{8,}",
        rf"\1\2{HIDDEN}",
    ),
    # A session id: the organisation's id, an exclamation mark (perhaps quoted) and the secret.
    (r"\b00D[A-Za-z0-9]{12,15}(?:!|%21|\\u0021)[A-Za-z0-9._%-]+", HIDDEN),
    # A JSON web token: two or three base64url parts, the first of which starts as {" does.
    (r"\beyJ[A-Za-z0-9_-]{5,4000}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?", HIDDEN),
    # A refresh token as Salesforce issues it.
    (r"\b5Aep[A-Za-z0-9._]{16,}", HIDDEN),
    (
        (
            r"(?i)\b(access_?token|refresh_?token|id_token|client_?secret|password|assertion"
            r"|code_verifier|sid)([\"']?\s*[:=]\s*[\"']?)[^\s\"'&,;}<]+"
        ),
        rf"\1\2{HIDDEN}",
    ),
)
"""Patterns, and what takes the place of each match. `re` keeps them compiled from the first use."""

_CONTROLS = {code: " " for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
# JSON can hold halves of characters, which no file and no terminal can.
_CONTROLS |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


SHORTEST: Final = 8
"""Characters of the shortest secret that is looked for in values: a shorter one is a part of words
that mean something, so that hiding it would change what an answer says."""
_KEPT: Final = 32
"""Patterns that are kept compiled: the secrets of several orgs, with tokens that were renewed."""
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def literal_forms(secret: str) -> list[str]:
    """A secret in the forms that programs write it in: those that one function makes of all of it.

    The longest comes first, as one form may be a part of another.
    """
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    escaped = json.dumps(secret)[1:-1], "".join(_ENTITIES.get(each, each) for each in secret)
    percents = {"".join(f"%{byte:{case}}" for byte in secret.encode()) for case in ("02x", "02X")}
    numbers = "".join(f"&#{ord(each)};" for each in secret)
    codes = "".join(f"\\u{ord(each):04x}" for each in secret)
    lower = {re.sub("%..", lambda found: found[0].lower(), each) for each in quoted}
    forms = {secret, *quoted, *lower, *escaped, *percents, numbers, codes, *_base64s(secret)}
    return sorted(forms - {""}, key=len, reverse=True)


def _base64s(secret: str) -> set[str]:
    """What base64 makes of a secret wherever it begins in what is encoded, its edges left out."""
    if len(secret) < SHORTEST:
        return set()
    found = set()
    for before in range(3):
        data = b" " * before + secret.encode()
        core = b64encode(data).decode()[-(-before * 8 // 6) : len(data) * 8 // 6]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found


def _spellings(character: str) -> str:
    """A pattern for a character as it is, in a URL, in JSON or in HTML."""
    code = ord(character)
    units = character.encode("utf-16-be").hex()
    ways = {
        re.escape(character),
        "".join(f"%(?i:{byte:02x})" for byte in character.encode()),
        "".join(rf"\\u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4)),
        f"&\\#0*{code};",
        f"&\\#[xX]0*(?i:{code:x});",
    }
    ways |= {re.escape(each[character]) for each in (_ESCAPES, _ENTITIES) if character in each}
    if character == " ":
        ways.add(r"\+")
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"


@lru_cache(maxsize=_KEPT)
def _pattern(secret: str) -> re.Pattern[str]:
    """A pattern for a secret, each of its characters in any spelling, and for its base64."""
    written = "".join(map(_spellings, secret))
    return re.compile("|".join([written, *map(re.escape, sorted(_base64s(secret)))]))


def redact(text: str, *secrets: str) -> str:
    """`text` without anything that looks like a token, a key or a password.

    Args:
        text: Any text, of any origin.
        secrets: Values that are known to be secret, whatever they look like.

    Returns:
        The text with `[hidden]` in place of each secret, and with a space in place of each control
        character other than a line break or a tab, so that a server cannot drive a terminal.
        Halves of characters are replaced as well.
    """
    for secret in filter(None, secrets):
        text = _pattern(secret).sub(HIDDEN, text)
    for pattern, replacement in _SECRETS:
        text = re.sub(pattern, replacement, text)
    return text.translate(_CONTROLS)
