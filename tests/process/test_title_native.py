"""Native programs in their sandbox: captured, played, heard, and nothing is spent on a picture that stands still."""

from __future__ import annotations

import asyncio
import dataclasses
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from render_node.session.io import title_walls
from render_node.session.io.title_files import interpreter
from render_node.title.kinds import KINDS
from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from wire.errors import WireError
from wire.frame_story import Cursor
from wire.input_events import Key, MouseAbs, MouseButton, MouseRel, Touch, TouchPhase, Wheel
from wire.sandbox import Profile, SandboxSpec
from wire.title_ipc import Quit

pytestmark = pytest.mark.process

WINDOW = Path(__file__).parents[1] / "support" / "x11_window.py"
B, C, R, H, S, D, Q = 5, 6, 21, 11, 22, 7, 20
KEY_C = 54
FIRST, SECOND = bytes([0x30, 0x20, 0x10]), bytes([0x40, 0x80, 0xC0])


@asynccontextmanager
async def window(folder: Path, *arguments: str) -> AsyncIterator[RunningTitle]:
    """Run the program with the window."""
    program = folder / "title" / "window"
    program.parent.mkdir()
    program.write_text(f"#!{interpreter()[0]}\n{WINDOW.read_text()}")
    program.chmod(0o755)
    async with running(folder, program, kind="native", arguments=arguments) as title:
        await title.tells(ready=True)
        yield title


async def shows(title: RunningTitle, size: tuple[int, int], colour: bytes) -> None:
    async def look() -> bool:
        assert not title.ends, title.ends
        return bool(title.frames) and title.frames[-1][:2] == size and title.newest[:3] == colour

    await until(look, 8.0, f"{size} in {colour.hex()}")


async def test_the_window_is_what_is_seen_and_keys_and_mouse_reach_it(tmp_path: Path) -> None:
    async with window(tmp_path, "--fast") as title:
        assert await title.tells(arguments=["--fast"], cwd="/title")
        await shows(title, (400, 240), FIRST)
        seq = title.send(Key(B, True), Key(B, False))
        await shows(title, (400, 240), SECOND)
        assert title.frames[-1][2] in (seq - 1, seq), "the press shows, whether the key is up again by then or not"

        async def lasts() -> bool:
            title.send(Key(C, True), Key(C, False))
            edges = [told for told in title.told() if told.get("key") == KEY_C]
            pairs = zip(edges[::2], edges[1::2], strict=False)
            # Two frames, 33 ms, but for what the X server was late with the press.
            return any(release["ms"] - press["ms"] > 17 for press, release in pairs)

        await until(lasts, 5.0, "a tap that lasts more than a frame")
        title.send(MouseAbs(65535, 0), MouseButton(2, True), MouseButton(2, False), Wheel(0, 120))
        assert await title.tells(button=3, down=True, x=399, y=0)
        assert await title.tells(button=3, down=False)
        assert await title.tells(button=4, down=False)
        title.send(MouseRel(-99, 7))
        assert await title.tells(x=300, y=7)
        title.send(Touch(1, TouchPhase.DOWN, 0, 65535), Touch(1, TouchPhase.UP, 0, 65535))
        assert await title.tells(button=1, down=True, x=0, y=239)
        title.send(Key(R, True), Key(R, False))
        await shows(title, (320, 200), SECOND)
        title.send(MouseAbs(32768, 32768))
        title.send(Key(B, True), seat=1)
        title.send(Key(H, True), Key(H, False))

        async def hidden() -> bool:
            cursors = [story for story in title.stories if isinstance(story, Cursor)]
            return bool(cursors) and (cursors[-1].visible, cursors[-1].relative) == (False, True)

        await until(hidden, 5.0, "the hidden pointer")
        assert title.newest[:3] == SECOND, "another seat's keys are not the first one's"


async def test_it_is_heard(tmp_path: Path) -> None:
    async with window(tmp_path) as title:
        title.send(Key(S, True), Key(S, False))

        async def loud() -> bool:
            return sum(len(packet.payload) > 20 for packet in title.packets) > 5

        await until(loud, 8.0, "the tone")


async def test_a_picture_that_stands_still_costs_nothing(tmp_path: Path) -> None:
    async with window(tmp_path) as title:
        await shows(title, (400, 240), FIRST)
        root = psutil.Process(title.process._child._process.pid)
        launcher = next(p for p in root.children(recursive=True) if "__main__.py" in " ".join(p.cmdline()))

        async def nothing_for_a_second() -> bool:
            frames, before = len(title.frames), sum(launcher.cpu_times()[:2])
            await asyncio.sleep(1.0)
            return len(title.frames) == frames and sum(launcher.cpu_times()[:2]) - before <= 0.02

        await until(nothing_for_a_second, 5.0, "a second that costs nothing, once all has begun")


async def test_a_program_that_draws_without_end_gives_no_more_pictures_than_it_says(tmp_path: Path) -> None:
    async with window(tmp_path) as title:
        await shows(title, (400, 240), FIRST)
        title.send(Key(D, True), Key(D, False))
        await title.shows(20)
        first = len(title.frames)
        await title.shows(first + 61)
        assert title.ticks_us[first + 60] - title.ticks_us[first] > 900_000


async def test_it_is_asked_to_quit_and_its_end_is_told(tmp_path: Path) -> None:
    async with window(tmp_path) as title:
        title.process._link.send(Quit())
        await title.tells(quits=True)
        assert (await title.ends_with()).reason == "title_quit"
    shutil.rmtree(tmp_path / "title")
    async with window(tmp_path) as title:
        title.send(Key(Q, True))
        end = await title.ends_with()
        assert (end.reason, "exit status 7" in end.detail) == ("title_crashed", True)


async def test_a_program_that_lets_the_signal_end_it_has_quit(tmp_path: Path) -> None:
    program = tmp_path / "start.sh"
    program.write_text("#!/bin/sh\necho '{\"here\": true}'\nexec sleep 60\n")
    program.chmod(0o755)
    async with running(tmp_path, program, kind="native") as title:
        await title.tells(here=True)
        title.process._link.send(Quit())
        assert (await title.ends_with()).reason == "title_quit"


@pytest.mark.parametrize(
    ("mode", "text", "words"),
    [
        (0o644, "#!/bin/sh\nexit 0\n", "chmod +x"),
        (0o755, "no program", "Exec format error"),
        (0o755, "#!/nowhere/sh\n", "No such file"),
    ],
)
async def test_what_cannot_be_run_is_told_in_words(tmp_path: Path, mode: int, text: str, words: str) -> None:
    program = tmp_path / "program"
    program.write_text(text)
    program.chmod(mode)
    async with running(tmp_path, program, kind="native") as title:
        end = await title.ends_with()
        assert (end.reason, words in end.detail) == ("title_crashed", True), end.detail


async def test_without_an_x_server_it_is_said_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = dataclasses.replace(KINDS["native"], environment={"PATH": "/nowhere"})
    monkeypatch.setattr(title_walls, "KINDS", {"native": bare})
    (tmp_path / "program").write_text("")
    async with running(tmp_path, tmp_path / "program", kind="native") as title:
        end = await title.ends_with()
        assert (end.reason, "apt install xvfb" in end.detail) == ("title_crashed", True), end.detail


async def test_a_kind_that_this_node_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WireError) as caught:
        async with running(tmp_path, "", kind="abacus"):
            pass
    assert (caught.value.reason, "abacus" in caught.value.detail) == ("no_capability", True)


async def test_in_a_pod_it_is_refused_in_words(tmp_path: Path) -> None:
    pod = SandboxSpec(Profile.POD, (), name="kinds", run_dir=str(tmp_path / "run"))
    with pytest.raises(WireError) as caught:
        async with running(tmp_path, "", kind="native", walls=pod):
            pass
    assert (caught.value.reason, "sockets" in caught.value.detail) == ("no_capability", True)
    assert not (tmp_path / "run").exists()


async def test_opengl_is_drawn_in_software(tmp_path: Path) -> None:
    program = tmp_path / "gears"
    program.write_text("#!/bin/sh\nexec glxgears\n")
    program.chmod(0o755)
    async with running(tmp_path, program, kind="native") as title:
        await title.shows(10)
        assert title.frames[-1][:2] == (300, 300)
        blue, green, red = (title.newest[start::4] for start in range(3))
        assert max(blue) > 150
        assert max(green) > 150
        assert max(red) > 150
