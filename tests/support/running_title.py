"""A title in its real sandbox for tests: its source as text, its events read back from what it prints."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import itertools
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import psutil

from render_node.agent.io.sandbox_probe import probe_sandbox
from render_node.session.core.title_end import TitleEnd
from render_node.session.io.sound_reader import SoundReader
from render_node.session.io.title_process import CapturedFrame, TitleNews, TitleProcess
from render_node.session.media import OpusPacket
from tests.support.deadlines import patient, until
from wire.input_events import InputEvent, Payload
from wire.sandbox import Profile, SandboxSpec, Wall, session_name
from wire.title_ipc import Input, Sound
from wire.worker_control import TitleSpec

TELL = """
import json, sys
def tell(**fields):
    print(json.dumps(fields), flush=True)
"""
"""Prepended to programs that report by ``tell(name=value)``."""


_sessions = itertools.count()


@functools.cache
def machine_walls(profile: Profile) -> SandboxSpec:
    """Return the walls that hold on this machine."""
    return probe_sandbox(profile).spec


def walls_of(folder: Path, profile: Profile = Profile.USERNS, *, off: frozenset[Wall] = frozenset()) -> SandboxSpec:
    """Return the walls for one session, with some left out."""
    found = machine_walls(profile)
    return dataclasses.replace(
        found,
        walls=tuple(wall for wall in found.walls if wall not in off),
        name=session_name(os.getpid(), f"test-{next(_sessions)}"),
        run_dir=str(folder / "run"),
    )


class RunningTitle:
    """Collects what a title does."""

    process: TitleProcess
    sound: SoundReader

    def __init__(self) -> None:
        self.frames: list[tuple[int, int, int]] = []
        """Width, height and input sequence number of each frame that was taken."""
        self.ticks_us: list[int] = []
        """When the title flipped each of them."""
        self.newest: bytes = b""
        self.stories: list[TitleNews] = []
        self.ends: list[TitleEnd] = []
        self.packets: list[OpusPacket] = []
        self._seq = 0

    def on_frame(self) -> None:
        frame = self.process.take_frame()
        assert frame is not None
        self.note(frame)
        self.process.release_frame()

    def on_news(self, news: TitleNews) -> None:
        self.stories.append(news)
        if isinstance(news, Sound):
            self.sound.set_format(news)

    def note(self, frame: CapturedFrame) -> None:
        self.frames.append((frame.width, frame.height, frame.input_seq))
        self.ticks_us.append(frame.tick_us)
        self.newest = bytes(frame.pixels)

    def send(self, *payloads: Payload, seat: int = 0) -> int:
        """Send events; return the last one's number."""
        for payload in payloads:
            self._seq += 1
            assert self.process.send_input(Input(self._seq, seat, InputEvent(payload)))
        return self._seq

    def told(self) -> list[dict[str, Any]]:
        """Return what the title reported so far; of a line that is on its way only a part may have come."""
        lines = self.process.last_words.splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n")]

    async def tells(self, **fields: Any) -> dict[str, Any]:
        """Wait until the title reports something that holds these fields."""

        async def look() -> dict[str, Any] | None:
            found = next((told for told in self.told() if fields.items() <= told.items()), None)
            assert found or not self.ends, self.ends
            return found

        return await until(look, 8.0, f"the title tells {fields}")

    async def shows(self, frames: int = 1) -> None:
        """Wait for frames."""

        async def look() -> bool:
            assert len(self.frames) >= frames or not self.ends, self.ends
            return len(self.frames) >= frames

        await until(look, 8.0, f"{frames} frames")

    async def ends_with(self) -> TitleEnd:
        """Wait for the end."""

        async def look() -> TitleEnd | None:
            return self.ends[0] if self.ends else None

        return await until(look, 10.0, "the title's end")


@contextmanager
def frozen(title: RunningTitle) -> Iterator[None]:
    """Hold a title still for a moment: what is sent meanwhile it finds all at once, however long sending takes."""
    below = psutil.Process(title.process.pid).children(recursive=True)
    try:
        for each in below:
            each.suspend()
        while any(each.status() != psutil.STATUS_STOPPED for each in below):
            time.sleep(0.001)
        yield
    finally:
        for each in below:
            each.resume()


@asynccontextmanager
async def running(
    folder: Path,
    program: str | Path,
    save_dir: Path | None = None,
    *,
    kind: str = "pygame",
    arguments: tuple[str, ...] = (),
    environment: tuple[str, ...] = (),
    fps: int = 60,
    walls: SandboxSpec | None = None,
    memory_mib: int = 256,
    site_packages: str = "",
    runtime: str = "",
) -> AsyncIterator[RunningTitle]:
    """Run a program: its text, which is written into ``folder``, or the path of an existing one."""
    if isinstance(program, str):
        title_folder, entry = folder / "title", "program.py"
        title_folder.mkdir(exist_ok=True)
        head = TELL + "import pygame\n" if kind == "pygame" else TELL
        (title_folder / entry).write_text(head + program)
    else:
        title_folder, entry = program.parent, program.name
    saves = save_dir or folder / "saves"
    saves.mkdir(exist_ok=True)
    title = RunningTitle()
    title.process = await TitleProcess.start(
        TitleSpec(
            "test",
            "0.0.0",
            kind,
            str(title_folder),
            entry,
            arguments,
            640,
            360,
            fps,
            memory_mib=memory_mib,
            environment=environment,
            site_packages=site_packages,
            runtime=runtime,
        ),
        str(saves),
        walls or walls_of(folder),
        on_frame=title.on_frame,
        on_news=title.on_news,
        on_ended=title.ends.append,
    )
    sound = SoundReader(title.process.sound_fd, on_packet=title.packets.append, loop=asyncio.get_running_loop())
    title.sound = sound
    try:
        yield title
    finally:
        await sound.close()
        async with asyncio.timeout(patient(10.0)):
            await title.process.stop(0.0)
