"""The program: one loop that goes from the title to the ponds to a level."""

from __future__ import annotations

from enum import Enum

import pygame

from . import progress, scenery, screens
from .commands import Command, Commands, Pointer
from .levels import LEVELS_PER_POND, PONDS
from .play import Play
from .sound import Sounds

FPS = 60


class View(Enum):
    """What is on the screen."""

    TITLE = "title"
    LEVELS = "levels"
    PLAY = "play"
    PAUSED = "paused"


class App:
    """Owns the screen and everything shown on it."""

    def __init__(self, screen: pygame.Surface) -> None:
        self._screen = screen
        self._ground = scenery.backdrop()
        self._life = scenery.Life(4)
        self._sounds = Sounds()
        self._commands = Commands()
        self._save_folder = progress.folder()
        self._progress = progress.load(self._save_folder)
        self._pond = self._progress.last[0]
        self._view = View.TITLE
        self._menu = screens.title_menu(self._progress)
        self._play = Play(self._progress.next_unsolved(), self._sounds)
        self._seconds = 0.0

    def run(self) -> None:
        """Play until the window is closed."""
        clock = pygame.time.Clock()
        while self.take_events():
            self.step()
            self.draw()
            pygame.display.flip()
            self._sounds.prepare()
            clock.tick(FPS)

    def take_events(self) -> bool:
        """Take what has come; return False if it ends the program."""
        going = True
        for event in pygame.event.get():
            going = going and event.type != pygame.QUIT
            what = self._commands.take(event)
            if what is not None:
                self._take(what)
        return going

    def _take(self, what: Command | Pointer) -> None:
        if self._view is View.PLAY:
            name = self._play.take(what)
        elif what is Command.PAUSE:
            name = {View.PAUSED: "resume", View.LEVELS: "title"}.get(self._view)
        else:
            name = self._menu.pointer(what) if isinstance(what, Pointer) else self._menu.command(what)
        if name is not None:
            self._sounds.play("press")
            self._answer(name)

    def _answer(self, name: str) -> None:
        """Do what a button says."""
        match name:
            case "continue":
                self._begin(self._progress.next_unsolved())
            case "levels":
                self._pond = self._play.key[0]
                self._show_levels()
            case "title":
                self._view, self._menu = View.TITLE, screens.title_menu(self._progress)
            case "pause":
                self._view, self._menu = View.PAUSED, screens.pause_menu()
            case "resume":
                self._view = View.PLAY
            case "previous" | "next" if self._view is View.LEVELS:
                self._pond += 1 if name == "next" else -1
                self._show_levels()
            case "next":
                self._begin(_after(self._play.key))
            case _:
                self._begin((self._pond, int(name)))

    def _begin(self, key: tuple[int, int]) -> None:
        self._play = Play(key, self._sounds)
        self._view = View.PLAY
        self._progress.last = key
        self._keep()

    def _show_levels(self) -> None:
        self._view, self._menu = View.LEVELS, screens.level_menu(self._progress, self._pond)

    def _keep(self) -> None:
        progress.store(self._save_folder, self._progress)

    def step(self) -> None:
        """Go on by a frame; nothing moves in a pause."""
        if self._view is View.PAUSED:
            return
        self._seconds += 1 / FPS
        self._life.step(1 / FPS)
        if self._view is View.PLAY and self._play.step():
            board = self._play.board
            self._progress.solve(*self._play.key, board.strokes, perfect=board.perfect)
            self._keep()

    def draw(self) -> None:
        """Draw the frame."""
        if self._view is View.PAUSED:
            self._draw_scene(moving=False)
            screens.draw_pause(self._screen, self._menu)
            return
        self._draw_scene(moving=True)
        if self._view is View.TITLE:
            screens.draw_title(self._screen, self._seconds)
            self._menu.draw(self._screen)
        elif self._view is View.LEVELS:
            screens.draw_levels(self._screen, self._menu, self._progress, self._pond)

    def _draw_scene(self, *, moving: bool) -> None:
        self._screen.blit(self._ground, (0, 0))
        self._life.draw_koi(self._screen)
        if self._view in (View.PLAY, View.PAUSED):
            self._play.draw(self._screen, moving=moving)
        self._life.draw_fireflies(self._screen)


def _after(key: tuple[int, int]) -> tuple[int, int]:
    """The level after a level; after the last one the first."""
    pond, number = divmod(key[0] * LEVELS_PER_POND + key[1] + 1, LEVELS_PER_POND)
    return pond % len(PONDS), number
