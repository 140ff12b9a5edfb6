"""The address that a sandbox listens on, and whether other machines can reach it."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from attrs import frozen

from bulkflow.errors import UsageError


@frozen
class ListenAddress:
    """A numeric address of this machine, such as `127.0.0.1`."""

    host: str

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host).is_loopback

    @property
    def wildcard(self) -> bool:
        """Whether it means all addresses of the machine."""
        return ip_address(self.host).is_unspecified


def read_address(host: str) -> ListenAddress:
    """Resolve a host name or address once, for both the check and the use.

    Raises:
        UsageError: The host is unknown.
    """
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", None, type=socket.SOCK_STREAM)  # noqa: S104
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"unknown host {host!r}",
            help="give --host an address of this machine, such as 127.0.0.1",
        ) from error
    # Prefer IPv4, because most clients try it first.
    usable = sorted(found, key=lambda one: one[0] is not socket.AF_INET)
    return ListenAddress(str(usable[0][4][0]))


def check_reach(address: ListenAddress, *, allow_remote: bool, tls: bool) -> str | None:
    """Return a warning if other machines can reach an address.

    Args:
        address: The address to listen on.
        allow_remote: Whether other machines may reach it.
        tls: Whether the sandbox serves https.

    Raises:
        UsageError: Other machines may not reach it, or bulkflow refuses plain http to it.
    """
    if address.local:
        return None
    if not allow_remote:
        raise UsageError(
            f"other machines could reach the sandbox at {address.host}",
            help="add --allow-remote to allow that, or remove --host",
        )
    if tls:
        return "other machines can reach the sandbox; anyone with a token can read its rows"
    if not address.wildcard:
        raise UsageError(
            f"http://{address.host} would expose tokens and rows to the network, and bulkflow uses "
            "plain http only on this machine",
            help="add --tls; or use --host 0.0.0.0, and connect to 127.0.0.1 on this machine",
        )
    return (
        "other machines can reach the sandbox over plain http, which exposes tokens and rows to "
        "the network; --tls and --tls-name encrypt them"
    )
