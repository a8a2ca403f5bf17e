"""Voices: short plucked tones, one for each thing that happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .rules import Happening, What

RATE_HZ = 48_000
VOICES_MAX = 12
_SCALE_HZ = (523.25, 587.33, 659.25, 783.99, 880.0, 1046.5, 1174.7, 1318.5, 1568.0)
"""A pentatonic scale: whatever breaks together sounds together."""


@dataclass(slots=True)
class Voice:
    """A tone that dies away."""

    hz: float
    loud: float
    fade_s: float
    bend: float = 0.0
    """Share by which its pitch moves in a second."""
    frame: int = 0


class Voices:
    """All tones that ring."""

    def __init__(self) -> None:
        self._ringing: list[Voice] = []

    def note(self, happened: Iterable[Happening]) -> None:
        """Strike a tone for each."""
        for one in happened:
            self._ringing += _tones(one)
        del self._ringing[:-VOICES_MAX]

    def mix(self, block: NDArray[np.float32]) -> None:
        """Add all tones to a block of sound."""
        for voice in self._ringing:
            at = (voice.frame + np.arange(len(block))) / RATE_HZ
            wave = np.sin(2 * np.pi * voice.hz * (at + voice.bend * at * at / 2))
            wave += 0.3 * np.sin(4 * np.pi * voice.hz * at)
            swell = np.minimum(at / 0.003, 1.0)
            block += (voice.loud * wave * swell * np.exp(-at / voice.fade_s)).astype(np.float32)[:, None]
            voice.frame += len(block)
        self._ringing = [voice for voice in self._ringing if voice.frame < 6 * voice.fade_s * RATE_HZ]


def _tones(one: Happening) -> list[Voice]:
    match one.what:
        case What.WALL:
            return [Voice(196.0, 0.08, 0.03)]
        case What.PADDLE:
            return [Voice(261.63, 0.18, 0.08)]
        case What.CHIP:
            return [Voice(_SCALE_HZ[-1 - one.value] * 2, 0.08, 0.05)]
        case What.BREAK:
            return [Voice(_SCALE_HZ[-1 - one.value], 0.2, 0.16)]
        case What.GEM:
            return [Voice(hz, 0.12, 0.3) for hz in (1046.5, 1318.5, 1568.0)]
        case What.CLEAR:
            return [Voice(hz, 0.14, 0.8) for hz in (523.25, 659.25, 783.99, 1046.5)]
        case What.LOST:
            return [Voice(220.0, 0.25, 0.4, bend=-0.6)]
        case What.OVER:
            return [Voice(hz, 0.18, 0.9, bend=-0.3) for hz in (220.0, 261.63, 329.63)]
