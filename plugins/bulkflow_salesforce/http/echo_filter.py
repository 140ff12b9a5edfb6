"""Answers without the secrets of the requests that they answer, and what else looks like one.

A server may give back what it was sent in any place of any answer. It is hidden where the answer
becomes a value, so that nothing that handles the value has to think of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define, field

from bulkflow_salesforce.http.redaction import HIDDEN, literal_forms, redact

if TYPE_CHECKING:
    from collections.abc import Sequence

JsonValue: TypeAlias = "str | int | float | bool | list[JsonValue] | dict[str, JsonValue] | None"


_QUOTED: Final = 64 * 1024
"""Bytes; much more than a message quotes, so that no secret is cut where it would be shown."""


class EchoError(Exception):
    """What is kept as it came holds a secret. Does not leave this package."""


def hidden(value: JsonValue, secrets: Sequence[str]) -> JsonValue:
    """A JSON value with all of its texts redacted, names of properties included."""
    known: dict[str, str] = {}

    def told(text: str) -> str:
        # A describe has thousands of texts, and few different ones.
        if text not in known:
            known[text] = redact(text, *secrets)
        return known[text]

    def walked(value: JsonValue) -> JsonValue:
        if isinstance(value, str):
            return told(value)
        if isinstance(value, dict):
            return {told(name): walked(each) for name, each in value.items()}
        if isinstance(value, list):
            return [walked(each) for each in value]
        return value

    return walked(value)


def shown(body: bytes, secrets: Sequence[str]) -> bytes:
    """The beginning of a body, redacted before it is cut, for the words that a message quotes."""
    return redact(body[:_QUOTED].decode("utf-8", "replace"), *secrets).encode()


@define(eq=False, repr=False)
class Veil:
    """Hides secrets in bytes that come piece by piece, wherever a piece ends.

    Only forms that programs write are sought, not each mixture of them: rows pass here, and this
    costs a tenth of what it costs to inflate them.
    """

    _secrets: tuple[str, ...]
    _forms: list[bytes] = field(init=False)
    _held: bytes = field(default=b"", init=False)

    @_forms.default
    def _of_secrets(self) -> list[bytes]:
        return [form.encode() for each in self._secrets for form in literal_forms(each)]

    def tells(self, piece: bytes) -> bool:
        """Whether what came so far has a secret that ends in `piece`."""
        data = self._held + piece
        self._held = data[self._begun(data) :]
        return any(form in data for form in self._forms)

    def passed(self, piece: bytes) -> bytes:
        """What may be written once `piece` has come; the rest is held back."""
        data = self._held + piece
        for form in self._forms:
            if form in data:
                data = data.replace(form, HIDDEN.encode())
        begun = self._begun(data)
        self._held = data[begun:]
        return data[:begun]

    def rest(self) -> bytes:
        """What was held back, at the end."""
        rest, self._held = self._held, b""
        return rest

    def _begun(self, data: bytes) -> int:
        """Where what may be the beginning of a secret begins, at the end of `data`."""
        return min((_begin(form, data) for form in self._forms), default=len(data))


def _begin(form: bytes, data: bytes) -> int:
    """Where `data` ends with the beginning of a form; its end if it does not."""
    at = data.find(form[:1], max(0, len(data) - len(form) + 1))
    while at >= 0 and not form.startswith(data[at:]):
        at = data.find(form[:1], at + 1)
    return at if at >= 0 else len(data)
