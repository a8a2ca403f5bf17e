"""Prismfall in its sandbox: it is played by key and pointer, sounds, and goes on in the next session."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from wire.input_events import Key, MouseAbs
from wire.title_ipc import Quit
from wire.title_manifest import parse_manifest

pytestmark = pytest.mark.process

GAME = Path("games/prismfall/prismfall.py").absolute()
SPACE = 44
SCORE = (slice(18, 32), slice(18, 90))
PADDLE_ROW = 340


def picture(title: RunningTitle) -> NDArray[np.uint8]:
    return np.frombuffer(title.newest, np.uint8).reshape(360, 640, 4)


def digits(title: RunningTitle) -> NDArray[np.bool_]:
    """Return where the score is written: what is near white, unlike the flash for a lost ball."""
    bright: NDArray[np.bool_] = picture(title)[SCORE][..., :3].min(axis=2) > 160
    return bright


def read_kept(folder: Path) -> dict[str, Any]:
    """Return the table as it lies in the save folder."""
    table: dict[str, Any] = json.loads((folder / "saves" / "state").read_bytes().partition(b"\n")[2])
    return table


def paddle_x(title: RunningTitle) -> float:
    """Return the middle of what is blue in the paddle's row."""
    blue = picture(title)[PADDLE_ROW, 12:-12, 0] > 180
    return float(np.mean(np.flatnonzero(blue))) + 12


async def test_it_is_played_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async with running(tmp_path, GAME, kind="sdk") as title:
        await title.shows(1)
        nothing = digits(title)
        title.send(MouseAbs(20000, 40000))

        async def followed() -> bool:
            return abs(paddle_x(title) - 20000 / 65535 * 639) < 3

        await until(followed, 5.0, "the paddle under the pointer")

        async def scored() -> bool:
            title.send(MouseAbs(32768, 40000), Key(SPACE, True), Key(SPACE, False))
            return bool((digits(title) != nothing).any()) and len(title.packets) > 10

        await until(scored, 10.0, "a broken brick, and sound")
        title.process._link.send(Quit())
        assert (await title.ends_with()).reason == "title_quit"
    kept = read_kept(tmp_path)
    assert kept["score"] >= 10
    async with running(tmp_path, GAME, kind="sdk") as title:
        await title.shows(1)
        assert (digits(title) != nothing).any()
        title.process._link.send(Quit())
        await title.ends_with()
    assert read_kept(tmp_path)["score"] >= kept["score"]
    assert sum(read_kept(tmp_path)["bricks"]) <= sum(kept["bricks"])


def test_what_players_are_told_is_complete() -> None:
    manifest = parse_manifest(GAME.with_name("title.toml").read_text("utf-8"))
    assert (manifest.kind, manifest.about.devices) == ("sdk", ("keyboard", "mouse", "touch", "pad"))
    assert GAME.with_name(manifest.about.artwork).is_file()
    for texts in (manifest.names, manifest.about.summary, *(row.action for row in manifest.about.controls)):
        assert {"en", "zh"} <= set(texts)
