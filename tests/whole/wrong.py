"""What a judge says."""

from __future__ import annotations


class WrongError(AssertionError):
    """Something is not as the reference says."""


def expect(held: object, message: str) -> None:
    """Raise `WrongError` unless something holds."""
    if not held:
        raise WrongError(message)
