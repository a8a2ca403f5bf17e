"""Fire on the stage: the lines of dashes, the rings of blasts, the foes' rays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pygame

from ..rules.arena import HEIGHT, WIDTH
from ..rules.clashes import BEAM_HALF_WIDTH
from ..rules.things import Beam, Blast, Line
from . import shapes
from .neon import ADD, Colour, light_polygon, mixed, scaled

HOT: Colour = (255, 236, 190)
BLAST_DEPTH_PX, BLAST_STEP_PX = 60, 3
"""How far the fire of a blast reaches inwards, and in which steps it fades."""


class Fire:
    """Draws it."""

    def __init__(self) -> None:
        self._light = pygame.Surface((WIDTH, HEIGHT)).convert()

    def draw_line(self, screen: pygame.Surface, line: Line, shift: tuple[int, int], frame: int) -> None:
        """Draw the burning line of a dash."""
        left = line.ticks / line.ticks_max
        start = line.x1 + shift[0], line.y1 + shift[1]
        end = line.x2 + shift[0], line.y2 + shift[1]
        flicker = 0.85 + 0.15 * math.sin(frame * 0.7 + line.x1)
        for width, colour, share in ((26, (70, 26, 6), left), (14, (190, 80, 14), left), (5, (255, 225, 170), left)):
            light_polygon(
                screen, start, end, width * (0.35 + 0.65 * left) * flicker, scaled(colour, 0.3 + 0.7 * share)
            )

    def draw_beam(self, screen: pygame.Surface, beam: Beam, shift: tuple[int, int], frame: int) -> None:
        """Draw a ray, as a warning or alight."""
        start = beam.x1 + shift[0], beam.y1 + shift[1]
        end = beam.x2 + shift[0], beam.y2 + shift[1]
        if not beam.live:
            blink = beam.charge < 0.5 or frame // 4 % 2
            pygame.draw.aaline(screen, scaled(shapes.DANGER, 0.25 + 0.5 * beam.charge), start, end)
            if beam.charge > 0.5 and blink:
                light_polygon(screen, start, end, 3, scaled(shapes.DANGER, 0.6))
            return
        wide = BEAM_HALF_WIDTH * 2 + math.sin(frame * 0.9) * 2
        for width, colour in ((wide + 14, (80, 8, 34)), (wide, (220, 40, 100)), (wide * 0.4, (255, 225, 240))):
            light_polygon(screen, start, end, width, colour)

    def draw_blasts(self, screen: pygame.Surface, blasts: Sequence[Blast], shift: tuple[int, int]) -> None:
        """Add the rings of fire."""
        self._light.fill("black")
        for blast in blasts:
            centre = blast.x + shift[0], blast.y + shift[1]
            left = 1 - blast.radius / blast.reach
            for inset in range(BLAST_DEPTH_PX, -1, -BLAST_STEP_PX):
                if blast.radius > inset:
                    share = 1 - inset / BLAST_DEPTH_PX
                    shade = mixed(shapes.FLAME, HOT, share**5)
                    brightness = share**1.5 * (0.25 + 0.75 * left)
                    pygame.draw.circle(
                        self._light, scaled(shade, brightness), centre, blast.radius - inset, BLAST_STEP_PX + 3
                    )
        screen.blit(self._light, (0, 0), special_flags=ADD)
