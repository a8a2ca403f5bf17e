"""The cards that upgrades are chosen from: a sign, a name, what it does, and how far it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pygame

from ..rules.arena import WIDTH
from ..rules.run import Run
from ..rules.upgrades import LEVELS_MAX, Upgrade
from . import shapes
from .neon import ADD, Colour, Path, arc, neon, polygon, scaled, star
from .stroke_font import write
from .words import UPGRADE_WORDS

CARD = (280, 300)
GAP = 36
TOP_PX = 240
COLD: Colour = (120, 150, 200)

_UP: Path = [(-0.5, 0.1), (0, -0.5), (0.5, 0.1)]
_SIGNS: Mapping[Upgrade, Sequence[Path]] = {
    Upgrade.TWIN: [[(-0.35, 0.8), (-0.35, -0.8)], [(0.35, 0.8), (0.35, -0.8)], polygon(3, 0.2)],
    Upgrade.FUSE: [_UP, [(x, y + 0.5) for x, y in _UP], [(x, y - 0.4) for x, y in _UP]],
    Upgrade.CORE: [polygon(6, 0.9), polygon(6, 0.5), polygon(6, 0.15)],
    Upgrade.PIERCE: [[(-1, 0), (1, 0)], [(0.6, -0.35), (1, 0), (0.6, 0.35)], polygon(16, 0.42)],
    Upgrade.LINE: [[(-0.9, 0.6), (0.9, -0.6)], [(-0.9, 0.9), (0.3, 0.1)], [(-0.3, -0.1), (0.9, -0.9)]],
    Upgrade.SWIFT: [[(-0.8, -0.6), (-0.1, 0), (-0.8, 0.6)], [(0, -0.6), (0.7, 0), (0, 0.6)]],
    Upgrade.MAGNET: [[(-0.7, -0.8), (-0.7, 0), *reversed(arc(0.7, 0, math.pi)[:-1]), (0.7, -0.8)],
                     [(-0.9, -0.8), (-0.5, -0.8)], [(0.5, -0.8), (0.9, -0.8)]],
    Upgrade.HEART: [*shapes.flame(), [(0.6, -0.7), (1.0, -0.7)], [(0.8, -0.9), (0.8, -0.5)]],
    Upgrade.MEND: [[(-0.7, 0), (0.7, 0)], [(0, -0.7), (0, 0.7)], polygon(20, 1.0)],
    Upgrade.ORBIT: [polygon(24, 0.8), star(4, 0.3, 0.12), [(x + 0.57, y - 0.57) for x, y in polygon(8, 0.16)]],
    Upgrade.NOVA: [star(8, 1.0, 0.42), polygon(12, 0.22)],
    Upgrade.CHAIN: [[(x - 0.35, y) for x, y in polygon(16, 0.5)], [(x + 0.35, y) for x, y in polygon(16, 0.5)]],
}  # fmt: skip


def card_places(count: int) -> list[pygame.Rect]:
    """Return where cards lie."""
    width = count * CARD[0] + (count - 1) * GAP
    left = (WIDTH - width) // 2
    return [pygame.Rect(left + index * (CARD[0] + GAP), TOP_PX, *CARD) for index in range(count)]


class Cards:
    """Draws what is on offer."""

    def __init__(self) -> None:
        self._signs: dict[tuple[Upgrade, bool], pygame.Surface] = {}
        frame = [
            (-0.84, -0.92),
            (0.76, -0.92),
            (0.84, -0.84),
            (0.84, 0.92),
            (-0.76, 0.92),
            (-0.84, 0.84),
            (-0.84, -0.92),
        ]
        size = CARD[0] + 56, CARD[1] + 26
        self._dark = neon(size, [frame], (50, 64, 96), width=1.6, glow_px=5, fill=0.22)
        self._lit = neon(size, [frame], shapes.WARM, width=2.6, glow_px=11, fill=0.10)

    def draw(self, screen: pygame.Surface, run: Run, chosen: int, frame: int) -> None:
        """Darken the picture and lay the cards on it."""
        screen.fill((70, 70, 84), special_flags=pygame.BLEND_RGB_MULT)
        write(screen, "choose your flame", (WIDTH / 2, 150), 34, shapes.WARM, align=0.5)
        for index, (upgrade, place) in enumerate(zip(run.offer, card_places(len(run.offer)), strict=True)):
            lit = index == chosen
            lift = round(math.sin(frame * 0.07) * 3) - 8 if lit else 0
            self._draw_card(screen, upgrade, place.move(0, lift), run.world.flyer.loadout.level(upgrade), lit)
        write(screen, "< >  pick      a  take", (WIDTH / 2, 596), 14, COLD, align=0.5)

    def _draw_card(self, screen: pygame.Surface, upgrade: Upgrade, place: pygame.Rect, level: int, lit: bool) -> None:
        plate = self._lit if lit else self._dark
        screen.blit(plate, plate.get_rect(center=place.center), special_flags=ADD)
        sign = self._sign(upgrade, lit)
        screen.blit(sign, sign.get_rect(center=(place.centerx, place.top + 96)), special_flags=ADD)
        name, means = UPGRADE_WORDS[upgrade]
        write(screen, name, (place.centerx, place.top + 178), 20, shapes.GOLD if lit else COLD, align=0.5)
        write(screen, means, (place.centerx, place.top + 216), 11, scaled(COLD, 1.0 if lit else 0.7), align=0.5)
        pips = LEVELS_MAX[upgrade]
        if upgrade is not Upgrade.MEND:
            for pip in range(pips):
                centre = place.centerx + (pip - (pips - 1) / 2) * 22, place.top + 256
                colour = shapes.GOLD if pip < level else shapes.WARM if pip == level and lit else (60, 70, 96)
                pygame.draw.circle(screen, colour, centre, 5, 0 if pip <= level and (pip < level or lit) else 2)

    def _sign(self, upgrade: Upgrade, lit: bool) -> pygame.Surface:
        if (upgrade, lit) not in self._signs:
            colour = shapes.WARM if lit else (110, 124, 160)
            self._signs[upgrade, lit] = shapes.light(_SIGNS[upgrade], colour, 46, width=3.4, glow_px=9)
        return self._signs[upgrade, lit]
