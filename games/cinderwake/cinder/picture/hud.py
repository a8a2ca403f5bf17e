"""The line above the arena: lives, score and chain, wave and heat; a boss's strength; what a wave brings."""

from __future__ import annotations

import pygame

from ..rules.arena import WIDTH
from ..rules.flyer import HEAT_MAX, OVERDRIVE_TICKS
from ..rules.run import GREETING_TICKS, Phase, Run
from ..rules.waves import WAVES_PER_SECTOR, is_boss_wave, sector_of
from . import shapes
from .neon import ADD, Colour, scaled
from .stroke_font import text_width, write
from .words import BOSS_NAMES, KIND_NAMES

COLD: Colour = (120, 150, 200)
BAR_BACK: Colour = (26, 28, 40)


class Hud:
    """Drawn over the stage."""

    def __init__(self) -> None:
        self._life = shapes.light(shapes.flame(), (255, 110, 40), 12, width=2.0, glow_px=4)
        self._lost = shapes.light(shapes.flame(), (46, 50, 66), 12, width=2.0, glow_px=2)
        self._shown_score = 0.0

    def draw(self, screen: pygame.Surface, run: Run, frame: int) -> None:
        """Add it to the picture."""
        world = run.world
        self._draw_lives(screen, run)
        self._draw_score(screen, run)
        self._draw_right(screen, run, frame)
        boss = world.boss
        if boss:
            _bar(screen, (WIDTH // 2 - 260, 86, 520, 7), boss.hp / boss.hp_max, shapes.COLOURS[boss.kind])
            write(screen, BOSS_NAMES[boss.kind], (WIDTH / 2, 102), 11, shapes.COLOURS[boss.kind], align=0.5)
        if run.phase is Phase.GREETING:
            self._draw_greeting(screen, run)
        elif run.phase is Phase.BREAK and run.phase_ticks > 20:
            write(screen, "wave cleared", (WIDTH / 2, 280), 34, shapes.WARM, align=0.5)
            write(screen, f"+{run.bonus}", (WIDTH / 2, 336), 22, shapes.GOLD, align=0.5)

    def reset(self) -> None:
        """A new run begins."""
        self._shown_score = 0.0

    def _draw_lives(self, screen: pygame.Surface, run: Run) -> None:
        flyer = run.world.flyer
        half = self._life.get_width() // 2
        for index in range(max(flyer.loadout.lives_max, flyer.lives)):
            sprite = self._life if index < flyer.lives else self._lost
            half = sprite.get_width() // 2
            screen.blit(sprite, (44 + index * 34 - half, 36 - half), special_flags=ADD)

    def _draw_score(self, screen: pygame.Surface, run: Run) -> None:
        chain = run.world.chain
        self._shown_score += (chain.score - self._shown_score) * 0.2
        shown = chain.score if chain.score - self._shown_score < 2 else int(self._shown_score)
        text = f"{shown:,}"
        write(screen, text, (WIDTH / 2, 14), 26, shapes.GOLD, align=0.5)
        if chain.multiplier > 1:
            write(screen, f"×{chain.multiplier}", (WIDTH / 2 + text_width(text, 26) / 2 + 26, 18), 20, shapes.WARM)
        if chain.links:
            share = chain.ticks_left / run.world.flyer.loadout.chain_ticks
            _bar(screen, (WIDTH // 2 - 90, 54, 180, 4), share, shapes.WARM)

    def _draw_right(self, screen: pygame.Surface, run: Run, frame: int) -> None:
        flyer = run.world.flyer
        write(screen, f"wave {run.wave.number}", (WIDTH - 34, 16), 15, COLD, align=1.0)
        ready = flyer.nova_ready
        glow = shapes.GOLD if not ready or frame // 12 % 2 else (255, 255, 255)
        write(screen, "nova: b / x" if ready else "heat", (WIDTH - 214, 46), 11, glow if ready else COLD, align=1.0)
        _bar(screen, (WIDTH - 200, 48, 166, 7), flyer.heat / HEAT_MAX, glow if ready else shapes.WARM)
        if flyer.overdrive:
            _bar(
                screen,
                (round(flyer.x) - 24, round(flyer.y) + 38, 48, 3),
                flyer.overdrive / OVERDRIVE_TICKS,
                shapes.GOLD,
            )

    def _draw_greeting(self, screen: pygame.Surface, run: Run) -> None:
        ticks = run.phase_ticks
        shine = min(ticks / 16, (GREETING_TICKS - ticks) / 16, 1.0)
        if shine <= 0.1:
            return
        shine = round(shine * 4) / 4
        number = run.wave.number
        boss = run.wave.boss
        if boss:
            title, below = "warning", BOSS_NAMES[boss]
            colour = shapes.DANGER
        else:
            title, below = f"wave {number}", ""
            colour = shapes.WARM
            if number == 1:
                below = "dash through them: a / space"
            elif run.wave.newcomer:
                below = f"new: {KIND_NAMES[run.wave.newcomer]}"
        write(screen, title, (WIDTH / 2, 262), 46, scaled(colour, shine), align=0.5)
        if below:
            write(screen, below, (WIDTH / 2, 332), 20, scaled(COLD, shine), align=0.5)
        if (number - 1) % WAVES_PER_SECTOR == 0 and not is_boss_wave(number):
            write(screen, f"sector {sector_of(number) + 1}", (WIDTH / 2, 222), 16, scaled(COLD, shine), align=0.5)


def _bar(screen: pygame.Surface, place: tuple[int, int, int, int], share: float, colour: Colour) -> None:
    x, y, width, height = place
    filled = round(width * min(max(share, 0.0), 1.0))
    screen.fill(BAR_BACK, place)
    if filled:
        screen.fill(scaled(colour, 0.9), (x, y, filled, height))
        screen.fill((70, 60, 50), (x - 1, y - 2, filled + 2, height + 4), special_flags=ADD)
