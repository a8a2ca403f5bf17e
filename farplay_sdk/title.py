"""The class that every title of this kind derives from."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from farplay_sdk.canvas import ArrayCanvas, Canvas
from farplay_sdk.inputs import Inputs

SOUND_RATE_HZ = 48_000
"""Samples per second and channel of ``Title.sound``."""


@dataclass(frozen=True, slots=True)
class Stream:
    """How the picture reaches the player who is worst off; zero while nobody is connected.

    For showing and for drawing less, never for ``update``: it differs between two runs of the same game.
    """

    latency_ms: float = 0.0
    """Round trip between this title's machine and the player's browser."""
    loss: float = 0.0
    """Share of packets that were lost lately, 0 to 1."""
    bitrate_bps: int = 0
    """Video that the network carries, bits per second."""


class Title:
    """A game: override what you need.

    Each tick is ``update``, ``draw``, ``sound``, in this order, in one thread. ``update`` must be deterministic: the
    same seed, inputs and state give the same game on every machine, which is what lets a session be replayed, resumed
    and moved. So take chance from ``self.random`` only, and never look at clocks, files or ``self.stream`` there.
    """

    size: ClassVar[tuple[int, int]] = (1280, 720)
    """Width and height of the picture in pixels; 16 to 1920 and 16 to 1080."""
    tick_hz: ClassVar[int] = 60
    """Ticks, and so frames, per second; 1 to 240. A title that is too slow runs slower: no tick is left out."""

    random: Random
    """Chance for ``start`` and ``update``: seeded by the session, and kept with the state."""
    stream: Stream = Stream()
    """Facts about the stream, renewed about once a second."""

    def start(self) -> None:
        """Set the game up; called once, before anything else. Make your attributes here."""

    def update(self, inputs: Inputs) -> None:
        """Go on by one tick of ``1 / tick_hz`` seconds.

        Args:
            inputs: What the players did since the last tick, and what they hold.
        """

    def draw(self, frame: NDArray[np.uint8]) -> None:
        """Draw the game as it is now; must not change it.

        Args:
            frame: ``(height, width, 3)`` red, green, blue, the first row on top. Holds what was drawn last time;
                borrowed for the call. Its rows are not contiguous in memory: write into it, do not reshape it.
        """

    def open_canvas(self) -> Canvas:
        """Return what this title draws on; for hosts."""
        return ArrayCanvas(self.size, self.draw)

    def sound(self, block: NDArray[np.float32]) -> None:
        """Fill in the sound that belongs to this tick; a title without it is silent.

        Args:
            block: ``(frames, 2)`` left and right from -1 to 1, at 48 kHz, zero before. ``frames`` is 48,000 /
                ``tick_hz``, now and then one more. Borrowed for the call.
        """

    def save_state(self) -> bytes | None:
        """Return all that ``update`` goes by, or None if the title keeps no state. Must not change the game.

        Called about every ten seconds and when the session ends, so keep it short: a few milliseconds, a few MiB.
        Inputs that are held and ``self.random`` are kept for you.
        """
        return None

    def load_state(self, state: bytes) -> None:
        """Go on from what ``save_state`` returned, after ``start``, perhaps in a newer version of the title.

        Raises:
            ValueError: the title cannot read it; the game then begins anew and the old state is put aside.
        """
        raise ValueError("this title loads no state")
