"""Lantern Pond under the launcher: solved by a finger, by keys and by a pad; paused, undone, remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from games.lanternpond.pond.board_view import AREA
from games.lanternpond.pond.levels import Cell, level
from tests.support.deadlines import until
from tests.support.game_picture import USAGE, Box, changes, complaints, difference, pauses, picture, sounds
from tests.support.running_title import RunningTitle, running
from wire.input_events import Key, Pad, Touch, TouchPhase
from wire.title_manifest import parse_manifest

pytestmark = pytest.mark.process

FOLDER = Path("games/lanternpond").absolute()
PROGRAM = FOLDER / "lanternpond.py"
FIRST = level(0, 0)
TILE_PX = AREA.width // FIRST.size
BOARD: Box = (AREA.left, AREA.top, AREA.right, AREA.bottom)
BEGIN_AT, UNDO_AT = (640, 477), (1113, 208)


def press(title: RunningTitle, *keys: str) -> None:
    for key in keys:
        title.send(Key(USAGE[key], True), Key(USAGE[key], False))


def middle(cell: Cell) -> tuple[int, int]:
    left, top = AREA.centerx - TILE_PX * FIRST.size // 2, AREA.centery - TILE_PX * FIRST.size // 2
    return left + cell[0] * TILE_PX + TILE_PX // 2, top + cell[1] * TILE_PX + TILE_PX // 2


def tile_box(cell: Cell) -> Box:
    x, y = middle(cell)
    return x - 20, y - 20, x + 20, y + 20


def drag(title: RunningTitle, *places: tuple[int, int]) -> None:
    wire = [(x * 65536 // 1280, y * 65536 // 720) for x, y in places]
    title.send(Touch(0, TouchPhase.DOWN, *wire[0]))
    title.send(*(Touch(0, TouchPhase.MOVE, *place) for place in wire[1:]))
    title.send(Touch(0, TouchPhase.UP, *wire[-1]))


async def saved(saves: Path, **fields: object) -> None:
    file = saves / "lanternpond.json"

    async def look() -> bool:
        return file.exists() and fields.items() <= json.loads(file.read_text()).items()

    await until(look, 6.0, f"{fields} in the save file")


async def test_a_finger_solves_a_level_with_undo_and_pause(tmp_path: Path) -> None:
    saves = tmp_path / "saves"
    async with running(tmp_path, PROGRAM, saves) as title:
        await title.shows(5)
        before = picture(title)
        drag(title, BEGIN_AT)
        empty = await changes(title, before, BOARD, 4, "the first level")
        await saved(saves, last="0-0", solved={})
        path = FIRST.solution[0]
        drag(title, *map(middle, path))
        drawn = await changes(title, empty, tile_box(path[1]), 40, "a ribbon")
        drag(title, UNDO_AT)
        gone = await changes(title, drawn, tile_box(path[1]), 40, "the ribbon taken back")
        assert difference(empty, gone, tile_box(path[1])) < 12
        press(title, "escape")
        paused = await pauses(title, BOARD, 10)
        press(title, "escape")
        await changes(title, paused, BOARD, 10, "the level goes on")
        for path in FIRST.solution:
            drag(title, *map(middle, path))
        await saved(saves, solved={"0-0": len(FIRST.pairs)}, perfect=["0-0"])
        assert complaints(title) == []


async def test_keys_and_a_pad_draw_and_hints_lead_to_the_end(tmp_path: Path) -> None:
    saves = tmp_path / "saves"
    saves.mkdir()
    (saves / "lanternpond.json").write_text("[damaged")
    async with running(tmp_path, PROGRAM, saves) as title:
        await title.shows(5)
        before = picture(title)
        press(title, "enter")
        empty = await changes(title, before, BOARD, 4, "the first level")
        lantern, beside = FIRST.solution[0][:2]
        across, down = (lantern[axis] - FIRST.size // 2 for axis in (0, 1))
        press(title, *["right" if across > 0 else "left"] * abs(across), *["down" if down > 0 else "up"] * abs(down))
        press(title, "space")
        way = {(1, 0): 15, (-1, 0): 14, (0, 1): 13, (0, -1): 12}[beside[0] - lantern[0], beside[1] - lantern[1]]
        title.send(Pad(0, 1 << way, (0,) * 6), Pad(0, 0, (0,) * 6), Pad(0, 1, (0,) * 6), Pad(0, 0, (0,) * 6))
        await changes(title, empty, tile_box(beside), 40, "a ribbon drawn by keys and pad")
        press(title, *"h" * len(FIRST.pairs))
        await saved(saves, solved={"0-0": len(FIRST.pairs) + 1}, perfect=[])
        await sounds(title)
        assert complaints(title) == []


def test_what_players_are_told_is_complete() -> None:
    manifest = parse_manifest((FOLDER / "title.toml").read_text("utf-8"))
    assert (FOLDER / manifest.about.artwork).is_file()
    assert set(manifest.about.devices) == {"touch", "mouse", "keyboard", "pad"}
    for texts in (manifest.names, manifest.about.summary, *(row.action for row in manifest.about.controls)):
        assert {"en", "zh"} <= set(texts)
