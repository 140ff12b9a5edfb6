"""Sandbox orgs with TLS, and a keyring and configuration for each test."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from bulkflow_salesforce.http.network import Network
from bulkflow_sandbox.testing import LocalOrg, local_org
from support.logins import MemoryKeyring, app
from support.workshop import Workshop


@pytest.fixture
def vault() -> Iterator[MemoryKeyring]:
    before, mine = keyring.get_keyring(), MemoryKeyring()
    keyring.set_keyring(mine)
    yield mine
    keyring.set_keyring(before)


@pytest.fixture(scope="session")
def key() -> str:
    """A private key, as PEM."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture(scope="session")
def public_key(key: str) -> str:
    public = load_pem_private_key(key.encode(), None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def org(public_key: str) -> Iterator[LocalOrg]:
    """An org with TLS, and an app for every flow."""
    with local_org(tls=True) as org:
        org.sandbox.logins.register(app(public_key))
        yield org


@pytest.fixture
def network(org: LocalOrg) -> Network:
    assert org.certificate is not None
    return Network(ca_file=org.certificate.authority)


@pytest.fixture
def workshop(tmp_path: Path, org: LocalOrg, vault: MemoryKeyring, monkeypatch) -> Workshop:
    """The command line, with its own configuration, which trusts the org."""
    assert org.certificate is not None
    folder = tmp_path / "config"
    monkeypatch.setenv("SSL_CERT_FILE", str(org.certificate.authority))
    monkeypatch.setenv("BULKFLOW_CONFIG_DIR", str(folder))
    return Workshop(tmp_path, {"BULKFLOW_CONFIG_DIR": str(folder), "PATH": os.environ["PATH"]})
