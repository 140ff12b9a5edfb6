"""The keyring of the operating system, through the library `keyring`."""

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
    "choose another location for the secret: --secret KIND=env:NAME or KIND=file:PATH; bulkflow"
    " never writes secrets unencrypted"
)
# Backends that store nothing, or store it in a file that anyone with access to the disk can read.
_UNSAFE: Final = ("keyring.backends.null", "keyring.backends.fail", "keyrings.alt.file")


@frozen
class SystemKeyring:
    """Secrets in the macOS Keychain, the Windows Credential Locker, or the Secret Service.

    Every method raises `UsageError` if there is no keyring, or it cannot be used.
    """

    def read(self, name: str) -> str | None:
        """Read a secret; None if there is none."""
        with _convert_errors():
            return self._get_backend().get_password(SERVICE, name)

    def write(self, name: str, secret: str) -> None:
        """Store a secret, replacing an older one."""
        with _convert_errors():
            self._get_backend().set_password(SERVICE, name, secret)

    def delete(self, name: str) -> None:
        """Delete a secret if it exists."""
        with _convert_errors():
            backend = self._get_backend()
            if backend.get_password(SERVICE, name) is not None:
                backend.delete_password(SERVICE, name)

    def _get_backend(self) -> KeyringBackend:
        import keyring

        backend = keyring.get_keyring()
        # A backend may chain several others; secrets are written to the first.
        chained = getattr(backend, "backends", None)
        first = chained[0] if chained else backend
        if type(first).__module__.startswith(_UNSAFE):
            raise UsageError("this machine has no keyring that stores secrets safely", help=_HELP)
        return backend


@contextmanager
def _convert_errors() -> Iterator[None]:
    """Convert a backend's exception into a `UsageError`.

    Its text is dropped, and it is not the cause: some backends quote the command that they ran.
    """
    try:
        yield
    except UsageError:
        raise
    except Exception as error:  # noqa: BLE001 - backends may raise anything
        raise UsageError(
            f"the keyring of this machine cannot be used ({type(error).__name__})", help=_HELP
        ) from None
