"""When a peer counts as lost: nothing valid was heard from it for a while.

aiortc itself needs 31 s to notice. A page that lives sends RTCP reports, acknowledges story messages and asks for the
clock at least twice a second, so two silent seconds mean that it is gone or unreachable.
"""

from __future__ import annotations

SILENT_US = 2_000_000
"""Silence after which a connected peer is lost."""

CONNECT_US = 10_000_000
"""Time from the answer until media must be able to flow."""


class Liveness:
    """Remembers when something authenticated last came from a peer."""

    def __init__(self, silent_us: int = SILENT_US) -> None:
        self._silent_us = silent_us
        self._heard_us: int | None = None

    def heard(self, now_us: int) -> None:
        """Note valid traffic: a STUN check with integrity, RTCP or data that decrypted."""
        self._heard_us = now_us if self._heard_us is None else max(self._heard_us, now_us)

    @property
    def heard_us(self) -> int | None:
        """When something was last heard; None before."""
        return self._heard_us

    def is_lost(self, now_us: int) -> bool:
        """Tell whether the peer has been silent too long; never before it was first heard."""
        return self._heard_us is not None and now_us - self._heard_us > self._silent_us
