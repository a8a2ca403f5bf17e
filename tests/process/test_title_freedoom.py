"""Freedoom as the example runs it: played, and a saved game that is gone on with in the next session."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from wire.input_events import Key
from wire.title_ipc import Quit

pytestmark = pytest.mark.process

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "freedoom" / "freedoom.sh"
CTRL, F2, ENTER, A = 224, 59, 40, 4
WIDTH, HEIGHT = 480, 360
AMMO, BAR = (slice(306, 338), slice(0, 70)), (slice(302, 360), slice(0, 480))


def script(folder: Path) -> Path:
    """Return the example with a window that fits the test's screen."""
    program = folder / "freedoom.sh"
    program.write_text(EXAMPLE.read_text().replace("640x480w", f"{WIDTH}x{HEIGHT}w"))
    program.chmod(0o755)
    return program


def part(title: RunningTitle, where: tuple[slice, slice]) -> NDArray[np.uint8]:
    return np.frombuffer(title.newest, np.uint8).reshape(HEIGHT, WIDTH, 4)[where][:, :, :3].copy()


async def in_the_game(title: RunningTitle) -> NDArray[np.uint8]:
    """Wait until the player's bar stands, and return how many bullets it tells."""
    seen: list[NDArray[np.uint8]] = []

    async def stands() -> bool:
        assert not title.ends, title.ends
        if not title.frames or title.frames[-1][:2] != (WIDTH, HEIGHT):
            return False
        seen.append(part(title, AMMO))
        return part(title, BAR).mean() > 40 and len(seen) > 30 and all((one == seen[-1]).all() for one in seen[-30:])

    await until(stands, 15.0, "the bar with the bullets")
    return seen[-1]


async def test_a_saved_game_is_kept_over_two_sessions(tmp_path: Path) -> None:
    program, level = script(tmp_path), ("-warp", "1", "1")
    saved = tmp_path / "saves" / "doomsav0.dsg"
    async with running(tmp_path, program, kind="native", arguments=level) as title:
        full = await in_the_game(title)
        await title.shows(len(title.frames) + 20)
        title.send(Key(CTRL, True), Key(CTRL, False))

        async def shot() -> bool:
            return bool((part(title, AMMO) != full).any())

        await until(shot, 8.0, "a bullet less")
        fewer = await in_the_game(title)

        async def written() -> bool:
            for key in (F2, ENTER, A, ENTER):
                title.send(Key(key, True), Key(key, False))
                await asyncio.sleep(0.25)
            return saved.exists()

        await until(written, 8.0, "the saved game")
        title.process._link.send(Quit())
        await title.ends_with()
    async with running(tmp_path, program, kind="native", arguments=("-loadgame", "0")) as title:
        assert (await in_the_game(title) == fewer).all()
        assert (fewer != full).any()
