"""What is shown over the arena outside a fight: the title, the pause, the end."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pygame

from ..rules.arena import WIDTH
from ..rules.run import Result
from . import shapes
from .neon import ADD, Colour, mixed, orb, scaled
from .stroke_font import advance, text_width, write

COLD: Colour = (120, 150, 200)
LOGO = "cinderwake"
LOGO_PX = 92


class Screens:
    """Draws them."""

    def __init__(self) -> None:
        self._ember = orb(26, shapes.WARM, core=0.5).convert()

    def draw_title(
        self, screen: pygame.Surface, best: Sequence[int], choice: int, rows: Sequence[str], frame: int
    ) -> None:
        """The title over whatever plays behind it."""
        screen.fill((104, 104, 120), special_flags=pygame.BLEND_RGB_MULT)
        self.draw_logo(screen, 150, frame)
        write(screen, "carry the last fire through the cold", (WIDTH / 2, 300), 15, COLD, align=0.5)
        draw_rows(screen, rows, choice, 392, frame)
        if best:
            write(screen, "best", (WIDTH / 2, 540), 12, scaled(COLD, 0.8), align=0.5)
            text = "      ".join(f"{score:,}" for score in best[:3])
            write(screen, text, (WIDTH / 2, 566), 16, shapes.GOLD, align=0.5)
        write(screen, "move: stick or arrows    dash: a / space    nova: b / x    pause: esc",
              (WIDTH / 2, 658), 11, COLD, align=0.5)  # fmt: skip

    def draw_logo(self, screen: pygame.Surface, top: int, frame: int) -> None:
        """The name, whose letters glow one after the other, on a burning line."""
        x = (WIDTH - text_width(LOGO, LOGO_PX)) / 2
        left, right = x - 40, WIDTH - x + 40
        for index, mark in enumerate(LOGO):
            heat = 0.5 + 0.5 * math.sin(frame * 0.03 - index * 0.55)
            colour = mixed((255, 84, 24), (255, 176, 60), round(heat * 6) / 6)
            write(screen, mark, (x, top), LOGO_PX, colour)
            x += advance(mark.upper(), LOGO_PX)
        y = top + LOGO_PX + 30
        head = left + (right - left) * (frame % 300) / 240
        for start, end, colour in (
            (left, min(head, right), (170, 72, 14)),
            (max(head - 190, left), min(head, right), (255, 170, 70)),
        ):
            if end > start:
                pygame.draw.line(screen, colour, (start, y), (end, y), 3)
        if head < right:
            screen.blit(self._ember, (head - 26, y - 25), special_flags=ADD)

    def draw_pause(self, screen: pygame.Surface, choice: int, rows: Sequence[str], frame: int) -> None:
        """The pause over the fight."""
        screen.fill((70, 70, 84), special_flags=pygame.BLEND_RGB_MULT)
        write(screen, "paused", (WIDTH / 2, 200), 50, shapes.WARM, align=0.5)
        draw_rows(screen, rows, choice, 330, frame)

    def draw_over(
        self, screen: pygame.Surface, result: Result, place: int | None, rows: Sequence[str], choice: int, frame: int
    ) -> None:
        """The end; ``place`` is the result's place among the best, from 0."""
        screen.fill((70, 70, 84), special_flags=pygame.BLEND_RGB_MULT)
        write(screen, "burnt out", (WIDTH / 2, 120), 56, (255, 90, 50), align=0.5)
        shown = min(result.score, round(result.score * min(frame / 70, 1.0)))
        write(screen, f"{shown:,}", (WIDTH / 2, 232), 48, shapes.GOLD, align=0.5)
        if place == 0 and frame > 70:
            shade = shapes.GOLD if frame // 20 % 2 else shapes.WARM
            write(screen, "new best!", (WIDTH / 2, 304), 20, shade, align=0.5)
        facts = (
            ("wave", str(result.wave)),
            ("kills", str(result.kills)),
            ("chain", f"×{result.best_chain}"),
            ("time", f"{result.seconds // 60}:{result.seconds % 60:02}"),
        )
        for index, (name, value) in enumerate(facts):
            x = WIDTH / 2 + (index - 1.5) * 170
            write(screen, name, (x, 368), 12, COLD, align=0.5)
            write(screen, value, (x, 396), 26, shapes.WARM, align=0.5)
        draw_rows(screen, rows, choice, 500, frame)


def draw_rows(screen: pygame.Surface, rows: Sequence[str], choice: int, top: int, frame: int) -> None:
    """Draw a menu; the chosen row glows between two marks."""
    for index, row in enumerate(rows):
        lit = index == choice
        y = top + index * 46
        write(screen, row, (WIDTH / 2, y), 22, shapes.WARM if lit else scaled(COLD, 0.7), align=0.5)
        if lit:
            reach = text_width(row, 22) / 2 + 34 + math.sin(frame * 0.12) * 4
            write(screen, ">", (WIDTH / 2 - reach, y), 22, shapes.GOLD, align=0.5)
            write(screen, "<", (WIDTH / 2 + reach, y), 22, shapes.GOLD, align=0.5)
