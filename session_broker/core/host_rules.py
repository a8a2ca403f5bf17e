"""Which Host and Origin a request may carry (DNS rebinding, cross-site requests), and which navigation must ask.

Source: Fetch metadata (W3C ``Sec-Fetch-Site``), RFC 9110 §7.2 (Host), RFC 6454 (Origin).
"""

from __future__ import annotations

import re
from collections.abc import Collection

_HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::(?P<port>\d{1,5}))?")

ASK_SITES = frozenset({"cross-site", "same-site"})
"""``Sec-Fetch-Site`` of navigations that another page started; another port of this host is ``same-site``."""


def host_name(header: str) -> str | None:
    """Return the lower-case name in a Host header without its port; None if it is not one."""
    match = _HOST.fullmatch(header)
    return match["name"].lower().rstrip(".") if match else None


def host_allowed(header: str, allowed: Collection[str]) -> bool:
    """Tell whether a Host header names this server."""
    name = host_name(header)
    return name is not None and name in allowed


def origin_allowed(origin: str, host_header: str, extra: Collection[str]) -> bool:
    """Tell whether a request from ``origin`` may reach this server: the page that it served itself, or a listed one.

    Args:
        origin: The Origin header.
        host_header: The Host header, already found to be allowed.
        extra: Origins that the operator listed, such as ``https://play.example.org`` before a proxy.
    """
    if origin in extra:
        return True
    scheme, mark, rest = origin.partition("://")
    return bool(mark) and scheme in ("http", "https") and rest.lower() == host_header.lower()


def must_ask(fetch_site: str | None, already_asked: bool) -> bool:
    """Tell whether a navigation to ``/play`` must be asked about before it may take a slot."""
    return fetch_site in ASK_SITES and not already_asked
