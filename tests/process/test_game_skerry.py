"""Skerry in its sandbox: drawn with OpenGL, flown, heard, and gone on with in the next session."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from wire.input_events import Key
from wire.title_ipc import Quit
from wire.title_manifest import parse_manifest

pytestmark = pytest.mark.process

GAME = Path("games/skerry/skerry.py").absolute()
RIGHT, DOWN = 79, 81
SKY, SEA = (slice(0, 60), slice(200, 400)), (slice(480, 540), slice(100, 300))


def mean(title: RunningTitle, part: tuple[slice, slice]) -> NDArray[np.float64]:
    """Return the mean blue, green and red of a part of the picture."""
    picture = np.frombuffer(title.newest, np.uint8).reshape(540, 960, 4)
    return np.asarray(np.mean(picture[part][:, :, :3], axis=(0, 1)))


async def test_it_is_flown_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async with running(tmp_path, GAME, kind="sdk") as title:
        await title.shows(3)
        assert title.frames[-1][:2] == (960, 540)
        sky, sea = mean(title, SKY), mean(title, SEA)
        assert sky[0] > 60, "a violet sky above"
        assert np.sum(sea) < np.sum(sky), "a darker sea below"
        title.send(Key(RIGHT, True))

        async def heard() -> bool:
            return len(title.packets) > 20 and len(title.frames) > 20

        await until(heard, 8.0, "pictures and wind")
        title.process._link.send(Quit())
        assert (await title.ends_with()).reason == "title_quit"
    head, _, flight = (tmp_path / "saves" / "state").read_bytes().partition(b"\n")
    kept = json.loads(flight)
    assert kept["yaw"] > 0, "it turned to the right"
    assert json.loads(head)["tick"] == kept["ticks"]
    async with running(tmp_path, GAME, kind="sdk") as title:
        await title.shows(1)
        title.process._link.send(Quit())
        await title.ends_with()
    after = json.loads((tmp_path / "saves" / "state").read_bytes().partition(b"\n")[2])
    assert kept["ticks"] < after["ticks"] < kept["ticks"] + 600


def test_what_players_are_told_is_complete() -> None:
    manifest = parse_manifest(GAME.with_name("title.toml").read_text("utf-8"))
    assert (manifest.kind, manifest.width_px, manifest.height_px) == ("sdk", 960, 540)
    assert GAME.with_name(manifest.about.artwork).is_file()
    for texts in (manifest.names, manifest.about.summary, *(row.action for row in manifest.about.controls)):
        assert {"en", "zh"} <= set(texts)
