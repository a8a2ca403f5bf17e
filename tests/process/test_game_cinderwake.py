"""Cinderwake in its sandbox: it is played by keys and by pad, stops for a pause, and keeps its records."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from wire.input_events import Key, Pad, PadPresence
from wire.title_ipc import Quit
from wire.title_manifest import parse_manifest

pytestmark = pytest.mark.process

GAME = Path("games/cinderwake/cinderwake.py").absolute()
ENTER, ESCAPE, RIGHT, SPACE, UP, M = 40, 41, 79, 44, 82, 16
FIRST_LIFE = (slice(24, 48), slice(32, 56))
"""Where the first flame of life burns: rows and columns."""
ARENA_FLOOR = (slice(560, 690), slice(40, 400))
"""A part of the arena where no menu writes."""


def picture(title: RunningTitle) -> NDArray[np.uint8]:
    width, height, _ = title.frames[-1]
    return np.frombuffer(title.newest, np.uint8).reshape(height, width, 4)


def life_burns(title: RunningTitle) -> bool:
    """Red is the third byte; the title's scene shows no lives."""
    return bool(title.frames and np.max(picture(title)[FIRST_LIFE][:, :, 2]) > 200)


def when(title: RunningTitle, holds: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def look() -> bool:
        assert not title.ends, (title.ends, title.process.last_words)
        return holds()

    return look


async def floor_after(title: RunningTitle, frames: int) -> NDArray[np.uint8]:
    await title.shows(len(title.frames) + frames)
    return picture(title)[ARENA_FLOOR].copy()


def tap(key: int) -> tuple[Key, Key]:
    return Key(key, True), Key(key, False)


async def test_it_is_played_paused_and_remembered(tmp_path: Path) -> None:
    save = tmp_path / "saves" / "cinderwake.json"
    async with running(tmp_path, GAME, arguments=("--seed", "1")) as title:
        await title.shows(10)
        assert title.frames[-1][:2] == (1280, 720)
        assert not life_burns(title)
        title.send(*tap(ENTER))
        await until(when(title, lambda: life_burns(title)), 8, "the first life")
        title.send(Key(RIGHT, True), Key(UP, True), *tap(SPACE))
        before = await floor_after(title, 20)
        assert (await floor_after(title, 20) != before).any()
        title.send(*tap(ESCAPE))
        still = await floor_after(title, 20)
        assert (await floor_after(title, 20) == still).all()
        title.send(*tap(M))
        await until(when(title, save.exists), 5, "the records")
        title.send(*tap(ESCAPE))
        assert (await floor_after(title, 40) != still).any()
        title.process._link.send(Quit())
        assert (await title.ends_with()).reason == "title_quit"
        assert title.process.last_words == ""
    assert json.loads(save.read_text()) == {"scores": [], "sector": 0, "sound": False}


async def test_a_pad_starts_it_and_a_spoilt_record_does_no_harm(tmp_path: Path) -> None:
    saves = tmp_path / "saves"
    saves.mkdir()
    (saves / "cinderwake.json").write_bytes(b'{"scores": [1, "\xff')
    async with running(tmp_path, GAME) as title:
        await title.shows(10)
        title.send(PadPresence(0, True), Pad(0, 1, (0,) * 6), Pad(0, 0, (0,) * 6))
        await until(when(title, lambda: life_burns(title)), 8, "the first life")
        before = await floor_after(title, 1)
        title.send(Pad(0, 0, (-32767, 32767, 0, 0, 0, 0)))
        await until(
            when(title, lambda: bool((picture(title)[ARENA_FLOOR] != before).any())), 5, "a view that follows"
        )
        assert title.process.last_words == ""


async def test_it_plays_by_itself(tmp_path: Path) -> None:
    async with running(tmp_path, GAME, arguments=("--demo", "--seed", "2")) as title:
        await until(when(title, lambda: life_burns(title)), 10, "a run that the demo began")
        seen = len(title.frames)
        await until(when(title, lambda: len(title.frames) > seen + 150), 20, "a while of play")
        assert title.packets, "no sound"
        assert title.process.last_words == ""


def test_its_manifest_and_its_artwork_are_good() -> None:
    manifest = parse_manifest(GAME.with_name("title.toml").read_text())
    assert (manifest.id, manifest.players_max, manifest.about.touch_mode) == ("cinderwake", 1, "pad")
    assert all({"en", "zh"} <= set(texts) for texts in (manifest.names, manifest.about.summary))
    assert GAME.with_name(manifest.about.artwork).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
