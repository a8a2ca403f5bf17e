"""A player for ``--demo``: it presses keys, which then go the way that a player's do."""

from __future__ import annotations

import pygame

from .rules import autopilot
from .rules.run import Phase, Run

KEYS = {
    pygame.KSCAN_LEFT: pygame.K_LEFT,
    pygame.KSCAN_RIGHT: pygame.K_RIGHT,
    pygame.KSCAN_UP: pygame.K_UP,
    pygame.KSCAN_DOWN: pygame.K_DOWN,
    pygame.KSCAN_SPACE: pygame.K_SPACE,
    pygame.KSCAN_X: pygame.K_x,
    pygame.KSCAN_RETURN: pygame.K_RETURN,
}
MENU_TICKS = 90
"""How long it looks at a menu."""


class DemoKeys:
    """Knows which keys it holds."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._menu_ticks = 0

    def press(self, run: Run, *, fighting: bool) -> None:
        """Press and release what this tick asks for."""
        in_menu = not fighting or run.phase is Phase.CHOICE
        self._menu_ticks = self._menu_ticks + 1 if in_menu else 0
        if in_menu:
            self._hold({pygame.KSCAN_RETURN} if self._menu_ticks % MENU_TICKS == 0 else set())
        else:
            self._hold(_fight_keys(run))

    def _hold(self, wish: set[int]) -> None:
        for kind, keys in ((pygame.KEYUP, self._held - wish), (pygame.KEYDOWN, wish - self._held)):
            for key in keys:
                pygame.event.post(pygame.Event(kind, key=KEYS[key], scancode=key, mod=0, unicode=""))
        self._held = wish


def _fight_keys(run: Run) -> set[int]:
    wish = autopilot.steer(run.world)
    keys = set()
    if abs(wish.x) > 0.38:
        keys.add(pygame.KSCAN_RIGHT if wish.x > 0 else pygame.KSCAN_LEFT)
    if abs(wish.y) > 0.38:
        keys.add(pygame.KSCAN_DOWN if wish.y > 0 else pygame.KSCAN_UP)
    if wish.dash:
        keys.add(pygame.KSCAN_SPACE)
    if wish.nova:
        keys.add(pygame.KSCAN_X)
    return keys
