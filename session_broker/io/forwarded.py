"""What travels with a request that another replica carries, in place of cookies.

Those would open an account to whoever reads a row of the bus, be it in a backup or in the database's log.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import HTTPConnection

FORWARDED = "farplay.forwarded"
"""Key of the ASGI scope, which no client can write."""


@dataclass(slots=True)
class Forwarded:
    """Who asks, as the asking replica found by the cookie, and whom the answer signs in."""

    device_id: str | None
    """The signed-in browser; None for nobody."""
    signs_in: str | None = None
    """A signed-in browser that was made for whoever asks; the asking replica gives it its cookie."""


def forwarded_of(connection: HTTPConnection) -> Forwarded | None:
    """Return what came with a request from another replica; None for one that came by itself."""
    known: Forwarded | None = connection.scope.get(FORWARDED)
    return known
