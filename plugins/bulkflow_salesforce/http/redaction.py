"""Removes secrets from text that people or files will see; nothing else in bulkflow does."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"

# Repetitions are bounded wherever a hostile text could restart a search at each of its bytes.
_SECRETS: tuple[tuple[str, str], ...] = (
    # An SFDX auth URL: force://clientId:clientSecret:refreshToken@host; the host may stay.
    (r"(?i)force://[^\s@\"']{1,500}@", f"force://{HIDDEN}@"),
    # A user and a password in any other URL.
    (r"://[^\s/?#@\"'<>]{1,500}@", f"://{HIDDEN}@"),
    (
        r"(?i)\b(bearer|oauth|basic|token)(\s+)(?=[^\s,;\"']*[\d!._=])[^\s,;\"']{8,}",
        rf"\1\2{HIDDEN}",
    ),
    # A session id: the org's id, an exclamation mark (perhaps encoded) and the secret.
    (r"\b00D[A-Za-z0-9]{12,15}(?:!|%21|\\u0021)[A-Za-z0-9._%-]+", HIDDEN),
    # A JSON web token: two or three base64url parts, of which the first starts like {".
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
"""Patterns and their replacements. `re` caches the compiled patterns."""

_CONTROLS = {code: " " for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}
# JSON can contain lone surrogates, which neither files nor terminals accept.
_CONTROLS |= dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


SHORTEST_SECRET: Final = 8
"""Characters of the shortest secret to look for in values. A shorter one may be part of ordinary
words, and hiding it would change the meaning of a response."""
_CACHED: Final = 32
"""Compiled patterns to keep: the secrets of several orgs, including renewed tokens."""
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def list_literal_forms(secret: str) -> list[str]:
    """List the forms of a secret that an encoder of whole texts may write.

    The longest is first, because one form may be part of another.
    """
    quoted = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    escaped = json.dumps(secret)[1:-1], "".join(_ENTITIES.get(each, each) for each in secret)
    percents = {"".join(f"%{byte:{case}}" for byte in secret.encode()) for case in ("02x", "02X")}
    numbers = "".join(f"&#{ord(each)};" for each in secret)
    codes = "".join(f"\\u{ord(each):04x}" for each in secret)
    lower = {re.sub("%..", lambda found: found[0].lower(), each) for each in quoted}
    forms = {secret, *quoted, *lower, *escaped, *percents, numbers, codes, *_list_base64(secret)}
    return sorted(forms - {""}, key=len, reverse=True)


def _list_base64(secret: str) -> set[str]:
    """List the base64 forms of a secret at each offset, without the characters at its edges."""
    if len(secret) < SHORTEST_SECRET:
        return set()
    found = set()
    for before in range(3):
        data = b" " * before + secret.encode()
        core = b64encode(data).decode()[-(-before * 8 // 6) : len(data) * 8 // 6]
        found |= {core, core.replace("+", "-").replace("/", "_")}
    return found


def _match_character(character: str) -> str:
    """Make a pattern for a character, plain or as written in a URL, in JSON or in HTML."""
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


@lru_cache(maxsize=_CACHED)
def _match_secret(secret: str) -> re.Pattern[str]:
    """Make a pattern for a secret, with each character in any spelling, and for its base64."""
    written = "".join(map(_match_character, secret))
    return re.compile("|".join([written, *map(re.escape, sorted(_list_base64(secret)))]))


def redact(text: str, *secrets: str) -> str:
    """Hide everything in a text that looks like a token, a key or a password.

    Args:
        text: Any text, of any origin.
        secrets: Known secrets, whatever they look like.

    Returns:
        The text with `[hidden]` for each secret, and a space for each control character other than
        a line break or a tab: a server must not control a terminal. Lone surrogates are replaced,
        too.
    """
    for secret in filter(None, secrets):
        text = _match_secret(secret).sub(HIDDEN, text)

    for pattern, replacement in _SECRETS:
        text = re.sub(pattern, replacement, text)
    return text.translate(_CONTROLS)
