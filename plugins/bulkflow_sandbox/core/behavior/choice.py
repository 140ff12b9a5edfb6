"""One behaviour: its default, how it is known, and the errors that it answers with."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from attrs import field, frozen

from bulkflow_sandbox.core.errors import ApiError

_T = TypeVar("_T")


class Provenance(StrEnum):
    """How a behaviour is known."""

    RECORDED = "recorded"
    """Seen in the answers of real orgs."""
    DOCUMENTED = "documented"
    """Stated by the official guide."""
    CHOSEN = "chosen"
    """Not known. This is the sandbox's guess, by analogy or for safety."""


@frozen
class Choice:
    """What is known about one field of `Choices`."""

    name: str
    about: str
    source: Provenance


@frozen
class Refusal:
    """An error answer. `message` may have placeholders in braces, which the caller fills."""

    status: int
    code: str
    message: str

    def make_error(self, **places: str) -> ApiError:
        """Make the error to raise, with the placeholders filled."""
        return ApiError(self.status, self.code, self.message.format(**places))


def define(default: _T, source: Provenance, about: str) -> _T:
    """Define a field of a class of choices, with what is known about it."""
    made: _T = field(default=default, metadata={"about": about, "source": source})
    return made
