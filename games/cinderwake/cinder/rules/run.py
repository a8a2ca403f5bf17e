"""One run from the first wave to the last life: fights, breaks, choices of upgrades."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from . import hatching
from .things import Happening, Kind, Steering, What
from .upgrades import Upgrade
from .waves import Wave, earns_upgrade, few_left, group_ticks, plan
from .world import World

GREETING_TICKS = 100
"""From a wave's announcement to its first portals."""
BREAK_TICKS = 110
"""Time to gather embers after a wave."""
FALL_TICKS = 130
"""From the last hit to the result."""
WAVE_POINTS = 250
UNHURT_POINTS = 500


class Phase(StrEnum):
    """Where a run is."""

    GREETING = "greeting"
    FIGHT = "fight"
    BREAK = "break"
    CHOICE = "choice"
    FALLING = "falling"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Result:
    """What is left of a run."""

    score: int
    wave: int
    kills: int
    best_chain: int
    seconds: int


class Run:
    """One run."""

    def __init__(self, seed: int, *, first_wave: int = 1, choices: int = 0) -> None:
        """Arguments: ``choices`` is how many upgrades may be chosen before the first wave."""
        self.world = World(random.Random(seed))
        self.phase = Phase.GREETING
        self.wave: Wave = plan(first_wave, self.world.chance)
        self.world.wave = first_wave
        self.offer: tuple[Upgrade, ...] = ()
        self.choices_left = choices
        self.bonus = 0
        """Points that the last wave brought as a whole."""
        self.phase_ticks = 0
        self._groups_open = 0
        self._group_ticks = 0
        self._unhurt = True
        self._make_offer()

    @property
    def result(self) -> Result:
        """The run as it stands."""
        chain = self.world.chain
        return Result(chain.score, self.wave.number, chain.kills, chain.best, self.world.ticks // 60)

    def step(self, steering: Steering) -> list[Happening]:
        """Let a tick pass; return what happened. Nothing moves while there is a choice or all is over."""
        world = self.world
        world.happenings = []
        self.phase_ticks += 1
        if self.phase in (Phase.CHOICE, Phase.OVER):
            return []
        if self.phase is Phase.FALLING:
            if self.phase_ticks >= FALL_TICKS:
                self._enter(Phase.OVER)
                world.happen(What.OVER)
            return world.happenings
        world.step(steering)
        if any(happening.what is What.HURT for happening in world.happenings):
            self._unhurt = False
        if world.flyer.lives <= 0:
            self._enter(Phase.FALLING)
            return world.happenings
        self._advance()
        return world.happenings

    def choose(self, index: int) -> None:
        """Take one of the upgrades on offer.

        Raises:
            ValueError: there is no choice now, or not this one.
        """
        if self.phase is not Phase.CHOICE or not 0 <= index < len(self.offer):
            raise ValueError(f"no upgrade {index} is on offer")
        upgrade = self.offer[index]
        flyer = self.world.flyer
        flyer.loadout.take(upgrade)
        if upgrade in (Upgrade.HEART, Upgrade.MEND):
            flyer.lives = min(flyer.lives + 1, flyer.loadout.lives_max)
        self.offer = ()
        self.choices_left -= 1
        self._make_offer()
        if not self.offer:
            self._begin_wave()

    def _make_offer(self) -> None:
        if self.choices_left > 0:
            flyer = self.world.flyer
            self.offer = flyer.loadout.offer(self.world.chance, hurt=flyer.lives < flyer.loadout.lives_max)
        if self.offer:
            self._enter(Phase.CHOICE)

    def _enter(self, phase: Phase) -> None:
        self.phase, self.phase_ticks = phase, 0

    def _advance(self) -> None:
        if self.phase is Phase.GREETING:
            if self.phase_ticks == 1:
                self.world.happen(What.WAVE, amount=self.wave.number, kind=self.wave.newcomer)
            if self.phase_ticks >= GREETING_TICKS:
                self._enter(Phase.FIGHT)
        elif self.phase is Phase.FIGHT:
            self._fight()
        elif self.phase_ticks >= BREAK_TICKS:
            self._after_break()

    def _fight(self) -> None:
        world = self.world
        self._group_ticks += 1
        threats = sum(foe.kind is not Kind.MINE for foe in world.foes) + len(world.portals)
        pending = self._groups_open < len(self.wave.groups)
        if pending and (self._groups_open == 0 or self._next_group_is_due(threats)):
            hatching.open_group(world, self.wave.groups[self._groups_open])
            self._groups_open += 1
            self._group_ticks = 0
        elif threats == 0 and (not pending or self._boss_fell()):
            self._clear()

    def _next_group_is_due(self, threats: int) -> bool:
        number = self.wave.number
        return threats <= few_left(number) or self._group_ticks >= group_ticks(number)

    def _boss_fell(self) -> bool:
        return any(h.what is What.BOSS_DOWN for h in self.world.happenings)

    def _clear(self) -> None:
        world = self.world
        for foe in world.foes:
            foe.hp = 0.0
        world.bullets.clear()
        self.bonus = WAVE_POINTS * self.wave.number + (UNHURT_POINTS * self.wave.number if self._unhurt else 0)
        world.chain.add(self.bonus)
        world.happen(What.CLEARED, amount=self.bonus)
        self._enter(Phase.BREAK)

    def _after_break(self) -> None:
        self.choices_left = 1 if earns_upgrade(self.wave.number) else 0
        self.wave = plan(self.wave.number + 1, self.world.chance)
        self._make_offer()
        if not self.offer:
            self._begin_wave()

    def _begin_wave(self) -> None:
        self.world.wave = self.wave.number
        self._groups_open = self._group_ticks = 0
        self._unhurt = True
        self._enter(Phase.GREETING)
