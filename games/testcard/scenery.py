"""What the test card shows behind its cells: calm for people to look at, or hard to encode."""

from __future__ import annotations

import math
import random
from typing import Protocol

import pygame

TILE_PX = 16
SPRITES = 40
PARTICLES = 300
GRAIN_PX = 2
GRAIN_AMPLITUDE = 56
"""With it libx264 superfast reads 26.5 dB at 6 Mbit/s, as hard as content in games gets; without, 33 dB."""
BARS = ("#c0c0c0", "#c0c000", "#00c0c0", "#00c000", "#c000c0", "#c00000", "#0000c0")


class Scenery(Protocol):
    """Draws the whole picture as it is at a frame."""

    def draw(self, screen: pygame.Surface, frame: int) -> None:
        """Draw over everything."""
        ...


class CalmScenery:
    """Colour bars, a grid with a circle, a grey ramp, and a ball, a sweep and a metronome that move."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._still = pygame.Surface(size)
        self._paint_still(self._still)

    def draw(self, screen: pygame.Surface, frame: int) -> None:
        """Draw the still part and what moves over it."""
        screen.blit(self._still, (0, 0))
        width, height = self._size
        centre = (width // 2, height * 45 // 100)
        radius = height * 34 // 100
        turn = frame * math.tau / 240
        tip = (centre[0] + radius * math.sin(turn), centre[1] - radius * math.cos(turn))
        pygame.draw.line(screen, "#ffd166", centre, tip, max(height // 180, 1))
        swing = math.sin(frame * math.tau / 120)
        pygame.draw.circle(screen, "#ef476f", (width // 2 + swing * width * 0.4, height * 0.84), height // 30)
        sweep = frame * 4 % width
        screen.fill("#118ab2", (sweep, height * 88 // 100, max(width // 64, 1), height // 40))

    def _paint_still(self, still: pygame.Surface) -> None:
        width, height = self._size
        still.fill("#20232a")
        step = width // 16
        for x in range(0, width, step):
            pygame.draw.line(still, "#3a3f4b", (x, 0), (x, height))
        for y in range(0, height, step):
            pygame.draw.line(still, "#3a3f4b", (0, y), (width, y))
        centre = (width // 2, height * 45 // 100)
        bar = width * 56 // 100 // len(BARS)
        left = centre[0] - bar * len(BARS) // 2
        for index, colour in enumerate(BARS):
            still.fill(colour, (left + index * bar, height * 24 // 100, bar, height * 30 // 100))
        for index in range(16):
            shade = index * 17
            part = bar * len(BARS) // 16
            still.fill((shade, shade, shade), (left + index * part, height * 54 // 100, part, height * 12 // 100))
        pygame.draw.circle(still, "white", centre, height * 34 // 100, max(height // 240, 1))


class HardScenery:
    """Scrolling tiles with grain, sprites and particles: nearly every block changes in every frame."""

    def __init__(self, size: tuple[int, int], seed: int) -> None:
        self._size = size
        chance = random.Random(seed)
        self._tiles = pygame.Surface(size)
        for y in range(0, size[1], TILE_PX):
            for x in range(0, size[0], TILE_PX):
                colour = (chance.randrange(256), chance.randrange(256), chance.randrange(256))
                self._tiles.fill(colour, (x, y, TILE_PX, TILE_PX))
        self._tiles.blit(_grain(size, chance), (0, 0), special_flags=pygame.BLEND_RGB_ADD)
        self._tiles.blit(_grain(size, chance), (0, 0), special_flags=pygame.BLEND_RGB_SUB)
        self._particles = [(chance.random(), chance.random(), chance.uniform(-1, 1)) for _ in range(PARTICLES)]

    def draw(self, screen: pygame.Surface, frame: int) -> None:
        """Draw tiles, then sprites, then particles."""
        width, height = self._size
        shift = frame * 4 % width
        screen.blit(self._tiles, (-shift, 0))
        screen.blit(self._tiles, (width - shift, 0))
        radius = height // 40
        for index in range(SPRITES):
            place = ((frame * 7 + index * 97) % width, (index * 53 + frame * 3) % height)
            pygame.draw.circle(screen, (255, index * 6, 0), place, radius)
        for x, y, drift in self._particles:
            left, top = (x * width + frame * 6 * drift) % width, (y * height + frame * 3) % height
            screen.fill("white", (left, top, 3, 3))


def _grain(size: tuple[int, int], chance: random.Random) -> pygame.Surface:
    width, height = -(-size[0] // GRAIN_PX), -(-size[1] // GRAIN_PX)
    scale = bytes(value * GRAIN_AMPLITUDE // 256 for value in range(256))
    noise = chance.randbytes(width * height * 3).translate(scale)
    fine = pygame.image.frombuffer(noise, (width, height), "RGB")
    return pygame.transform.scale(fine, (width * GRAIN_PX, height * GRAIN_PX))
