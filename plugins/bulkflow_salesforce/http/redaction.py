"""The one place where secrets are taken out of text that people or files will see."""

from __future__ import annotations

import json
import re
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


def _forms(secret: str) -> list[str]:
    """A secret in the ways that a server may give it back: as it is, in a URL, a form or JSON."""
    if not secret:
        return []
    written = (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    forms = {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), *written}
    # The longest first: one form may be a part of another.
    return sorted(forms, key=len, reverse=True)


def redact(text: str, *secrets: str) -> str:
    """`text` without anything that looks like a token, a key or a password.

    Args:
        text: Any text, of any origin.
        secrets: Values that are known to be secret, whatever they look like.

    Returns:
        The text with `[hidden]` in place of each secret, and with a space in place of each control
        character other than a line break or a tab, so that a server cannot drive a terminal.
    """
    for secret in secrets:
        for form in _forms(secret):
            text = text.replace(form, HIDDEN)
    for pattern, replacement in _SECRETS:
        text = re.sub(pattern, replacement, text)
    return text.translate(_CONTROLS)
