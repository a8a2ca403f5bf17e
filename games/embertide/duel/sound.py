"""Plays the sounds of a match. One is made per frame after the first picture, so that the game starts at once."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pygame

from . import synth
from .pieces import Event, What

MUSIC_VOLUME = 0.32
_PLAIN = {
    What.GOAL: "goal", What.SERVE: "serve", What.GLYPH_SHOWN: "serve", What.GLYPH_TAKEN: "glyph",
    What.WARD_BROKEN: "ward", What.WON: "won", What.PULSE: "pulse",
}  # fmt: skip


class Sounds:
    """Silent where the machine has no mixer."""

    def __init__(self) -> None:
        self._sounds: dict[str, pygame.mixer.Sound] = {}
        self._music: pygame.mixer.Channel | None = None
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

    def hear(self, event: Event, rally: int) -> None:
        """Play what an event sounds like; hits climb with the rally."""
        if event.what is What.HIT:
            self.play(f"hit{min(rally // 2, 7)}", 0.35 + 0.65 * event.strength)
        elif event.what is What.WALL:
            self.play("wall", 0.2 + 0.6 * event.strength)
        else:
            self.play(_PLAIN[event.what], 0.8)

    def pause(self, paused: bool) -> None:
        """Hold the music down while the match rests."""
        if self._music is not None:
            self._music.set_volume(MUSIC_VOLUME * (0.35 if paused else 1.0))

    def _make(self) -> Iterator[None]:
        for name, maker in synth.effects().items():
            self._sounds[name] = _as_sound(maker())
            yield
        bars = []
        for bar in synth.music():
            bars.append(bar)
            yield
        self._music = _as_sound(np.concatenate(bars)).play(loops=-1, fade_ms=1500)
        self.pause(False)


def _as_sound(wave: synth.Wave) -> pygame.mixer.Sound:
    _, _, channels = pygame.mixer.get_init() or (synth.RATE_HZ, -16, 2)
    samples = (np.clip(wave, -1, 1) * 0.8 * 32767).astype(np.int16)
    return pygame.mixer.Sound(buffer=np.repeat(samples[:, None], channels, axis=1).tobytes())
