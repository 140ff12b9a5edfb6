"""Removes the secrets of a request from its response, and whatever else looks like a secret.

A server may echo what it was sent anywhere in a response. Echoes are hidden where the response
becomes a value, so code that handles the value does not have to care.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define, field

from bulkflow_salesforce.http.redaction import HIDDEN, list_literal_forms, redact

if TYPE_CHECKING:
    from collections.abc import Sequence

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


_EXCERPT: Final = 64 * 1024
"""Bytes; much more than a message quotes, so no secret is cut where it would be shown."""


class EchoError(Exception):
    """Data that must be kept as received contain a secret. Does not leave this package."""


def redact_json(value: JsonValue, secrets: Sequence[str]) -> JsonValue:
    """Redact all texts of a JSON value, including property names."""
    known: dict[str, str] = {}

    def hide(text: str) -> str:
        # A describe has thousands of texts, and few distinct ones.
        if text not in known:
            known[text] = redact(text, *secrets)
        return known[text]

    def walk(value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return hide(value)
        if isinstance(value, dict):
            return {hide(name): walk(each) for name, each in value.items()}
        if isinstance(value, list):
            return [walk(each) for each in value]
        return value

    return walk(value)


def redact_excerpt(body: bytes, secrets: Sequence[str]) -> bytes:
    """Redact the beginning of a body, from which a message then quotes a few words."""
    return redact(body[:_EXCERPT].decode("utf-8", "replace"), *secrets).encode()


@define(eq=False, repr=False)
class EchoFilter:
    """Hides secrets in bytes that arrive in pieces, also when a secret spans two pieces.

    It looks for the forms that programs write, not for every mixture of them: rows pass through
    here, and this takes a tenth of the time of inflating them.
    """

    _secrets: tuple[str, ...]
    _forms: list[bytes] = field(init=False)
    _held: bytes = field(default=b"", init=False)

    @_forms.default
    def _list_forms(self) -> list[bytes]:
        return [form.encode() for each in self._secrets for form in list_literal_forms(each)]

    def contains_secret(self, piece: bytes) -> bool:
        """Check whether the data so far contain a secret that ends in `piece`."""
        data = self._held + piece
        self._held = data[self._find_partial(data) :]
        return any(form in data for form in self._forms)

    def filter(self, piece: bytes) -> bytes:
        """Return what may be written after `piece` has arrived; the rest is held back."""
        data = self._held + piece
        for form in self._forms:
            if form in data:
                data = data.replace(form, HIDDEN.encode())
        end = self._find_partial(data)
        self._held = data[end:]
        return data[:end]

    def flush(self) -> bytes:
        """Return what was held back, after the last piece."""
        rest, self._held = self._held, b""
        return rest

    def _find_partial(self, data: bytes) -> int:
        """Find where `data` ends with what may be the beginning of a secret; else its length."""
        return min((_find_partial_form(form, data) for form in self._forms), default=len(data))


def _find_partial_form(form: bytes, data: bytes) -> int:
    at = data.find(form[:1], max(0, len(data) - len(form) + 1))
    while at >= 0 and not form.startswith(data[at:]):
        at = data.find(form[:1], at + 1)
    return at if at >= 0 else len(data)
