"""Titles of the SDK in their sandbox: played, sounding, going on where they were, and what is left of a crash."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from farplay.titles.new_title import TEMPLATES
from tests.support.deadlines import until
from tests.support.running_title import running
from wire.input_events import Key, Pad, ReleaseAll
from wire.title_ipc import Quit, Sound, Stream

pytestmark = pytest.mark.process

ROOT = Path(__file__).resolve().parents[2]
BOX = """
import numpy as np
from farplay_sdk import Button, Inputs, Key, Title, run

class Box(Title):
    size = (320, 180)
    def start(self):
        self.x, self.broken = 0.0, False
    def update(self, inputs: Inputs):
        pad = inputs.player.pad
        self.x += 4 * pad.left[0]
        if pad.pressed(Button.A):
            tell(x=self.x, tick=inputs.tick)
        if inputs.player.keyboard.pressed(Key.F1):
            raise RuntimeError(f"broken at {self.x}")
    def draw(self, frame):
        frame[:] = (255, 128, 0)
        frame[:, : int(self.x) % 320] = (0, 0, 255)
    def sound(self, block):
        block[:] = 0.5
    def save_state(self):
        return str(self.x).encode()
    def load_state(self, state):
        self.x = float(state)

run(Box)
"""
RIGHT, SPACE, F1 = 79, 44, 58


async def test_it_is_played_with_sound_and_goes_on_in_the_next_session(tmp_path: Path) -> None:
    async with running(tmp_path, BOX, kind="sdk") as title:
        await title.shows(1)
        assert (title.frames[0], title.newest[:4]) == ((320, 180, 0), bytes([0, 128, 255, 0]))
        seq = title.send(Key(RIGHT, True))

        async def blue() -> bool:
            return title.newest[:4] == bytes([255, 0, 0, 0]) and title.frames[-1][2] == seq

        await until(blue, 5.0, "the box at the left edge, and the key's number with it")
        title.send(Key(RIGHT, False), Key(SPACE, True), Key(SPACE, False))
        before = (await title.tells())["x"]
        assert Sound(48_000, 2, True, 16) in title.stories

        async def heard() -> bool:
            return len(title.packets) > 10

        await until(heard, 5.0, "sound")
        title.process._link.send(Quit())
        assert (await title.ends_with()).reason == "title_quit"
    async with running(tmp_path, BOX, kind="sdk") as title:
        await title.shows(1)
        title.send(Key(SPACE, True))
        after = await title.tells(x=before)
        assert after["tick"] > 0


async def test_the_small_title_that_developers_begin_with_goes_on_where_it_was_left(tmp_path: Path) -> None:
    program, size = TEMPLATES / "sdk" / "main.py", 640 * 360 * 4
    async with running(tmp_path, program, kind="sdk") as title:
        await title.shows(1)
        title.send(Key(RIGHT, True))
        await title.shows(20)
        title.process._link.send(Quit())
        assert (await title.ends_with()).reason == "title_quit"
        left = title.newest
    async with running(tmp_path, program, kind="sdk") as title:
        await title.shows(1)
        same = np.frombuffer(title.newest, np.uint8)[:size] == np.frombuffer(left, np.uint8)[:size]
        assert np.mean(same) > 0.97, "the player's place, the stones and the score are there"


async def test_a_picture_that_stands_still_is_shown_once(tmp_path: Path) -> None:
    async with running(tmp_path, BOX, kind="sdk") as title:
        title.send(Key(SPACE, True), ReleaseAll())
        first = await title.tells(x=0.0)
        title.send(Pad(0, 1, (0, 0, 0, 0, 0, 0)))

        async def a_few_ticks_later() -> bool:
            return bool(title.told()[-1]["tick"] > first["tick"])

        await until(a_few_ticks_later, 5.0, "another tick")
        assert len(title.frames) == 1


async def test_it_learns_how_its_picture_arrives(tmp_path: Path) -> None:
    program = BOX.replace("frame[:] = (255, 128, 0)", "frame[:] = self.stream.latency_ms")
    async with running(tmp_path, program, kind="sdk") as title:
        await title.shows(1)
        title.process.tell_stream(Stream(rtt_us=41_000, lost_256ths=2, video_bps=5_000_000))

        async def drawn() -> bool:
            return title.newest[:3] == bytes([41, 41, 41])

        await until(drawn, 5.0, "the latency in the picture")


async def test_a_crash_leaves_a_log_that_crashes_again(tmp_path: Path) -> None:
    async with running(tmp_path, BOX, kind="sdk") as title:
        title.send(Key(RIGHT, True))
        await title.shows(5)
        title.send(Key(F1, True))
        end = await title.ends_with()
        assert (end.reason, "broken at" in end.detail) == ("title_crashed", True)
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-m", "farplay_sdk", "replay", "title/program.py", "saves/crash.jsonl"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    broken = next(line for line in end.detail.splitlines() if line.startswith("RuntimeError: broken at"))
    assert broken in done.stderr


async def test_a_state_that_cannot_be_read_is_put_aside(tmp_path: Path) -> None:
    saves = tmp_path / "saves"
    saves.mkdir()
    (saves / "state").write_bytes(b"from another world")
    async with running(tmp_path, BOX, kind="sdk") as title:
        await title.shows(1)
        assert "begins anew" in title.process.last_words
    assert (saves / "state.unread").read_bytes() == b"from another world"


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("print('hello')", "never called farplay_sdk.run"),
        ("import farplay_sdk as f\nclass T(f.Title):\n    size = (4, 4)\nf.run(T)", "size is (4, 4)"),
    ],
)
async def test_what_breaks_the_rules_is_told_in_words(tmp_path: Path, program: str, words: str) -> None:
    async with running(tmp_path, program, kind="sdk") as title:
        end = await title.ends_with()
        assert (end.reason, words in end.detail) == ("title_crashed", True), end.detail


async def test_opengl_is_drawn_and_read_back_the_right_way_up(tmp_path: Path) -> None:
    program = """
from farplay_sdk import run
from farplay_sdk.gl import GLTitle
class Half(GLTitle):
    size = (64, 32)
    def start_gl(self, context):
        self.context = context
        tell(renderer=context.info["GL_RENDERER"])
    def draw_gl(self, target):
        target.clear(1.0, 0.5, 0.0)
        self.context.scissor = 0, 16, 64, 16
        target.clear(0.0, 0.0, 1.0)
        self.context.scissor = None
run(Half)
"""
    async with running(tmp_path, program, kind="sdk") as title:
        await title.shows(1)
        assert title.newest[:3] == bytes([255, 0, 0]), "blue above"
        assert title.newest[-4:-1] == bytes([0, 128, 255]), "orange below"
