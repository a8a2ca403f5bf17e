"""What lies over the rink when nobody plays: the title with its two seats, the pause, the result."""

from __future__ import annotations

import math
from functools import cache

import pygame

from . import arena, paint
from .arena import Side
from .devices import LEFT_KEYS, RIGHT_KEYS, label
from .lobby import Lobby
from .records import Records
from .rival import LEVELS
from .rules import Match
from .stage import NAMES

PAUSE_ITEMS = ("RESUME", "START OVER", "LEAVE MATCH")
RESULT_ITEMS = ("REMATCH", "LEAVE MATCH")
_PANEL = (430, 250)


@cache
def _panel(width: int, height: int, colour: paint.Colour, bright: bool) -> pygame.Surface:
    """A sheet of dark glass with a coloured rim."""
    x, y = paint.grid(width, height)
    radius = 26
    dx, dy = abs(x - width / 2 + 0.5) - width / 2 + radius, abs(y - height / 2 + 0.5) - height / 2 + radius
    distance = (dx.clip(0) ** 2 + dy.clip(0) ** 2) ** 0.5 + (dx * (dx > dy) + dy * (dy >= dx)).clip(None, 0) - radius
    rim = paint.inside(abs(distance + 3) - (1.6 if bright else 0.8))[..., None]
    fall = (1 - y / height)[..., None]
    base = paint.rgb(paint.NIGHT) * 1.2 + paint.rgb(colour) * (0.05 + 0.13 * fall * (1.6 if bright else 0.7))
    tint = base * (1 - rim) + paint.rgb(colour) * rim * (1.0 if bright else 0.55)
    return paint.surface(tint, paint.inside(distance) * 0.9)


def veil(target: pygame.Surface, light: int) -> None:
    """Darken the picture; ``light`` is what is left, of 255."""
    target.fill((light, light, min(light + 12, 255)), special_flags=pygame.BLEND_RGB_MULT)


def draw_title(target: pygame.Surface, lobby: Lobby, records: Records, seconds: float) -> None:
    """Draw the title and who sits where."""
    veil(target, 112)
    name = paint.headline("EMBER & TIDE", 128, paint.EMBER, paint.TIDE, 12)
    paint.put(target, name, (arena.MIDDLE_X, 182 + math.sin(seconds * 1.4) * 4))
    paint.put(target, paint.text("a duel on restless water", 34, paint.DIM, 3), (arena.MIDDLE_X, 258))
    for side in Side:
        _draw_seat(target, lobby, side, seconds)
    paint.put(target, paint.text("VS", 46, paint.DIM, 4), (arena.MIDDLE_X, 420))
    ready = lobby.players > 0
    words = "PRESS AGAIN TO START" if ready else "PRESS A BUTTON TO SIT DOWN"
    beat = 0.55 + 0.45 * math.sin(seconds * 4)
    paint.put(target, paint.text(words, 36, _pulse(paint.DIM, paint.PALE, beat), 4), (arena.MIDDLE_X, 600))
    kept = f"longest rally {records.longest_rally}      best streak {records.best_streak}"
    hint = "hold to charge, let go to pulse      first to five"
    paint.put(target, paint.text(hint, 24, paint.DIM, 1), (arena.MIDDLE_X, 638))
    if records.matches:
        paint.put(target, paint.text(kept, 24, paint.DIM, 1), (arena.MIDDLE_X, 662))


def _pulse(first: paint.Colour, second: paint.Colour, share: float) -> paint.Colour:
    """Few shades, so that few texts are kept."""
    return paint.mix(first, second, round(share * 8) / 8)


def _draw_seat(target: pygame.Surface, lobby: Lobby, side: Side, seconds: float) -> None:
    device, colour = lobby.device(side), paint.SIDE_COLOURS[side]
    x = arena.MIDDLE_X - side.forward * 280
    paint.put(target, _panel(*_PANEL, colour, device is not None), (x, 433))
    paint.put(target, paint.text(NAMES[side], 48, colour, 8), (x, 345))
    bob = math.sin(seconds * 2.2 + side * 2) * 4
    paint.add_glow(target, (x, 418 + bob), paint.glow(74, colour, 0.75 if device else 0.3))
    paint.put(target, paint.disc(int(arena.DISC_RADIUS), colour), (x, 418 + bob))
    if device is not None:
        paint.put(target, paint.text(label(device), 32, paint.PALE, 1), (x, 490))
        paint.put(target, paint.text("ready", 26, colour, 2), (x, 522))
    elif lobby.players:
        paint.put(target, paint.text(f"<  Computer: {LEVELS[lobby.level].name}  >", 32, paint.PALE, 1), (x, 490))
        paint.put(target, paint.text("or a second player presses a button", 22, paint.DIM), (x, 522))
    else:
        keys = label(LEFT_KEYS if side is Side.EMBER else RIGHT_KEYS)
        paint.put(target, paint.text(keys, 32, paint.PALE, 1), (x, 490))
        paint.put(target, paint.text("or any pad", 22, paint.DIM, 1), (x, 522))


def draw_menu(target: pygame.Surface, heading: str, items: tuple[str, ...], chosen: int) -> None:
    """Draw a list of choices below a heading."""
    veil(target, 84)
    paint.put(target, paint.headline(heading, 110, paint.EMBER, paint.TIDE, 16), (arena.MIDDLE_X, 230))
    _draw_items(target, items, chosen, 370)


def _draw_items(target: pygame.Surface, items: tuple[str, ...], chosen: int, top: float) -> None:
    for index, item in enumerate(items):
        y = top + index * 76
        if index == chosen:
            paint.put(target, _panel(380, 64, paint.PALE, True), (arena.MIDDLE_X, y))
        colour = paint.PALE if index == chosen else paint.DIM
        paint.put(target, paint.text(item, 38, colour, 4), (arena.MIDDLE_X, y + 2))


def draw_result(target: pygame.Surface, match: Match, lobby: Lobby, records: Records, chosen: int) -> None:
    """Draw who won."""
    winner = match.winner or Side.EMBER
    colour = paint.SIDE_COLOURS[winner]
    veil(target, 84)
    words = paint.headline(f"{NAMES[winner]} WINS", 128, colour, paint.mix(colour, paint.PALE, 0.7), 14)
    paint.put(target, words, (arena.MIDDLE_X, 190))
    for side in Side:
        digit = paint.text(str(match.score[side]), 150, paint.SIDE_COLOURS[side])
        paint.put(target, digit, (arena.MIDDLE_X - side.forward * 110, 330))
    paint.put(target, paint.text(":", 110, paint.DIM), (arena.MIDDLE_X, 322))
    minutes, seconds = divmod(round(match.clock_s), 60)
    told = f"played {minutes}:{seconds:02}      longest rally {match.longest_rally}"
    if lobby.players == 1 and records.streak > 1:
        told += f"      {records.streak} wins in a row"
    paint.put(target, paint.text(told, 28, paint.DIM, 1), (arena.MIDDLE_X, 432))
    _draw_items(target, RESULT_ITEMS, chosen, 522)
