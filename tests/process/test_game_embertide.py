"""Ember & Tide under the launcher: two seats join, play, pause and leave."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.support.deadlines import until
from tests.support.game_picture import USAGE, changes, complaints, pauses, picture, sounds
from tests.support.running_title import RunningTitle, running
from wire.input_events import Key
from wire.title_manifest import parse_manifest

pytestmark = pytest.mark.process

FOLDER = Path("games/embertide").absolute()
PANELS = {0: (320, 505, 400, 535), 1: (880, 505, 960, 535)}
"""Where the title says that a side is ready."""
SCORE = (570, 20, 710, 70)


def press(title: RunningTitle, key: str, seat: int = 0) -> None:
    title.send(Key(USAGE[key], True), Key(USAGE[key], False), seat=seat)


def disc_x(title: RunningTitle, seat: int) -> float:
    """Return where a player's piece is: the middle of its core's unusual colour."""
    shown = picture(title)[200:600, 100:1180]
    red, green, blue = shown[..., 0], shown[..., 1], shown[..., 2]
    ring = (red > 200) & (green < 160) & (blue < 110) if seat == 0 else (red < 100) & (green > 190) & (blue > 190)
    columns = np.flatnonzero(ring.sum(axis=0) > 2)
    return float(np.median(columns)) + 100 if columns.size else -1.0


async def steers(title: RunningTitle, seat: int, key: str, sign: int) -> None:
    """Hold a key until the seat's piece has moved far in one direction."""
    begin = disc_x(title, seat)
    title.send(Key(USAGE[key], True), seat=seat)

    async def moved() -> bool:
        return (disc_x(title, seat) - begin) * sign > 60

    await until(moved, 6.0, f"seat {seat} moves by {key}")
    title.send(Key(USAGE[key], False), seat=seat)


async def test_two_seats_sit_down_play_pause_and_leave(tmp_path: Path) -> None:
    saves = tmp_path / "saves"
    async with running(tmp_path, FOLDER / "embertide.py", saves, arguments=("--seed", "3")) as title:
        await title.shows(5)
        before = picture(title)
        press(title, "space")
        await changes(title, before, PANELS[0], 8, "Ember is ready")
        press(title, "space", seat=1)
        joined = await changes(title, before, PANELS[1], 8, "Tide is ready")
        press(title, "space", seat=1)
        await changes(title, joined, SCORE, 20, "the score shows")
        await steers(title, 0, "d", 1)
        await steers(title, 1, "left", -1)
        press(title, "escape")
        paused = await pauses(title, SCORE, 10)
        press(title, "p")
        await changes(title, paused, SCORE, 10, "the match goes on")
        press(title, "escape", seat=1)
        await pauses(title, SCORE, 10)
        for key in ("down", "down", "enter"):
            press(title, key)

        async def saved() -> bool:
            return (saves / "embertide.json").exists()

        await until(saved, 4.0, "the records")
        assert json.loads((saves / "embertide.json").read_text())["matches"] == 0
        assert complaints(title) == []


async def test_a_lone_player_steers_with_either_half_and_hears_it(tmp_path: Path) -> None:
    (tmp_path / "saves").mkdir()
    (tmp_path / "saves" / "embertide.json").write_text("{damaged")
    async with running(tmp_path, FOLDER / "embertide.py", arguments=("--seed", "3")) as title:
        await title.shows(5)
        before = picture(title)
        press(title, "space")
        await changes(title, before, PANELS[0], 8, "Ember is ready")
        press(title, "space")
        await changes(title, before, SCORE, 20, "the score shows")
        await steers(title, 0, "d", 1)
        await steers(title, 0, "left", -1)
        await sounds(title)
        assert complaints(title) == []


def test_what_players_are_told_is_complete() -> None:
    manifest = parse_manifest((FOLDER / "title.toml").read_text("utf-8"))
    assert (manifest.players_min, manifest.players_max) == (1, 2)
    assert (FOLDER / manifest.about.artwork).is_file()
    for texts in (manifest.names, manifest.about.summary, *(row.action for row in manifest.about.controls)):
        assert {"en", "zh"} <= set(texts)
