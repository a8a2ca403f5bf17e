"""An SDK title's sound: a block of floats per tick, handed on as signed 16-bit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from farplay_sdk.title import SOUND_RATE_HZ, Title
from render_node.title.sound_feed import SoundFeed
from render_node.title.worker_link import WorkerLink


def frames_of_tick(tick: int, tick_hz: int) -> int:
    """Return how many frames of sound belong to a tick, such that none is lost or doubled over many ticks."""
    return (tick + 1) * SOUND_RATE_HZ // tick_hz - tick * SOUND_RATE_HZ // tick_hz


def to_pcm16(block: NDArray[np.float32]) -> bytes:
    """Return floats from -1 to 1 as signed 16-bit; what is beyond is clipped, and NaN is silence."""
    return (np.clip(np.nan_to_num(block), -1.0, 1.0) * 32767.0).astype("<i2").tobytes()


class SoundBlocks:
    """Asks the title for a block each tick; a title that does not override ``sound`` has none."""

    def __init__(self, title: Title, sound_fd: int, link: WorkerLink) -> None:
        self._title = title
        self._tick = 0
        sounds = type(title).sound is not Title.sound
        self._feed = SoundFeed(sound_fd, link, SOUND_RATE_HZ) if sounds else None

    def play(self) -> None:
        """Play the block of this tick."""
        if self._feed is None:
            return
        block = np.zeros((frames_of_tick(self._tick, self._title.tick_hz), 2), np.float32)
        self._tick += 1
        self._title.sound(block)
        self._feed.play(to_pcm16(block))
