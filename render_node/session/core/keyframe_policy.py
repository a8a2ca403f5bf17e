"""When a request for a keyframe is granted.

A keyframe costs several frames' worth of bits on everybody's rung. Browsers repeat their requests until they have a
picture, so a refused one needs no memory here.
"""

from __future__ import annotations

from wire.session_control import Role

PLAYER_INTERVAL_US = 200_000
"""Least time between keyframes asked for by players; requests within it are answered by the one on its way."""

SPECTATOR_INTERVAL_US = 2_000_000
"""A spectator gets none while the rung's newest keyframe is younger than this."""

_INTERVAL_US = {Role.PLAYER: PLAYER_INTERVAL_US, Role.SPECTATOR: SPECTATOR_INTERVAL_US}


class KeyframePolicy:
    """Debounces requests; one per rung for what reaches the encoder, one per peer for what it may ask."""

    def __init__(self) -> None:
        self._granted_us: int | None = None

    def request(self, role: Role, now_us: int) -> bool:
        """Tell whether to make a keyframe now."""
        if self._granted_us is not None and now_us - self._granted_us < _INTERVAL_US[role]:
            return False
        self._granted_us = now_us
        return True

    def note_keyframe(self, now_us: int) -> None:
        """A keyframe was made for another reason; it serves those who wait as well."""
        self._granted_us = now_us
