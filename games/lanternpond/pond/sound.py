"""Plays the sounds. One is made per frame after the first picture, so that the game starts at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pygame

from . import synth

MUSIC_VOLUME = 0.5


class Sounds:
    """Silent where the machine has no mixer."""

    def __init__(self) -> None:
        self._sounds: dict[str, pygame.mixer.Sound] = {}
        self._work = self._make() if pygame.mixer.get_init() else iter(())

    def prepare(self) -> None:
        """Make the next sound; called once a frame."""
        next(self._work, None)

    def play(self, name: str, volume: float = 1.0) -> None:
        """Play a sound that is made already."""
        sound = self._sounds.get(name)
        channel = sound.play() if sound else None
        if channel is not None:
            channel.set_volume(volume)

    def note(self, step: int) -> None:
        """Pluck a note that climbs with a path's length."""
        self.play(f"note{min(step, synth.NOTES - 1)}", 0.7)

    def _make(self) -> Iterator[None]:
        for name, maker in synth.effects().items():
            self._sounds[name] = _as_sound(maker())
            yield
        bars = []
        for bar in synth.music():
            bars.append(bar)
            yield
        channel = _as_sound(np.concatenate(bars)).play(loops=-1, fade_ms=2500)
        if channel is not None:
            channel.set_volume(MUSIC_VOLUME)


def _as_sound(wave: synth.Wave) -> pygame.mixer.Sound:
    _, _, channels = pygame.mixer.get_init() or (synth.RATE_HZ, -16, 2)
    samples = (np.clip(wave, -1, 1) * 0.8 * 32767).astype(np.int16)
    return pygame.mixer.Sound(buffer=np.repeat(samples[:, None], channels, axis=1).tobytes())
