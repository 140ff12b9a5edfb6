"""The keyring of the operating system, as the library `keyring` finds it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keyring.backend import KeyringBackend

SERVICE: Final = "bulkflow"
_HELP: Final = (
    "name another place of the secret: --secret KIND=env:NAME or KIND=file:PATH; bulkflow writes no"
    " secret in the clear"
)
# Backends that keep nothing, or keep it in a file that anybody with the disk can read.
_UNSAFE: Final = ("keyring.backends.null", "keyring.backends.fail", "keyrings.alt.file")


@frozen
class SystemKeyring:
    """Secrets in the macOS Keychain, the Windows Credential Locker, or the Secret Service.

    Every method raises `UsageError` where there is no keyring, or it cannot be used.
    """

    def read(self, name: str) -> str | None:
        """The secret, or None."""
        with _converted():
            return self._backend().get_password(SERVICE, name)

    def write(self, name: str, secret: str) -> None:
        """Keep a secret, in the place of an older one."""
        with _converted():
            self._backend().set_password(SERVICE, name, secret)

    def delete(self, name: str) -> None:
        """Forget a secret, if it is there."""
        with _converted():
            backend = self._backend()
            if backend.get_password(SERVICE, name) is not None:
                backend.delete_password(SERVICE, name)

    def _backend(self) -> KeyringBackend:
        import keyring

        backend = keyring.get_keyring()
        # Several backends behind one: the first is the one that is written to.
        chained = getattr(backend, "backends", None)
        first = chained[0] if chained else backend
        if type(first).__module__.startswith(_UNSAFE):
            raise UsageError("this machine has no keyring that keeps secrets safe", help=_HELP)
        return backend


@contextmanager
def _converted() -> Iterator[None]:
    """Turn what a backend raises into a `UsageError`.

    Without its text, and not as a cause: some backends put the command that they ran into it.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - backends raise what they like
        raise UsageError(
            f"the keyring of this machine cannot be used ({type(error).__name__})", help=_HELP
        ) from None
