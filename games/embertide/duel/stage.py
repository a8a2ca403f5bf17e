"""Draws a match: the rink, what moves on it, and the score above."""

from __future__ import annotations

import math
from collections import deque

import pygame

from . import arena, glyph_art, paint, rink
from .arena import Side
from .effects import Effects
from .paint import Colour
from .pieces import Disc, Event, Glyph, Orb, Phase, What
from .rules import Match

TRAIL = 14
NAMES = ("EMBER", "TIDE")
ANNOUNCED_S = 1.6
_ANNOUNCE = {Glyph.TWIN: "TWIN ORB", Glyph.WIDE: "WIDE GATE", Glyph.WARD: "WARD", Glyph.GALE: "GALE"}


def orb_colour(orb: Orb) -> Colour:
    """Return the colour of who touched it last."""
    return paint.PALE if orb.owner is None else paint.SIDE_COLOURS[orb.owner]


class Stage:
    """Owns the pictures of a match and what flies about in it."""

    def __init__(self, seed: int = 1) -> None:
        self._backdrop = rink.backdrop()
        self._current = rink.Current(seed)
        self.effects = Effects(seed)
        self._trails: dict[int, deque[tuple[float, float]]] = {}
        self._gates = [arena.GOAL_HALF, arena.GOAL_HALF]
        self._seconds = 0.0
        self._said: tuple[str, Colour, float] | None = None

    def see(self, events: list[Event]) -> None:
        """Take a step's events."""
        for event in events:
            self.effects.see(event)
            if event.what is What.GLYPH_TAKEN and event.glyph is not None and event.side is not None:
                self.say(_ANNOUNCE[event.glyph], paint.SIDE_COLOURS[event.side])

    def say(self, words: str, colour: Colour) -> None:
        """Show a few words below the score for a moment."""
        self._said = (words, colour, self._seconds + ANNOUNCED_S)

    def draw(
        self, target: pygame.Surface, match: Match, names: tuple[str, str], *, hud: bool = True, moving: bool = True
    ) -> None:
        """Draw the frame after a step; time goes on by 1/60 s, or stands still in a pause."""
        tide = match.tide if moving else 0.0
        if moving:
            self._seconds += 1 / arena.STEPS_PER_S
            self.effects.step(1 / arena.STEPS_PER_S)
        target.blit(self._backdrop, (0, 0))
        self._current.draw(target, tide, self._seconds)
        for side in Side:
            self._gates[side] += (match.goal_half(side) - self._gates[side]) * 0.15
            colour, disc = paint.SIDE_COLOURS[side], match.discs[side]
            rink.draw_goal(target, side, self._gates[side], colour, disc.ward, self._seconds)
        if match.glyph is not None:
            self._draw_glyph(target, match.glyph, (match.glyph_at.x, match.glyph_at.y))
        for disc in match.discs:
            self._draw_disc(target, disc)
        self._draw_orbs(target, match, moving)
        self.effects.draw(target)
        if hud:
            self._draw_score(target, match, names)
            self._draw_words(target, match)
        if moving:
            self.effects.shake(target)

    def _draw_glyph(self, target: pygame.Surface, glyph: Glyph, at: tuple[float, float]) -> None:
        beat = math.sin(self._seconds * 4)
        paint.add_glow(target, at, paint.glow(62, paint.GOLD, 0.45))
        pygame.draw.aacircle(target, paint.GOLD, at, 33 + beat * 2, 2)
        paint.put(target, glyph_art.picture(glyph), at)

    def _draw_disc(self, target: pygame.Surface, disc: Disc) -> None:
        at, colour = (disc.position.x, disc.position.y), paint.SIDE_COLOURS[disc.side]
        step = round(disc.charge * 6)
        paint.add_glow(target, at, paint.glow(86 + step * 9, colour, 0.34 + 0.09 * step))
        paint.put(target, paint.disc(int(arena.DISC_RADIUS), colour), at)
        if disc.charge > 0:
            reach = arena.PULSE_RADIUS_MIN + (arena.PULSE_RADIUS_MAX - arena.PULSE_RADIUS_MIN) * disc.charge
            pygame.draw.aacircle(target, paint.mix(paint.DEEP, colour, 0.55), at, reach, 1)
            box = pygame.Rect(0, 0, 92, 92)
            box.center = round(at[0]), round(at[1])
            pygame.draw.arc(target, paint.PALE, box, math.pi / 2, math.pi / 2 + disc.charge * math.tau, 4)

    def _draw_orbs(self, target: pygame.Surface, match: Match, moving: bool) -> None:
        present = {id(orb): orb for orb in match.orbs}
        self._trails = {key: trail for key, trail in self._trails.items() if key in present}
        for key, orb in present.items():
            colour, at = orb_colour(orb), (orb.position.x, orb.position.y)
            trail = self._trails.setdefault(key, deque(maxlen=TRAIL))
            speed = orb.velocity.length()
            for age, place in enumerate(trail):
                share = (age + 1) / TRAIL
                radius = 8 + int(20 * share)
                paint.add_glow(
                    target, place, paint.glow(radius, colour, round(0.12 + share * min(speed / 1100, 0.7), 1))
                )
            if moving:
                trail.append(at)
            if moving and match.phase is Phase.PLAY:
                self.effects.trail(at, colour, speed)
            paint.add_glow(target, at, paint.glow(66, colour, 0.8))
            paint.put(target, paint.orb(int(arena.ORB_RADIUS), colour), at)
            if match.phase is Phase.SERVE:
                pygame.draw.aacircle(target, paint.PALE, at, 26 + 60 * max(1.1 - match.phase_s, 0), 2)

    def _draw_score(self, target: pygame.Surface, match: Match, names: tuple[str, str]) -> None:
        for side in Side:
            colour, out = paint.SIDE_COLOURS[side], side.forward
            edge = arena.LEFT + 24 if side is Side.EMBER else arena.RIGHT - 24
            anchor = "midleft" if side is Side.EMBER else "midright"
            paint.put(target, paint.text(NAMES[side], 40, colour, 5), (edge, 38), anchor)
            paint.put(target, paint.text(names[side], 22, paint.DIM, 1), (edge, 68), anchor)
            for goal in range(arena.GOALS_TO_WIN):
                at = (arena.MIDDLE_X - out * (196 - goal * 26), 46)
                if goal < match.score[side]:
                    paint.add_glow(target, at, paint.glow(20, colour, 0.8))
                    pygame.draw.aacircle(target, paint.mix(colour, paint.PALE, 0.35), at, 8)
                else:
                    pygame.draw.aacircle(target, (62, 64, 108), at, 8, 2)
            digit = paint.text(str(match.score[side]), 74, paint.mix(colour, paint.PALE, 0.25))
            paint.put(target, digit, (arena.MIDDLE_X - out * 46, 48))
        paint.put(target, paint.text(":", 56, paint.DIM), (arena.MIDDLE_X, 44))

    def _draw_words(self, target: pygame.Surface, match: Match) -> None:
        if match.phase is Phase.GOAL:
            side = match.serve_to.other
            colour = paint.SIDE_COLOURS[side]
            words = paint.headline("GOAL", 150, colour, paint.mix(colour, paint.PALE, 0.7), 26)
            rise = max(1 - match.phase_s * 4, 0) ** 2
            paint.put(target, words, (arena.MIDDLE_X, arena.MIDDLE_Y + rise * 60))
        elif self._said is not None and self._seconds < self._said[2]:
            said, colour, until = self._said
            shown = paint.headline(said, 54, colour, paint.PALE, 8)
            paint.put(target, shown, (arena.MIDDLE_X, arena.TOP + 56 + max(until - self._seconds - 1.4, 0) * 60))
        elif match.rally >= 4:
            share = min(match.rally / 16, 1.0)
            shown = paint.text(f"RALLY {match.rally}", 30, paint.mix(paint.DIM, paint.GOLD, share), 4)
            paint.put(target, shown, (arena.MIDDLE_X, arena.TOP + 34))
