"""Title, choice of level, and pause: what lies on the pond around a level."""

from __future__ import annotations

import math

import pygame

from . import paint, pieces
from .levels import LEVELS_PER_POND, PONDS
from .menu import Button, Menu, column
from .progress import Progress

_COLUMNS = 6
_FLOATING = ((132, 330, 96), (1158, 318, 84), (262, 540, 72), (1030, 548, 100), (404, 116, 60), (884, 100, 66))
"""Lanterns of the title: middle and size."""


def title_menu(progress: Progress) -> Menu:
    """Return the title's buttons."""
    begin = "CONTINUE" if progress.strokes else "BEGIN"
    return Menu(column((("continue", begin), ("levels", "LEVELS")), 640, 440))


def draw_title(target: pygame.Surface, seconds: float) -> None:
    """Draw the name among floating lanterns."""
    for index, (x, y, size) in enumerate(_FLOATING):
        at = x + 8 * math.sin(seconds * 0.6 + index * 2), y + 6 * math.sin(seconds * 0.9 + index)
        shine = round(0.75 + 0.2 * math.sin(seconds * 1.7 + index * 1.3), 1)
        paint.add_glow(target, at, paint.glow(round(size * 1.35), paint.LANTERNS[index], shine))
        paint.put(target, pieces.lantern(size, index, True), at)
    paint.put(target, paint.headline("LANTERN POND", 132, 14), (640, 260))
    words = "join the lanterns, and let the whole pond glow"
    paint.put(target, paint.text(words, 34, paint.MIST, 1), (640, 356))


def level_menu(progress: Progress, pond: int) -> Menu:
    """Return a pond's levels as buttons, with the ways to the other ponds."""
    buttons = []
    for number in range(LEVELS_PER_POND):
        rect = pygame.Rect(0, 0, 104, 92)
        rect.center = 640 + (number % _COLUMNS * 2 - _COLUMNS + 1) * 60, 262 + number // _COLUMNS * 106
        solved = (pond, number) in progress.strokes
        buttons.append(Button(f"{number}", f"{number + 1}", rect, 42, paint.MOON if solved else paint.MIST))
    if pond > 0:
        buttons.append(Button("previous", "<", pygame.Rect(140, 360, 88, 120), 60))
    if pond < len(PONDS) - 1:
        buttons.append(Button("next", ">", pygame.Rect(1052, 360, 88, 120), 60))
    buttons.append(Button("title", "BACK", pygame.Rect(48, 40, 150, 62), 32, paint.MIST))
    last = progress.last[1] if progress.last[0] == pond else 0
    return Menu(buttons, f"{last}")


def draw_levels(target: pygame.Surface, menu: Menu, progress: Progress, pond: int) -> None:
    """Draw a pond's name and what is solved of it."""
    rules = PONDS[pond]
    paint.put(target, paint.headline(rules.name.upper(), 92, 12), (640, 98))
    told = f"{rules.size} x {rules.size}      {progress.solved_in(pond)} of {LEVELS_PER_POND} glow"
    paint.put(target, paint.text(told, 30, paint.MIST, 1), (640, 166))
    menu.draw(target)
    for button in menu.buttons:
        key = (pond, int(button.name)) if button.name.isdigit() else None
        if key in progress.strokes:
            paint.add_glow(target, button.rect.center, paint.glow(58, paint.MOON, 0.35))
        if key in progress.perfect:
            paint.put(target, pieces.lantern(27, 1, True), (button.rect.right - 16, button.rect.top + 16))
    for index in range(len(PONDS)):
        colour = paint.MOON if index == pond else paint.mix(paint.WATER, paint.MIST, 0.4)
        pygame.draw.aacircle(
            target, colour, (640 + (index - (len(PONDS) - 1) / 2) * 30, 680), 7 if index == pond else 5
        )


def pause_menu() -> Menu:
    """Return the pause's buttons."""
    return Menu(column((("resume", "RESUME"), ("levels", "LEVELS"), ("title", "TITLE")), 640, 340))


def draw_pause(target: pygame.Surface, menu: Menu) -> None:
    """Darken the picture and draw the pause."""
    target.fill((92, 104, 112), special_flags=pygame.BLEND_RGB_MULT)
    paint.put(target, paint.headline("PAUSED", 104, 16), (640, 230))
    menu.draw(target)
