"""Checks the address of a central server: https, or plain http where it is safe. Opens no connection."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


class AddressError(ValueError):
    """The address of the server is malformed or not allowed; the message says why."""


def check_url(url: str, *, plain_http: bool = False) -> str:
    """Check a server's address and return it without a slash at its end. Raises AddressError.

    `plain_http` allows http:// to other machines; to this one it is always allowed.
    """
    url = url.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise AddressError(f'"{url}" is no address of a server: {error}') from error
    if parts.scheme not in ("https", "http") or not host:
        raise AddressError(f'"{url}" is no address of a server: expected something like https://kiosks.example.org')
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise AddressError("the address of the server is a host, with a port and a path where it has them, and no more")
    if parts.scheme == "http" and not plain_http and not is_this_machine(host):
        raise AddressError(
            f"{url} would send names and tokens readable by anyone on the way: use https://, or set plain_http = true "
            "under [server] in a network of your own"
        )
    return url


def is_this_machine(host: str) -> bool:
    """Tell whether a host name or number is this machine's loopback interface."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
