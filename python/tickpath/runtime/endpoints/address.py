"""Where the endpoints listen: ``[HOST:]PORT``, loopback unless something else is allowed in so many words."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from tickpath.errors import ArgumentValueError

__all__ = ["HttpAddress", "is_local", "parse_address"]

_LOOPBACK = "127.0.0.1"
_PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class HttpAddress:
    """An IP address and a port; port 0 is any that is free.

    >>> str(HttpAddress("::1", 9464))
    '[::1]:9464'
    """

    host: str
    """The address in numbers, version 4 or 6."""
    port: int
    """The port."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str, *, allow_remote: bool = False) -> HttpAddress:
    """The address that ``text`` names: ``9464``, ``localhost:9464``, ``[::1]:0``.

    No name but ``localhost`` is looked up. Raises ``ArgumentValueError`` for anything else, and for an
    address that other machines reach unless ``allow_remote``: there is neither a password nor encryption.

    >>> parse_address("localhost:9464")
    HttpAddress(host='127.0.0.1', port=9464)
    >>> parse_address("0.0.0.0:9464", allow_remote=True).host
    '0.0.0.0'
    """
    host, colon, port_text = text.rpartition(":")
    if not (port_text.isascii() and port_text.isdigit()) or int(port_text) > _PORT_MAX:
        raise ArgumentValueError(
            f"an address for HTTP is [HOST:]PORT with a port from 0 to {_PORT_MAX}, got {text!r}"
        )
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ArgumentValueError(f"an IPv6 address is put into brackets, as in [::1]:9464, got {text!r}")
    if not colon or host == "localhost":
        host = _LOOPBACK
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        raise ArgumentValueError(
            f"the host of an HTTP address is localhost or an IP address, got {host!r} in {text!r}"
        ) from None
    if not address.is_loopback and not allow_remote:
        raise ArgumentValueError(
            f"{text!r} can be reached from other machines, without password or encryption: use a loopback "
            f"address such as {_LOOPBACK}:{port_text}, or allow it with --http-allow-remote"
        )
    return HttpAddress(str(address), int(port_text))


def is_local(host: str) -> bool:
    """Whether ``host`` is ``localhost`` or a loopback address, in brackets or not."""
    try:
        return host.lower() == "localhost" or ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
