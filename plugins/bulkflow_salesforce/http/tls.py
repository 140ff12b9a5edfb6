"""TLS settings: trusted certificate authorities and the client certificate."""

from __future__ import annotations

import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from bulkflow.errors import UsageError
from bulkflow.path_checks import is_folder

if TYPE_CHECKING:
    from bulkflow_salesforce.http.network import Network


def make_tls_context(network: Network) -> ssl.SSLContext:
    """Make the context of all TLS connections.

    Raises:
        UsageError: The authorities or the client certificate cannot be used.
    """
    ca_file, certificate = network.ca_file, network.client_certificate
    if ca_file is None:
        _check_trust_variables()
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise UsageError(
            f"the certificate authorities in {ca_file} cannot be read: {error.strerror or error}",
            help="give a PEM file with the certificates to trust",
        ) from error
    if certificate is not None:
        try:
            # An empty password fails where OpenSSL would otherwise ask the terminal for one.
            context.load_cert_chain(certificate, network.client_key, password="")
        except OSError as error:
            raise UsageError(
                f"the client certificate in {certificate} cannot be used: "
                f"{error.strerror or error}",
                help="give PEM files of a certificate and of its key, without a password",
            ) from error
    return context


def _check_trust_variables() -> None:
    """Check the variables for certificate authorities; OpenSSL ignores wrong ones silently.

    Raises:
        UsageError: A variable points to nothing, or to a file without certificates.
    """
    file, folders = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    if file:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except OSError as error:
            reason = "no certificates in it" if isinstance(error, ssl.SSLError) else error.strerror
            raise UsageError(
                f"SSL_CERT_FILE: the certificate authorities in {file} cannot be read: {reason}",
                help="set SSL_CERT_FILE to a PEM file with the certificates to trust, or unset it",
            ) from error
    if folders and not any(is_folder(Path(each)) for each in folders.split(os.pathsep) if each):
        raise UsageError(
            f"SSL_CERT_DIR: there is no folder {folders}",
            help="set SSL_CERT_DIR to a folder with the certificates to trust, or unset it",
        )
