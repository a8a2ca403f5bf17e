"""Buttons on the screen, for fingers, mouse, keys and pads alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pygame

from . import paint
from .commands import Command, Pointer, Touch

_WAYS = {Command.LEFT: (-1, 0), Command.RIGHT: (1, 0), Command.UP: (0, -1), Command.DOWN: (0, 1)}


@dataclass(frozen=True, slots=True)
class Button:
    """A button; ``name`` is what a press returns."""

    name: str
    label: str
    rect: pygame.Rect
    size: int = 38
    colour: paint.Colour = paint.PALE


class Menu:
    """Some buttons of which one has the focus."""

    def __init__(self, buttons: Sequence[Button], focus: str = "") -> None:
        self.buttons = list(buttons)
        self.focus = focus or self.buttons[0].name
        self._pressed: str | None = None

    def pointer(self, pointer: Pointer) -> str | None:
        """Take a movement; return the name of a button that was pressed and let go."""
        hit = next((button.name for button in self.buttons if button.rect.collidepoint(pointer.at)), None)
        if hit is not None:
            self.focus = hit
        if pointer.touch is Touch.DOWN:
            self._pressed = hit
        elif pointer.touch is Touch.UP:
            pressed, self._pressed = self._pressed, None
            return hit if hit == pressed else None
        return None

    def command(self, command: Command) -> str | None:
        """Take a command; return the name of a button that was pressed."""
        if command is Command.ACT:
            return self.focus
        if command in _WAYS:
            self._move(*_WAYS[command])
        return None

    def _move(self, x: int, y: int) -> None:
        """Give the focus to the nearest button that lies in a direction."""
        here = self._focused().rect.center

        def distance(button: Button) -> float:
            away_x, away_y = button.rect.centerx - here[0], button.rect.centery - here[1]
            along, aside = away_x * x + away_y * y, abs(away_x * y) + abs(away_y * x)
            return along + 2.5 * aside if along > 4 else float("inf")

        nearest = min(self.buttons, key=distance)
        if distance(nearest) < float("inf"):
            self.focus = nearest.name

    def _focused(self) -> Button:
        return next(button for button in self.buttons if button.name == self.focus)

    def draw(self, target: pygame.Surface, *, focused: bool = True) -> None:
        """Draw all buttons; ``focused`` shows where the focus is."""
        for button in self.buttons:
            bright = focused and button.name == self.focus
            target.blit(paint.panel(button.rect.width, button.rect.height, bright), button.rect)
            paint.put(target, paint.text(button.label, button.size, button.colour, 2), button.rect.move(0, 2).center)


def column(names: Sequence[tuple[str, str]], middle_x: int, top: int, width: int = 330) -> list[Button]:
    """Return buttons below each other."""
    made = []
    for index, (name, label) in enumerate(names):
        rect = pygame.Rect(0, 0, width, 74)
        rect.midtop = middle_x, top + index * 92
        made.append(Button(name, label, rect))
    return made
