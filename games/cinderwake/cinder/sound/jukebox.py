"""Plays effects and music; silent where there is no sound device, or when the player wishes so."""

from __future__ import annotations

from collections.abc import Iterator

import pygame

from ..rules.things import Happening, Kind, What
from ..rules.traits import BOSSES, TRAITS
from . import music
from .effects import EFFECTS
from .synth import RATE_HZ, pcm

CHANNELS = 24
LAYERS = (music.calm_layer, music.pulse_layer, music.blaze_layer)
MUSIC_VOLUME = 0.5
FADE = 0.02
"""Share of the way to a layer's wished volume that is made in a tick."""

GAPS: dict[str, int] = {"shot": 5, "hit": 4, "kill": 3, "ember": 4, "foe_shot": 7, "blocked": 6}
"""Ticks for which the same sound is not started again."""


def prepare() -> None:
    """Ask for the format that the sounds are made in; before ``pygame.init``."""
    pygame.mixer.pre_init(RATE_HZ, -16, 2, 512)


class Jukebox:
    """Owns the mixer's channels."""

    def __init__(self, *, on: bool) -> None:
        self.on = on
        self._tick = 0
        self._last: dict[str, int] = {}
        self._sounds: dict[str, pygame.mixer.Sound] = {}
        self._layers: list[pygame.mixer.Channel] = []
        self._volumes = [0.0] * len(LAYERS)
        self._composing: Iterator[None] = iter(())
        if not pygame.mixer.get_init():
            return
        pygame.mixer.set_num_channels(CHANNELS)
        pygame.mixer.set_reserved(len(LAYERS))
        for name, (make, volume) in EFFECTS.items():
            self._sounds[name] = pygame.mixer.Sound(buffer=pcm(make()).tobytes())
            self._sounds[name].set_volume(volume)
        self._composing = self._compose()

    def _compose(self) -> Iterator[None]:
        """Make the music piece by piece, then start all layers at once."""
        loops = []
        for layer in LAYERS:
            left, right = yield from layer()
            loops.append(pygame.mixer.Sound(buffer=pcm(left, right).tobytes()))
            yield
        self._layers = [pygame.mixer.Channel(index) for index in range(len(LAYERS))]
        for channel, loop in zip(self._layers, loops, strict=True):
            channel.play(loop, loops=-1)
            channel.set_volume(0.0)

    def switch(self) -> None:
        """Turn all sound on or off."""
        self.on = not self.on
        if not self.on:
            for index in range(len(LAYERS), CHANNELS if self._sounds else 0):
                pygame.mixer.Channel(index).stop()

    def play(self, name: str) -> None:
        """Play an effect unless it has just begun."""
        if not self.on or name not in self._sounds:
            return
        if self._tick - self._last.get(name, -1000) < GAPS.get(name, 1):
            return
        self._last[name] = self._tick
        self._sounds[name].play()

    def hear(self, happening: Happening) -> None:
        """Play what belongs to something that happened."""
        name = happening.what.value
        if happening.what is What.KILL and TRAITS[happening.kind or Kind.MOTE].radius >= 21:
            name = "big_kill"
        if happening.what is What.KILL and happening.kind in BOSSES:
            return
        self.play(name)

    def tick(self, intensity: int) -> None:
        """Let a tick pass; ``intensity`` is how many of the music's layers should be heard, 0 to 3."""
        self._tick += 1
        next(self._composing, None)
        for index, channel in enumerate(self._layers):
            wish = MUSIC_VOLUME if self.on and index < intensity else 0.0
            volume = self._volumes[index]
            if abs(volume - wish) > 0.002:
                volume += (wish - volume) * FADE
                self._volumes[index] = volume
                channel.set_volume(volume)
