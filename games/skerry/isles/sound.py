"""Wind, which rises with the speed, and chimes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .flight import SPEED, Flight, What

RATE_HZ = 48_000
_NOISE_FRAMES = 1 << 16
_CHIMES = {
    What.RING: (784.0, 1174.7, 1568.0),
    What.MISS: (261.6,),
    What.BUMP: (98.0, 104.0),
    What.OVER: (392.0, 493.9, 587.3, 784.0),
}


class Sounds:
    """Owns the noise of the wind and the chimes that ring."""

    def __init__(self) -> None:
        noise = np.random.default_rng(1).standard_normal(_NOISE_FRAMES)
        smooth = np.fft.rfft(noise) / (1.0 + np.arange(_NOISE_FRAMES // 2 + 1) / 900.0) ** 2
        wind = np.fft.irfft(smooth)
        self._wind = wind / np.max(np.abs(wind))
        self._frame = 0
        self._ringing: list[tuple[float, int]] = []

    def note(self, happened: Iterable[What]) -> None:
        """Strike chimes."""
        for what in happened:
            self._ringing += [(hz, self._frame) for hz in _CHIMES[what]]

    def mix(self, block: NDArray[np.float32], flight: Flight) -> None:
        """Fill a block of sound."""
        frames = self._frame + np.arange(len(block))
        loud = 0.05 + 0.16 * (flight.speed / SPEED - 0.6)
        for side, shift in ((0, 0), (1, 4800)):
            block[:, side] += (loud * self._wind[(frames + shift) % _NOISE_FRAMES]).astype(np.float32)
        for hz, begun in self._ringing:
            at = (frames - begun) / RATE_HZ
            wave = np.sin(2 * np.pi * hz * at) + 0.25 * np.sin(5.4 * np.pi * hz * at)
            block += (0.09 * wave * np.exp(-at / 0.45) * np.minimum(at / 0.004, 1.0)).astype(np.float32)[:, None]
        self._frame += len(block)
        self._ringing = [(hz, begun) for hz, begun in self._ringing if self._frame - begun < 3 * RATE_HZ]
