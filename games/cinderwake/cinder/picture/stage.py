"""Draws the arena as it is, and lets what happens in it spark, shake and ring."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence

import pygame

from ..rules.arena import CENTRE, HEIGHT, WIDTH
from ..rules.flyer import Flyer
from ..rules.things import Foe, Happening, Kind, Portal, What
from ..rules.traits import BOSSES, TRAITS
from ..rules.waves import sector_of
from ..rules.world import World
from . import shapes
from .backdrop import Backdrop
from .fire import Fire
from .neon import ADD, Colour, Turning, arc, mixed, orb, scaled
from .sparks import Sparks

SHAKE_MAX = 12.0
WHITE = (255, 255, 255)

BURSTS: Mapping[What, tuple[Colour | None, int, float, int]] = {
    What.HIT: (None, 2, 3.5, 18),
    What.BLOCKED: (shapes.PALE, 5, 4, 16),
    What.EMBER: (shapes.GOLD, 2, 2, 14),
    What.DASH: (shapes.WARM, 10, 4, 22),
    What.NOVA: (shapes.WARM, 90, 13, 50),
}
"""Colour, or None for the foe's own; how many sparks, how fast, how long."""

SHAKES: Mapping[What, float] = {What.NOVA: 9, What.HURT: 11, What.BUBBLE_BURST: 8, What.BOSS_DOWN: SHAKE_MAX}


class Stage:
    """The arena's picture."""

    def __init__(self) -> None:
        self.backdrop = Backdrop()
        self.sparks = Sparks()
        self._foes = shapes.foe_sprites()
        self._gifts = shapes.gift_sprites()
        self._flyer = shapes.flyer_sprite()
        self._shot = Turning(shapes.shot_sprite(), frames=64)
        self._bullet = shapes.bullet_sprite()
        self._ember = [orb(radius, shapes.GOLD, core=0.34, white=0.25).convert() for radius in (8, 10, 12)]
        self._halo = orb(58, scaled(shapes.WARM, 0.42), core=0.0).convert()
        self._spark = orb(16, shapes.WARM, core=0.4, white=0.4).convert()
        self._warn = {
            kind: orb(40, scaled(colour, 0.5), core=0.0).convert() for kind, colour in shapes.COLOURS.items()
        }
        self._fire = Fire()
        self._look = (0.0, 0.0)
        self._shake = 0.0
        self._frame = 0
        self._chance = random.Random(1)

    def tick(self, world: World, happenings: Sequence[Happening]) -> None:
        """Take in what happened in a tick."""
        self._frame += 1
        self.sparks.tick()
        self._shake *= 0.86
        flyer = world.flyer
        look_x, look_y = (flyer.x - CENTRE[0]) / WIDTH * 2, (flyer.y - CENTRE[1]) / HEIGHT * 2
        self._look = self._look[0] + (look_x - self._look[0]) * 0.08, self._look[1] + (look_y - self._look[1]) * 0.08
        if flyer.lives > 0:
            self._burn(flyer)
        for line in world.lines:
            share = self._chance.random()
            place = line.x1 + (line.x2 - line.x1) * share, line.y1 + (line.y2 - line.y1) * share
            self.sparks.trail(*place, 0, -0.9, shapes.WARM if share < 0.6 else shapes.GOLD, 26, 2)
        for happening in happenings:
            self._react(happening)

    def _burn(self, flyer: Flyer) -> None:
        """Leave flames behind."""
        back_x, back_y = flyer.x - flyer.heading[0] * 15, flyer.y - flyer.heading[1] * 15
        fast = 4 if flyer.dashing else 2
        for index in range(fast):
            x, y = back_x - flyer.vx * index / fast, back_y - flyer.vy * index / fast
            colour = shapes.FLAME if self._frame % 3 else shapes.WARM
            self.sparks.trail(x, y, -flyer.vx * 0.2, -flyer.vy * 0.2, colour, 24 + 4 * fast, 5)

    def shake(self, strength: float) -> None:
        """Shake the view."""
        self._shake = min(max(self._shake, strength), SHAKE_MAX)

    def _react(self, happening: Happening) -> None:
        x, y, sparks = happening.x, happening.y, self.sparks
        colour = shapes.COLOURS[happening.kind] if happening.kind else shapes.GOLD
        match happening.what:
            case What.KILL:
                self._kill(happening)
            case What.CHAIN_UP:
                sparks.note(f"×{happening.amount}", x, y - 40, shapes.GOLD, 22)
            case What.GIFT | What.NOVA_READY:
                sparks.ring(x, y, shapes.GOLD, growth=6, ticks=26)
                sparks.burst(x, y, shapes.GOLD, 24, 5)
            case What.HURT | What.BUBBLE_BURST:
                sparks.burst(x, y, shapes.DANGER if happening.what is What.HURT else shapes.GOLD, 70, 9, ticks=48)
                sparks.ring(x, y, shapes.DANGER, growth=13, ticks=28, width=5)
            case What.BOSS_DOWN:
                sparks.burst(x, y, WHITE, 60, 15, ticks=70)
                for growth in (9, 14, 20):
                    sparks.ring(x, y, colour, growth=growth, ticks=46, width=6)
        if happening.what in BURSTS:
            paint, count, speed, ticks = BURSTS[happening.what]
            sparks.burst(x, y, paint or colour, count, speed, ticks=ticks)
        self.shake(SHAKES.get(happening.what, 0.0))

    def _kill(self, happening: Happening) -> None:
        kind = happening.kind or Kind.MOTE
        radius = TRAITS[kind].radius
        colour = shapes.COLOURS[kind]
        self.sparks.burst(happening.x, happening.y, colour, round(radius * 0.8), 3 + radius / 6)
        self.sparks.ring(happening.x, happening.y, colour, growth=2.5 + radius / 12, ticks=20)
        self.shake(1.5 + radius / 14)
        if happening.amount >= 100:
            self.sparks.note(str(happening.amount), happening.x, happening.y - 16, colour)

    def draw(self, screen: pygame.Surface, world: World) -> None:
        """Draw the arena over everything."""
        way = self._chance.uniform(0, math.tau)
        shift = round(math.cos(way) * self._shake), round(math.sin(way) * self._shake)
        sector = sector_of(world.wave)
        self.backdrop.draw(screen, sector, self._frame, self._look)
        self.backdrop.draw_wall(screen, sector, shift)
        for line in world.lines:
            self._fire.draw_line(screen, line, shift, self._frame)
        for portal in world.portals:
            self._draw_portal(screen, portal, shift)
        for beam in world.beams:
            self._fire.draw_beam(screen, beam, shift, self._frame)
        screen.fblits(list(self._goods(world, shift)), ADD)
        for foe in world.foes:
            self._draw_foe(screen, foe, shift)
        self._draw_fire(screen, world, shift)
        if world.flyer.lives > 0:
            self._draw_flyer(screen, world.flyer, shift)
        self.sparks.draw(screen, shift)
        half = self._bullet.get_width() // 2
        screen.fblits(
            [(self._bullet, (one.x - half + shift[0], one.y - half + shift[1])) for one in world.bullets], ADD
        )

    def _goods(self, world: World, shift: tuple[int, int]) -> Sequence[tuple[pygame.Surface, tuple[float, float]]]:
        goods = []
        for ember in world.embers:
            if ember.ticks > 90 or ember.ticks // 5 % 2:
                light = self._ember[(ember.ticks // 6) % 3]
                half = light.get_width() // 2
                goods.append((light, (ember.x - half + shift[0], ember.y - half + shift[1])))
        for present in world.presents:
            if present.ticks > 150 or present.ticks // 6 % 2:
                sprite = self._gifts[present.gift]
                half = sprite.get_width() // 2
                bob = math.sin(self._frame * 0.08) * 4
                goods.append((sprite, (present.x - half + shift[0], present.y - half + shift[1] + bob)))
        return goods

    def _draw_portal(self, screen: pygame.Surface, portal: Portal, shift: tuple[int, int]) -> None:
        if portal.ticks > 110:
            return
        x, y = portal.x + shift[0], portal.y + shift[1]
        colour = shapes.COLOURS[portal.kind]
        near = 1 - min(portal.ticks, 55) / 55
        radius = TRAITS[portal.kind].radius
        warn = self._warn[portal.kind]
        screen.blit(warn, (x - 40, y - 40), special_flags=ADD)
        pygame.draw.circle(screen, scaled(colour, 0.35 + 0.65 * near), (x, y), radius + 46 * (1 - near), 2)
        spin = self._frame * 0.09
        for turn in range(3):
            points = arc(radius + 8, spin + turn * math.tau / 3, spin + turn * math.tau / 3 + 1.0, 6)
            pygame.draw.aalines(screen, colour, False, [(x + px, y + py) for px, py in points])

    def _draw_foe(self, screen: pygame.Surface, foe: Foe, shift: tuple[int, int]) -> None:
        sprite = self._foes[foe.kind].at(foe.angle)
        corner = foe.x - sprite.get_width() / 2 + shift[0], foe.y - sprite.get_height() / 2 + shift[1]
        screen.blit(sprite, corner, special_flags=ADD)
        if foe.flash:
            screen.blit(sprite, corner, special_flags=ADD)
        if foe.charge > 0:
            centre = foe.x + shift[0], foe.y + shift[1]
            colour = mixed(shapes.COLOURS[foe.kind], shapes.DANGER, foe.charge)
            pygame.draw.circle(screen, colour, centre, foe.radius * (1.9 - 0.7 * foe.charge), 2)
            pygame.draw.circle(screen, mixed(colour, WHITE, foe.charge * 0.6), centre, foe.radius * 0.3 * foe.charge)
        if foe.kind in BOSSES:
            for turn in range(3):
                points = arc(foe.radius * 1.35, foe.age * -0.02 + turn * 2.094, foe.age * -0.02 + turn * 2.094 + 1.3)
                ring = [(foe.x + shift[0] + px, foe.y + shift[1] + py) for px, py in points]
                pygame.draw.lines(screen, shapes.COLOURS[foe.kind], False, ring, 3)

    def _draw_fire(self, screen: pygame.Surface, world: World, shift: tuple[int, int]) -> None:
        shots = []
        for shot in world.shots:
            sprite = self._shot.at(math.atan2(shot.vy, shot.vx))
            shots.append(
                (sprite, (shot.x - sprite.get_width() / 2 + shift[0], shot.y - sprite.get_height() / 2 + shift[1]))
            )
        shots += [(self._spark, (x - 16 + shift[0], y - 16 + shift[1])) for x, y in world.flyer.orbit_places()]
        screen.fblits(shots, ADD)
        if world.blasts:
            self._fire.draw_blasts(screen, world.blasts, shift)

    def _draw_flyer(self, screen: pygame.Surface, flyer: Flyer, shift: tuple[int, int]) -> None:
        x, y = flyer.x + shift[0], flyer.y + shift[1]
        screen.blit(self._halo, (x - 58, y - 58), special_flags=ADD)
        if flyer.dash_wait and not flyer.dashing:
            share = 1 - flyer.dash_wait / flyer.loadout.dash_ticks
            points = arc(30, -math.pi / 2, -math.pi / 2 + math.tau * share, 20)
            if share > 0.05:
                pygame.draw.aalines(screen, scaled(shapes.WARM, 0.6), False, [(x + px, y + py) for px, py in points])
        if flyer.bubble:
            pygame.draw.aacircle(screen, (255, 190, 140), (x, y), 27, 2)
        aim = flyer.angle
        tip = [(x + math.cos(aim + turn) * reach, y + math.sin(aim + turn) * reach) for turn, reach in
               ((-0.14, 36), (0, 42), (0.14, 36))]  # fmt: skip
        pygame.draw.aalines(screen, shapes.GOLD, False, tip)
        if flyer.safe_ticks and not flyer.dashing and flyer.safe_ticks // 5 % 2:
            return
        sprite = self._flyer.at(math.atan2(flyer.heading[1], flyer.heading[0]))
        screen.blit(sprite, (x - sprite.get_width() / 2, y - sprite.get_height() / 2), special_flags=ADD)
        if flyer.overdrive or flyer.dashing:
            screen.blit(sprite, (x - sprite.get_width() / 2, y - sprite.get_height() / 2), special_flags=ADD)
