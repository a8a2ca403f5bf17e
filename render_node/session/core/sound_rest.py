"""When silence is not worth a packet (discontinuous transmission): pure, counts blocks of 10 ms.

Opus' own way is not there in its low-delay mode. What is sent instead is what it would send: a frame without data
(RFC 6716 §3.1: silence, or lost), again every 400 ms. Browsers then make the silence themselves and keep their buffer
as it is, since the RTP time of the next sound says how long it lasted.
"""

from __future__ import annotations

from enum import Enum, auto

REST_AFTER_BLOCKS = 50
"""Silence that is still encoded: after 37 blocks Opus' own frames are empty, the sound's last trace decayed."""

REPEAT_BLOCKS = 40
"""Between frames without data, as libopus sends them."""


class Sent(Enum):
    """What goes out for a block."""

    SOUND = auto()
    """The block, encoded."""
    REST = auto()
    """A frame without data."""
    NOTHING = auto()


class SoundRest:
    """Follows one stream's blocks."""

    def __init__(self) -> None:
        self._silent_blocks = 0

    @property
    def rests(self) -> bool:
        """Whether silence is not encoded any more."""
        return self._silent_blocks >= REST_AFTER_BLOCKS

    def take(self, *, silent: bool) -> Sent:
        """Return what to send for the next block; any sound at all ends the rest at once."""
        if not silent:
            self._silent_blocks = 0
            return Sent.SOUND
        if not self.rests:
            self._silent_blocks += 1
            return Sent.SOUND
        rested = self._silent_blocks - REST_AFTER_BLOCKS
        self._silent_blocks += 1 if rested < REPEAT_BLOCKS - 1 else 1 - REPEAT_BLOCKS
        return Sent.REST if rested == 0 else Sent.NOTHING
