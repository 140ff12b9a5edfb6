"""The address that a sandbox listens on, and who can reach it there."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from attrs import frozen

from bulkflow.errors import UsageError


@frozen
class ListenAddress:
    """An address of this machine in numbers, such as `127.0.0.1`."""

    host: str

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return ip_address(self.host).is_loopback

    @property
    def wildcard(self) -> bool:
        """Whether it stands for all addresses of the machine."""
        return ip_address(self.host).is_unspecified


def read_address(host: str) -> ListenAddress:
    """Read an address, or look up that of a host name, so that what is checked is what is used.

    Raises:
        UsageError: There is no such host.
    """
    try:
        found = socket.getaddrinfo(host or "0.0.0.0", None, type=socket.SOCK_STREAM)  # noqa: S104
    except (OSError, UnicodeError) as error:
        raise UsageError(
            f"there is no address {host!r} to listen on",
            help="give --host an address of this machine, such as 127.0.0.1",
        ) from error
    # IPv4 first, as for 127.0.0.1: most clients try it first.
    usable = sorted(found, key=lambda one: one[0] is not socket.AF_INET)
    return ListenAddress(str(usable[0][4][0]))


def check_reach(address: ListenAddress, *, allow_remote: bool, tls: bool) -> str | None:
    """Return a warning for an address that other machines reach.

    Args:
        address: Where the sandbox is to listen.
        allow_remote: Whether other machines may reach it.
        tls: Whether it speaks https.

    Raises:
        UsageError: Other machines may not, or no client of this project would speak to it.
    """
    if address.local:
        return None
    if not allow_remote:
        raise UsageError(
            f"other machines could reach the sandbox at {address.host}",
            help="add --allow-remote if they may, or leave --host out",
        )
    if tls:
        return "other machines can reach the sandbox; whoever has a token of it can read its rows"
    if not address.wildcard:
        raise UsageError(
            f"http://{address.host} would show tokens and rows to the network, and bulkflow takes "
            "plain http for this machine only",
            help="add --tls; or give --host 0.0.0.0, which is reached from here at 127.0.0.1",
        )
    return (
        "other machines can reach the sandbox by plain http, which shows tokens and rows to the "
        "network; --tls and --tls-name encrypt them"
    )
