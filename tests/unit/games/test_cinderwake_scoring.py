"""Cinderwake's chain, upgrades, waves, records and controls."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pygame
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.cinderwake.cinder import records
from games.cinderwake.cinder.controls import Command, Controls
from games.cinderwake.cinder.picture.cards import card_places
from games.cinderwake.cinder.picture.words import BOSS_NAMES, KIND_NAMES, UPGRADE_WORDS
from games.cinderwake.cinder.rules.chain import MULTIPLIER_MAX, Chain
from games.cinderwake.cinder.rules.things import Kind
from games.cinderwake.cinder.rules.traits import BOSSES, TRAITS
from games.cinderwake.cinder.rules.upgrades import LEVELS_MAX, Loadout, Upgrade
from games.cinderwake.cinder.rules.waves import REGULARS, is_boss_wave, plan
from games.cinderwake.cinder.sound.effects import EFFECTS


def test_a_chain_multiplies_points_until_it_is_lost() -> None:
    chain = Chain()
    assert [chain.kill(100, 180) for _ in range(15)] == [100] * 4 + [200] * 10 + [300]
    chain.hurt()
    assert (chain.links, chain.multiplier) == (7, 2)
    for _ in range(220):
        chain.kill(100, 180)
    assert chain.multiplier == chain.best == MULTIPLIER_MAX
    for _ in range(179):
        assert not chain.tick()
    chain.ember(180)
    assert chain.ticks_left == 180
    assert [chain.tick() for _ in range(180)] == [False] * 179 + [True]
    assert chain.multiplier == 1


@given(st.integers(0, 2**32), st.integers(0, 40))
def test_upgrades_on_offer_differ_and_can_be_taken(seed: int, takes: int) -> None:
    chance, loadout = random.Random(seed), Loadout()
    for _ in range(takes):
        offer = loadout.offer(chance, hurt=chance.random() < 0.5)
        if not offer:
            break
        assert len(set(offer)) == len(offer) <= 3
        loadout.take(chance.choice(offer))
    assert all(level <= LEVELS_MAX[upgrade] for upgrade, level in loadout.levels.items())


def test_every_upgrade_but_mending_changes_a_number_and_ends() -> None:
    for upgrade in set(Upgrade) - {Upgrade.MEND, Upgrade.PIERCE, Upgrade.ORBIT}:
        plain, better = Loadout(), Loadout()
        better.take(upgrade)
        names = [name for name in dir(Loadout) if isinstance(getattr(Loadout, name), property)]
        assert [getattr(plain, name) for name in names] != [getattr(better, name) for name in names], upgrade
        for _ in range(LEVELS_MAX[upgrade] - 1):
            better.take(upgrade)
        with pytest.raises(ValueError, match=upgrade):
            better.take(upgrade)


@given(st.integers(1, 60), st.integers(0, 2**32))
def test_waves_bring_only_what_is_due_and_grow(number: int, seed: int) -> None:
    wave = plan(number, random.Random(seed))
    kinds = [kind for group in wave.groups for kind in group.kinds]
    assert (wave.boss is not None) == is_boss_wave(number) == any(kind in BOSSES for kind in kinds)
    assert all(TRAITS[kind].first_wave <= number for kind in kinds if kind not in BOSSES)
    assert all(0 < len(group.kinds) <= 12 for group in wave.groups)
    if wave.boss is None:
        threat = sum(TRAITS[kind].threat for kind in kinds)
        later = plan(number + 10 - (number + 10) % 5 + 1, random.Random(seed))
        assert threat < sum(TRAITS[kind].threat for group in later.groups for kind in group.kinds) + 40


def test_every_kind_is_announced_once_and_has_its_words() -> None:
    waves = [plan(number, random.Random(1)) for number in range(1, 16)]
    announced = [wave.newcomer for wave in waves if wave.newcomer]
    assert len(set(announced)) == len(announced)
    assert set(announced) | {Kind.MOTE, Kind.HUNTER} == {*REGULARS, *BOSSES}
    assert {*KIND_NAMES, *BOSS_NAMES} == set(Kind)
    assert set(UPGRADE_WORDS) == set(Upgrade)


def test_records_are_kept_whole(tmp_path: Path) -> None:
    kept = records.Records()
    assert [kept.enter(score, sector) for score, sector in ((50, 0), (90, 2), (70, 1), (0, 0))] == [0, 0, 1, None]
    kept.sound = False
    records.save(tmp_path / "deep" / "er", kept)
    assert records.load(tmp_path / "deep" / "er") == records.Records([90, 70, 50], 2, False)
    assert [path.name for path in (tmp_path / "deep" / "er").iterdir()] == [records.FILE_NAME]
    for score in range(100, 106):
        kept.enter(score, 0)
    assert kept.scores == [105, 104, 103, 102, 101]
    assert kept.enter(3, 0) is None


@settings(max_examples=40)
@given(st.binary(max_size=60) | st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists).map(
    lambda body: json.dumps({"scores": body, "sector": body, "sound": body}).encode()
))  # fmt: skip
def test_any_file_can_be_read(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / records.FILE_NAME).write_bytes(content)
    found = records.load(folder)
    assert found.scores == sorted((score for score in found.scores if score > 0), reverse=True)
    assert 0 <= found.sector <= records.SECTOR_MAX


def test_records_lie_where_the_launcher_or_the_desktop_says(tmp_path: Path) -> None:
    assert records.save_folder({"FARPLAY_SAVE_DIR": "/s", "XDG_DATA_HOME": "/d"}) == Path("/s")
    assert records.save_folder({"XDG_DATA_HOME": "/d"}) == Path("/d/cinderwake")
    assert records.save_folder({}) == Path.home() / ".local/share/cinderwake"
    blocked = tmp_path / "file"
    blocked.write_text("")
    records.save(blocked / "below", records.Records())


def key(scancode: int, *, down: bool = True) -> pygame.Event:
    return pygame.Event(pygame.KEYDOWN if down else pygame.KEYUP, scancode=scancode, key=0)


def test_a_tap_within_a_tick_counts_once() -> None:
    controls = Controls()
    for scancode in (pygame.KSCAN_SPACE, pygame.KSCAN_D):
        controls.take(key(scancode))
        controls.take(key(scancode, down=False))
    wish = controls.steering()
    assert (wish.dash, wish.nova, wish.x, wish.y) == (True, False, 1.0, 0.0)
    assert controls.steering() == controls.steering()
    assert controls.steering().x == 0.0


def test_held_keys_last_until_the_window_loses_focus() -> None:
    controls = Controls()
    controls.take(key(pygame.KSCAN_UP))
    controls.take(key(pygame.KSCAN_LEFT))
    assert [(wish.x, wish.y) for wish in (controls.steering(), controls.steering())] == [(-1.0, -1.0)] * 2
    assert controls.take(pygame.Event(pygame.WINDOWFOCUSLOST)) is Command.PAUSE
    assert controls.steering().y == 0.0


class StubPad:
    def __init__(self) -> None:
        self.axes = [0.0] * 6
        self.shaken: list[tuple[float, float, int]] = []

    def get_instance_id(self) -> int:
        return 4

    def get_axis(self, axis: int) -> float:
        return self.axes[axis]

    def get_numaxes(self) -> int:
        return 6

    def get_numhats(self) -> int:
        return 1

    def get_hat(self, number: int) -> tuple[int, int]:
        return (0, 0)

    def rumble(self, low: float, high: float, duration_ms: int) -> None:
        self.shaken.append((low, high, duration_ms))


@pytest.fixture
def pad(monkeypatch: pytest.MonkeyPatch) -> StubPad:
    stub = StubPad()
    monkeypatch.setattr(pygame, "joystick", SimpleNamespace(Joystick=lambda index: stub))
    return stub


def test_a_pad_flies_aims_and_walks_menus(pad: StubPad) -> None:
    controls = Controls()
    controls.take(pygame.Event(pygame.JOYDEVICEADDED, device_index=0))

    def stick(axis: int, value: float) -> Command | None:
        pad.axes[axis] = value
        return controls.take(pygame.Event(pygame.JOYAXISMOTION, instance_id=4, axis=axis, value=value))

    assert [stick(1, value) for value in (0.3, 0.8, 1.0, 0.1, -0.9)] == [None, Command.DOWN, None, None, Command.UP]
    pad.axes = [1.0, 0.1, -1.0, 0.0, -1.0, -1.0]
    wish = controls.steering()
    assert wish.x > 0.95
    assert (round(wish.aim_x, 3), wish.aim_y) == (0.0, -1.0)
    pad.axes = [0.1, 0.1, -1.0, 0.0, 0.0, -1.0]
    assert controls.steering() == controls.steering()
    pressed = [
        controls.take(pygame.Event(pygame.JOYBUTTONDOWN, instance_id=4, button=button)) for button in (0, 1, 7)
    ]
    assert pressed == [Command.ACCEPT, Command.BACK, Command.PAUSE]
    wish = controls.steering()
    assert (wish.dash, wish.nova) == (True, True)
    controls.rumble(1.0, 0.5, 100)
    assert pad.shaken == [(1.0, 0.5, 100)]
    assert controls.take(pygame.Event(pygame.JOYDEVICEREMOVED, instance_id=4)) is Command.PAUSE
    assert controls.take(pygame.Event(pygame.JOYDEVICEREMOVED, instance_id=4)) is None


def test_cards_lie_side_by_side_in_the_picture() -> None:
    places = card_places(3)
    assert all(left.right < right.left for left, right in pairwise(places))
    assert pygame.Rect(0, 0, 1280, 720).contains(places[0].union(places[-1]))


def test_sounds_are_loud_enough_and_short() -> None:
    for name, (make, volume) in EFFECTS.items():
        wave = make()
        assert np.max(np.abs(wave)) * volume > 0.02, name
        assert len(wave) < 3 * 48_000, name
