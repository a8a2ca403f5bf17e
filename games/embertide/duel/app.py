"""The program: one loop of 60 steps a second that goes from title to match to result."""

from __future__ import annotations

import random
from enum import Enum

import pygame

from . import arena, records, screens
from .arena import Side
from .devices import Devices, Press, Wish, label, wished_side
from .lobby import Joined, Lobby
from .paint import PALE
from .pieces import Control, Event, Phase, What
from .rival import LEVELS, Rival
from .rules import Match
from .sound import Sounds
from .stage import NAMES, Stage

ATTRACT_LEVEL = 2
RESULT_DEAF_S = 0.8
"""A result takes no press so soon: it was meant for the match."""


class View(Enum):
    """What is on the screen."""

    TITLE = "title"
    MATCH = "match"
    PAUSED = "paused"
    RESULT = "result"


class App:
    """Owns the screen and everything shown on it."""

    def __init__(self, screen: pygame.Surface, seed: int) -> None:
        self._screen = screen
        self._rng = random.Random(seed)
        self._stage = Stage(seed)
        self._sounds = Sounds()
        self._devices = Devices()
        self._lobby = Lobby()
        self._save_folder = records.folder()
        self._records = records.load(self._save_folder)
        self._view = View.TITLE
        self._chosen = 0
        self._seconds = self._shown_at_s = 0.0
        self._new_match(ATTRACT_LEVEL)

    def run(self) -> None:
        """Play until the window is closed."""
        clock = pygame.time.Clock()
        while self._take_events():
            self._step()
            self._draw()
            pygame.display.flip()
            self._sounds.prepare()
            clock.tick(arena.STEPS_PER_S)

    def _take_events(self) -> bool:
        """Take all events, whichever of them ends the program."""
        going = True
        for event in pygame.event.get():
            going = self._take(event) and going
        return going

    def _new_match(self, level: int) -> None:
        self._match = Match.start(self._rng.randrange(2**32))
        self._rivals = tuple(Rival(side, LEVELS[level], self._rng.randrange(2**32)) for side in Side)
        self._chosen = 0

    def _take(self, event: pygame.Event) -> bool:
        """Take an event; False ends the program."""
        gone = self._devices.unplugged(event)
        if gone is not None:
            self._left(self._lobby.leave(gone))
        press = self._devices.take(event)
        if press is not None:
            {
                View.TITLE: self._press_in_title,
                View.MATCH: self._press_in_match,
                View.PAUSED: self._press_in_menu,
                View.RESULT: self._press_in_menu,
            }[self._view](press)
        return event.type != pygame.QUIT

    def _press_in_title(self, press: Press) -> None:
        if press.wish in (Wish.ACT, Wish.PAUSE) and press.device:
            if self._lobby.press(press.device, wished_side(press.device)) is Joined.READY:
                self._begin()
            self._sounds.play("join")
        elif press.wish in (Wish.LEFT, Wish.RIGHT) and self._lobby.players:
            self._lobby.change_level(1 if press.wish is Wish.RIGHT else -1)
            self._sounds.play("move")
        elif press.wish is Wish.PAUSE:
            self._lobby.clear()
        elif press.wish is Wish.BACK:
            self._lobby.leave(press.device)

    def _press_in_match(self, press: Press) -> None:
        if press.wish is Wish.PAUSE:
            self._show(View.PAUSED)
        elif press.wish is Wish.ACT and not self._shares_keyboard(press.device):
            self._join_in_match(press.device)

    def _join_in_match(self, device: str) -> None:
        """Somebody takes over from the computer."""
        if self._lobby.press(device, wished_side(device)) is Joined.SEATED:
            side = self._lobby.side_of(device) or Side.EMBER
            self._stage.say(f"{NAMES[side]}: A PLAYER JOINS", PALE)
            self._sounds.play("join")

    def _press_in_menu(self, press: Press) -> None:
        if self._view is View.RESULT and self._seconds - self._shown_at_s < RESULT_DEAF_S:
            return
        items = screens.PAUSE_ITEMS if self._view is View.PAUSED else screens.RESULT_ITEMS
        if press.wish in (Wish.UP, Wish.DOWN):
            self._chosen = (self._chosen + (1 if press.wish is Wish.DOWN else -1)) % len(items)
            self._sounds.play("move")
        elif press.wish is Wish.PAUSE and self._view is View.PAUSED:
            self._show(View.MATCH)
        elif press.wish is Wish.ACT:
            self._choose(items[self._chosen])

    def _choose(self, item: str) -> None:
        self._sounds.play("join")
        if item == "RESUME":
            self._show(View.MATCH)
        elif item == "LEAVE MATCH":
            self._keep()
            self._to_title()
        else:
            self._begin()

    def _begin(self) -> None:
        self._new_match(self._lobby.level)
        self._show(View.MATCH)

    def _to_title(self) -> None:
        self._lobby.clear()
        self._new_match(ATTRACT_LEVEL)
        self._show(View.TITLE)

    def _show(self, view: View) -> None:
        self._view, self._chosen, self._shown_at_s = view, 0, self._seconds
        self._sounds.pause(view is View.PAUSED)

    def _left(self, side: Side | None) -> None:
        """A player is gone; the computer goes on, unless nobody is left."""
        if side is None or self._view is View.TITLE:
            return
        if self._lobby.players == 0:
            self._to_title()
        else:
            self._stage.say(f"{NAMES[side]}: THE COMPUTER TAKES OVER", PALE)

    def _shares_keyboard(self, device: str) -> bool:
        """Both halves of the keyboard are one player's if no other half plays."""
        return device.endswith("keys") and any((self._lobby.device(side) or "").endswith("keys") for side in Side)

    def _whole_keyboard(self) -> bool:
        return sum((self._lobby.device(side) or "").endswith("keys") for side in Side) == 1

    def _step(self) -> None:
        self._seconds += 1 / arena.STEPS_PER_S
        if self._view is View.PAUSED:
            return
        events = self._match.step((self._control(Side.EMBER), self._control(Side.TIDE)))
        self._stage.see(events)
        if self._view is View.MATCH:
            self._follow(events)
        elif self._view is View.TITLE and self._match.phase is Phase.OVER:
            self._new_match(ATTRACT_LEVEL)

    def _control(self, side: Side) -> Control:
        device = self._lobby.device(side)
        if self._view is not View.MATCH or device is None:
            return self._rivals[side].think(self._match)
        control = self._devices.control(device, whole_keyboard=self._whole_keyboard())
        if self._lobby.count_idle(side, control != Control()):
            self._left(side)
        return control

    def _follow(self, events: list[Event]) -> None:
        for event in events:
            self._sounds.hear(event, self._match.rally)
            if event.what in (What.HIT, What.GOAL) and event.side is not None:
                self._devices.rumble(self._lobby.device(event.side), 0.25 + 0.6 * event.strength)
            if event.what is What.WON:
                self._finish()

    def _finish(self) -> None:
        kept, match = self._records, self._match
        kept.matches += 1
        human = next((side for side in Side if self._lobby.device(side)), Side.EMBER)
        if self._lobby.players == 1:
            if match.winner is human:
                kept.won(self._lobby.level)
            else:
                kept.lost()
        self._keep()
        self._show(View.RESULT)

    def _keep(self) -> None:
        self._records.longest_rally = max(self._records.longest_rally, self._match.longest_rally)
        records.store(self._save_folder, self._records)

    def _draw(self) -> None:
        computer = f"Computer: {LEVELS[self._lobby.level].name}"
        ember, tide = (label(device) if (device := self._lobby.device(side)) else computer for side in Side)
        if self._view is View.PAUSED:
            self._draw_pause(ember, tide)
            return
        self._stage.draw(self._screen, self._match, (ember, tide), hud=self._view is View.MATCH)
        if self._view is View.TITLE:
            screens.draw_title(self._screen, self._lobby, self._records, self._seconds)
        elif self._view is View.RESULT:
            screens.draw_result(self._screen, self._match, self._lobby, self._records, self._chosen)

    def _draw_pause(self, ember: str, tide: str) -> None:
        self._stage.draw(self._screen, self._match, (ember, tide), moving=False)
        screens.draw_menu(self._screen, "PAUSED", screens.PAUSE_ITEMS, self._chosen)
