"""The program: which scene is shown, what commands do in it, and the loop that keeps 60 ticks a second."""

from __future__ import annotations

import os
import random
from enum import StrEnum
from pathlib import Path

import pygame

from . import records as records_file
from .controls import Command, Controls
from .demo_keys import DemoKeys
from .picture.cards import Cards
from .picture.hud import Hud
from .picture.screens import Screens
from .picture.stage import Stage
from .rules import autopilot
from .rules.arena import HEIGHT, TICKS_PER_S, WIDTH
from .rules.run import Phase, Run
from .rules.things import Happening, What
from .rules.waves import WAVES_PER_SECTOR, sector_of
from .sound.jukebox import Jukebox

STEPS_MAX = 4
"""A frame that took longer than this many ticks makes the game slower instead of jumping."""

CHOICES_PER_SECTOR = 3
SHOWN_FIRST_WAVES = (3, 6, 8, 11, 13)
"""Waves that the fight behind the title may begin with."""

HELD_TICKS = {What.HURT: 7, What.BOSS_DOWN: 14, What.NOVA: 3}
"""For how long the game holds its breath."""

RUMBLES = {What.HURT: (0.8, 1.0, 280), What.NOVA: (1.0, 0.6, 400), What.BOSS_DOWN: (1.0, 1.0, 600)}


class Scene(StrEnum):
    """What is on the screen."""

    TITLE = "title"
    PLAY = "play"
    PAUSE = "pause"
    OVER = "over"


class App:
    """One program run."""

    def __init__(self, *, seed: int | None, demo: bool) -> None:
        self._screen = pygame.display.set_mode((WIDTH, HEIGHT))
        self._chance = random.Random(seed)
        self._folder: Path = records_file.save_folder(os.environ)
        self._records = records_file.load(self._folder)
        self._controls = Controls()
        self._demo = DemoKeys() if demo else None
        self._jukebox = Jukebox(on=self._records.sound)
        self._stage, self._hud, self._cards, self._screens = Stage(), Hud(), Cards(), Screens()
        self._scene = Scene.TITLE
        self._choice = 0
        self._sector = 0
        self._frame = 0
        self._held = 0
        self._place: int | None = None
        self._run = self._show_run()

    def play(self) -> None:
        """Run until the window is closed."""
        clock = pygame.time.Clock()
        elapsed_ms = 0
        while all(self._take(event) for event in pygame.event.get()):
            for _ in range(min(max(round(elapsed_ms * TICKS_PER_S / 1000), 1), STEPS_MAX)):
                self._tick()
            self._draw()
            pygame.display.flip()
            elapsed_ms = clock.tick(TICKS_PER_S)
        self._save()

    def _take(self, event: pygame.Event) -> bool:
        command = self._controls.take(event)
        if command is not None:
            self._obey(command)
        return event.type != pygame.QUIT

    def _obey(self, command: Command) -> None:
        if command is Command.SOUND:
            self._switch_sound()
        elif self._scene is Scene.PLAY:
            self._obey_in_play(command)
        elif self._scene is Scene.PAUSE and command in (Command.PAUSE, Command.BACK):
            self._enter(Scene.PLAY)
        else:
            self._obey_menu(command)

    def _obey_in_play(self, command: Command) -> None:
        if command is Command.PAUSE and self._run.phase is not Phase.FALLING:
            self._enter(Scene.PAUSE)
        elif self._run.phase is Phase.CHOICE:
            count = len(self._run.offer)
            if command in (Command.LEFT, Command.RIGHT):
                self._choice = (self._choice + (1 if command is Command.RIGHT else -1)) % count
                self._jukebox.play("move")
            elif command is Command.ACCEPT and self._run.phase_ticks > 20:
                self._run.choose(self._choice)
                self._choice = 0
                self._jukebox.play("take")
                self._controls.forget_presses()

    def _rows(self) -> list[str]:
        sound = f"sound: {'on' if self._jukebox.on else 'off'}"
        if self._scene is Scene.TITLE:
            start = [f"< start in sector {self._sector + 1} >"] if self._records.sector else []
            return ["play", *start, sound]
        return ["go on", sound, "give up"] if self._scene is Scene.PAUSE else ["again", "title"]

    def _obey_menu(self, command: Command) -> None:
        rows = self._rows()
        if command in (Command.UP, Command.DOWN):
            self._choice = (self._choice + (1 if command is Command.DOWN else -1)) % len(rows)
            self._jukebox.play("move")
        elif command in (Command.LEFT, Command.RIGHT):
            self._choose_sector(1 if command is Command.RIGHT else -1)
        elif command is Command.ACCEPT and (self._scene is not Scene.OVER or self._frame > 40):
            self._jukebox.play("take")
            self._accept(rows[self._choice])

    def _accept(self, row: str) -> None:
        if row in ("play", "again"):
            self._begin()
        elif row == "go on":
            self._enter(Scene.PLAY)
        elif row.startswith("sound"):
            self._switch_sound()
        elif row.startswith("<"):
            self._choose_sector(1)
        elif row == "give up":
            self._finish()
        else:
            self._run = self._show_run()
            self._enter(Scene.TITLE)

    def _choose_sector(self, step: int) -> None:
        if self._scene is Scene.TITLE and self._records.sector:
            self._sector = (self._sector + step) % (self._records.sector + 1)
            self._jukebox.play("move")

    def _switch_sound(self) -> None:
        self._jukebox.switch()
        self._records.sound = self._jukebox.on
        self._save()

    def _save(self) -> None:
        records_file.save(self._folder, self._records)

    def _show_run(self) -> Run:
        return Run(self._chance.randrange(2**32), first_wave=self._chance.choice(SHOWN_FIRST_WAVES))

    def _begin(self) -> None:
        first, choices = 1 + self._sector * WAVES_PER_SECTOR, self._sector * CHOICES_PER_SECTOR
        self._run = Run(self._chance.randrange(2**32), first_wave=first, choices=choices)
        self._hud.reset()
        self._enter(Scene.PLAY)

    def _finish(self) -> None:
        result = self._run.result
        self._place = self._records.enter(result.score, sector_of(result.wave))
        self._save()
        self._enter(Scene.OVER)

    def _enter(self, scene: Scene) -> None:
        self._scene, self._choice, self._frame = scene, 0, 0
        self._controls.forget_presses()

    def _tick(self) -> None:
        self._frame += 1
        if self._demo is not None:
            self._demo.press(self._run, fighting=self._scene is Scene.PLAY)
        self._jukebox.tick(self._intensity())
        if self._scene is Scene.TITLE:
            self._tick_show()
        elif self._scene is Scene.PLAY:
            self._tick_play()

    def _intensity(self) -> int:
        if self._scene is not Scene.PLAY:
            return 1
        world = self._run.world
        hot = world.boss is not None or world.chain.multiplier >= 4
        return 1 if self._run.phase is Phase.CHOICE else 3 if hot else 2

    def _tick_show(self) -> None:
        run = self._run
        if run.phase in (Phase.CHOICE, Phase.OVER) or run.world.ticks > 60 * 60:
            self._run = run = self._show_run()
        self._stage.tick(run.world, run.step(autopilot.steer(run.world)))

    def _tick_play(self) -> None:
        if self._held:
            self._held -= 1
            return
        run = self._run
        happenings = run.step(self._controls.steering())
        self._stage.tick(run.world, happenings)
        for happening in happenings:
            self._feel(happening)
        if run.phase is Phase.CHOICE and run.phase_ticks == 1:
            self._stage.backdrop.nebula(sector_of(run.wave.number))
        if run.phase is Phase.OVER:
            self._finish()

    def _feel(self, happening: Happening) -> None:
        self._jukebox.hear(happening)
        self._held = max(self._held, HELD_TICKS.get(happening.what, 0))
        if happening.what in RUMBLES:
            self._controls.rumble(*RUMBLES[happening.what])

    def _draw(self) -> None:
        screen, run, frame = self._screen, self._run, self._frame
        self._stage.draw(screen, run.world)
        if self._scene is Scene.TITLE:
            self._screens.draw_title(screen, self._records.scores, self._choice, self._rows(), frame)
            return
        self._hud.draw(screen, run, frame)
        if self._scene is Scene.PAUSE:
            self._screens.draw_pause(screen, self._choice, self._rows(), frame)
        elif self._scene is Scene.OVER:
            self._screens.draw_over(screen, run.result, self._place, self._rows(), self._choice, frame)
        elif run.phase is Phase.CHOICE:
            self._cards.draw(screen, run, self._choice, frame)
