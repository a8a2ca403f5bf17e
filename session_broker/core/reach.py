"""Where other devices find this broker, and whether a request came from where they do."""

from __future__ import annotations

from dataclasses import dataclass

from session_broker.core.host_rules import host_name

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True, slots=True)
class Reach:
    """Addresses for other devices."""

    https_url: str
    """Base address, without a slash at the end."""
    trust_url: str | None = None
    """Page over plain HTTP that says how to trust this machine's certificates; None where browsers do already."""


def base_for_devices(origin: str | None, host_header: str, reach: Reach | None) -> str | None:
    """Return the base address that a link for another device carries.

    Args:
        origin: The asking page's origin, already checked. It holds behind a proxy as well, where a host does not tell
            the scheme.
        host_header: The request's Host header, already checked.
        reach: Where this broker itself serves other devices.

    Returns:
        None if no other device can reach this broker.
    """
    if host_name(host_header) not in LOOPBACK_NAMES and origin is not None:
        return origin
    return reach.https_url if reach is not None else None
