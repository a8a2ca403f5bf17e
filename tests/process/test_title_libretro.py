"""A libretro core in its sandbox, with a ROM assembled from the example's source."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from farplay.title_folders import load_title
from render_node.conformance.plan import CheckPlan
from render_node.conformance.stage import on_stage
from render_node.conformance.state_check import check_state
from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from tests.support.squares_rom import ARGUMENTS, TEMPLATE, build_squares
from wire.input_events import Key, Pad, PadPresence
from wire.title_check import Outcome
from wire.title_ipc import Quit, Sound

pytestmark = pytest.mark.process

RIGHT, SHIFT, F2, F4 = 79, 225, 59, 61
FIRST_ROW, SECOND_ROW = 100, 140


def square_x(title: RunningTitle, row: int) -> int | None:
    """Return the left edge of the square that lies about a row of the console's picture; None if none is there."""
    picture = np.frombuffer(title.newest, np.uint32).reshape(224, 256) & 0xFFFFFF
    # The core leaves out the console's first 8 rows, and sprites are shown a row late.
    line = picture[row - 8 + 5]
    found = np.flatnonzero(line != line[0])
    return int(found[0]) if len(found) else None


def background(title: RunningTitle) -> bytes:
    return title.newest[:3]


async def test_it_is_played_by_two_and_sounds(tmp_path: Path) -> None:
    async with running(tmp_path, build_squares(tmp_path), kind="libretro", arguments=ARGUMENTS) as title:

        async def begun() -> bool:
            return bool(title.frames) and (square_x(title, FIRST_ROW), square_x(title, SECOND_ROW)) == (60, 180)

        await until(begun, 8.0, "both squares")
        black = background(title)
        title.send(Key(RIGHT, True))
        title.send(PadPresence(0, True), Pad(0, 1 << 14, (0, 0, 0, 0, 0, 0)), seat=1)

        async def moved() -> bool:
            first, second = square_x(title, FIRST_ROW), square_x(title, SECOND_ROW)
            return first is not None and second is not None and 70 < first < 250 and second < 170

        await until(moved, 5.0, "one square to the right, the other to the left")
        title.send(Key(RIGHT, False), Key(SHIFT, True), Key(SHIFT, False))

        async def coloured() -> bool:
            return background(title) != black

        await until(coloured, 5.0, "another colour")
        assert Sound(48_000, 2, True, 16) in title.stories

        async def heard() -> bool:
            return len(title.packets) > 10

        await until(heard, 5.0, "sound")


async def test_states_and_the_battery_are_kept_over_two_sessions(tmp_path: Path) -> None:
    content = build_squares(tmp_path)

    async def right_until(title: RunningTitle, x: int) -> int:
        title.send(Key(RIGHT, True))

        async def there() -> bool:
            return bool(title.frames) and (square_x(title, FIRST_ROW) or 0) >= x

        await until(there, 5.0, f"the square at {x}")
        before = background(title)
        title.send(Key(RIGHT, False), Key(SHIFT, True), Key(SHIFT, False))

        async def coloured() -> bool:
            return background(title) != before

        await until(coloured, 5.0, "another colour, so that the core knows that no key is held any more")
        return await still(title)

    async def still(title: RunningTitle) -> int:
        """Return where the square stays."""
        seen: list[tuple[float, int | None]] = []

        async def stays() -> bool:
            seen.append((time.monotonic(), square_x(title, FIRST_ROW)))
            lately = {x for when, x in seen if when > seen[-1][0] - 0.2}
            return seen[-1][0] - seen[0][0] > 0.3 and len(lately) == 1

        await until(stays, 5.0, "a square that stays")
        assert seen[-1][1] is not None
        return seen[-1][1]

    async with running(tmp_path, content, kind="libretro", arguments=ARGUMENTS) as title:
        saved_x = await right_until(title, 80)
        title.send(Key(F2, True), Key(F2, False))

        async def written() -> bool:
            return "state saved" in title.process.last_words

        await until(written, 5.0, "the saved state")
        left_x = await right_until(title, 120)
        title.process._link.send(Quit())
        assert (await title.ends_with()).reason == "title_quit"
    assert {path.name for path in (tmp_path / "saves").iterdir()} == {"squares.state", "squares.srm"}
    async with running(tmp_path, content, kind="libretro", arguments=ARGUMENTS) as title:

        async def where(x: int) -> bool:
            return bool(title.frames) and square_x(title, FIRST_ROW) == x

        await until(lambda: where(left_x), 8.0, "the square where the battery remembers it")
        title.send(Key(F4, True), Key(F4, False))
        await until(lambda: where(saved_x), 5.0, "the square where the state was saved")


async def test_a_check_finds_its_state_equal_after_it_was_loaded(tmp_path: Path) -> None:
    folder, saves = tmp_path / "squares", tmp_path / "saves"
    folder.mkdir()
    saves.mkdir()
    build_squares(folder)
    plan = CheckPlan(settle_s=0.5, state_s=20.0)
    async with on_stage(load_title(folder), saves, None, try_state=True) as stage:
        finding = await check_state(stage, saves, ["keyboard"], plan)
    assert (finding.outcome, "before and after" in finding.words) == (Outcome.PASSED, True), finding


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "--core"),
        (("--core", "abacus"), "apt install libretro-abacus"),
        (("--core", "squares.nes.so"), "put its .so into the title's folder"),
        (("--core", "bad.so"), "bad.so is not a libretro core"),
    ],
)
async def test_what_is_wrong_is_told_in_words(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    (tmp_path / "bad.so").write_bytes(b"no library")
    (tmp_path / "squares.nes").write_bytes(b"NES\x1a")
    async with running(tmp_path, tmp_path / "squares.nes", kind="libretro", arguments=arguments) as title:
        end = await title.ends_with()
        assert (end.reason, words in end.detail) == ("title_crashed", True), end.detail


async def test_content_that_the_core_does_not_take_is_told(tmp_path: Path) -> None:
    content = build_squares(tmp_path)
    assert content.read_bytes() == (TEMPLATE / "squares.nes").read_bytes(), "built of this source"
    content.write_bytes(b"nonsense")
    async with running(tmp_path, content, kind="libretro", arguments=ARGUMENTS) as title:
        end = await title.ends_with()
        assert "Nestopia does not take squares.nes" in end.detail
