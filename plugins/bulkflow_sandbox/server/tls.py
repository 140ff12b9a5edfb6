"""A certificate for the sandbox's addresses, signed by an authority that is made for it.

The key of the authority is never written. Clients that trust the authority therefore trust only
this certificate.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from attrs import frozen

from bulkflow.distribution import get_install_command
from bulkflow_sandbox.core.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""The names in every certificate."""

_LIFE: Final = timedelta(days=397)  # browsers reject longer-lived certificates
_LEAST_LIFE: Final = timedelta(days=1)
_VARIABLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")


@frozen
class Certificate:
    """The PEM files of a certificate: the chain, the key, and the authority to trust."""

    chain: Path
    key: Path
    authority: Path

    @property
    def pair(self) -> tuple[Path, Path]:
        """The files that a server needs."""
        return self.chain, self.key

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that make OpenSSL, requests, curl and Node.js trust the authority."""
        return dict.fromkeys(_VARIABLES, str(self.authority))


def ensure_certificate(
    folder: Path, names: tuple[str, ...] = (), *, now: datetime | None = None
) -> Certificate:
    """Return the certificate in a folder; make one if it is missing, expired or lacks a name.

    Args:
        folder: The folder, created if missing.
        names: Host names and addresses in addition to `NAMES`.
        now: The present moment, for the expiry.

    Raises:
        SandboxError: The folder cannot be used, or the library for certificates is missing.
    """
    made = Certificate(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    wanted = tuple(dict.fromkeys((*NAMES, *names)))
    now = now or datetime.now(UTC)
    try:
        if not _is_usable(made, wanted, now):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_files(made, wanted, now)
    except ImportError as error:
        raise SandboxError(
            "TLS needs the library trustme, which is not installed",
            help=get_install_command("sandbox"),
        ) from error
    except OSError as error:
        raise SandboxError(
            f"cannot keep a certificate in {folder}: {error.strerror or error}",
            help="choose a folder that you can write to",
        ) from error
    return made


def _is_usable(made: Certificate, names: tuple[str, ...], now: datetime) -> bool:
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate(made.chain.read_bytes())
        known = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (FileNotFoundError, ValueError, x509.ExtensionNotFound):
        return False
    covered = {str(name.value) for name in known}
    return (
        made.key.exists()
        and made.authority.exists()
        and covered.issuperset(names)
        and certificate.not_valid_after_utc - now > _LEAST_LIFE
    )


def _make_files(made: Certificate, names: tuple[str, ...], now: datetime) -> None:
    import trustme

    authority = trustme.CA(organization_name="bulkflow sandbox")
    leaf = authority.issue_cert(*names, not_after=now + _LIFE)
    authority.cert_pem.write_to_path(made.authority)
    made.key.unlink(missing_ok=True)
    with os.fdopen(os.open(made.key, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(leaf.private_key_pem.bytes())
    made.chain.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
