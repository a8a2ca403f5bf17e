"""Which rung feeds a spectator: that of the players, or the reduced one for networks that cannot carry it.

What the players see follows their own networks alone. A spectator whose network carries clearly less would see
little but pauses for keyframes, so it moves to a rung with fewer bits and frames, and comes back when its network
carries the players' rate again; each time that this did not last, it waits longer before it tries anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wire.session_control import VideoCodec

REDUCED_MAX_BPS = 2_000_000
"""Most that the reduced rung is encoded at."""

REDUCED_FPS = 30
"""Its frame rate: half of the players' encoding time, and of the bits more for each picture."""

POOR_SHARE = 0.8
"""Part of the players' rate below which a network counts as poor."""

DOWN_AFTER_US = 2_000_000
UP_AFTER_US, UP_AFTER_MAX_US = 10_000_000, 80_000_000
RELAPSE_US = 30_000_000
"""Going down within this time after coming back doubles the wait for the next try."""


class Tier(StrEnum):
    """Rungs of one codec."""

    FULL = "full"
    """The players', and everybody's who can follow."""
    REDUCED = "reduced"


@dataclass(frozen=True, slots=True)
class RungKey:
    """Names a rung of a session."""

    codec: VideoCodec
    tier: Tier = Tier.FULL


class RungChoice:
    """Chooses for one spectator."""

    def __init__(self) -> None:
        self.tier = Tier.FULL
        self._since_us: int | None = None
        self._returned_us: int | None = None
        self._up_after_us = UP_AFTER_US

    def take(self, carried_bps: int, full_bps: int, now_us: int) -> Tier:
        """Return the tier from now on; call about once a second.

        Args:
            carried_bps: What the spectator's network carries.
            full_bps: What the players' rung is encoded at.
            now_us: Monotonic clock.
        """
        on_full = self.tier is Tier.FULL
        leaves = carried_bps < POOR_SHARE * full_bps if on_full else carried_bps >= full_bps
        if not leaves:
            self._since_us = None
        elif self._since_us is None:
            self._since_us = now_us
        elif now_us - self._since_us >= (DOWN_AFTER_US if on_full else self._up_after_us):
            self._move(now_us)
        return self.tier

    def _move(self, now_us: int) -> None:
        self._since_us = None
        if self.tier is Tier.REDUCED:
            self.tier, self._returned_us = Tier.FULL, now_us
            return
        relapsed = self._returned_us is not None and now_us - self._returned_us < RELAPSE_US
        self._up_after_us = min(2 * self._up_after_us, UP_AFTER_MAX_US) if relapsed else UP_AFTER_US
        self.tier = Tier.REDUCED
