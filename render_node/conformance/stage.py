"""Runs a title as a session does, in the same sandbox; its frames are counted and its sound is heard, not sent."""

from __future__ import annotations

import asyncio
import functools
import itertools
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

from render_node.agent.core.node_offer import NodeOffer, title_spec
from render_node.agent.io.sandbox_probe import probe_sandbox
from render_node.conformance.motion import Grid, grid
from render_node.session.core.title_end import TitleEnd
from render_node.session.io.sound_reader import SoundReader
from render_node.session.io.title_process import TitleNews, TitleProcess
from render_node.session.media import OpusPacket
from wire.input_events import InputEvent, Payload
from wire.sandbox import Profile, SandboxSpec, session_name
from wire.title_ipc import Input, Sound
from wire.title_manifest import InstalledTitle
from wire.worker_control import EncoderSpec, IceSpec

GRIDS_PER_S = 20.0
AUDIBLE_BYTES = 30
"""Opus packets of silence are smaller."""
HEARD_PACKETS = 10
KILL_GRACE_S = 10.0
STILL_S = 0.25
"""A title that has shown no new picture for so long stands still, or is held up if it has not read its input."""
HELD_UP_S = 10.0
"""Seconds for which a title that is held up is waited for, in all waits of a run together; some never read input."""
DRAWN_POLL_S = 0.02

_runs = itertools.count()


@functools.cache
def _walls(profile: Profile | None) -> SandboxSpec:
    """Return the walls that hold on this machine, as its node would find them."""
    return probe_sandbox(profile).spec


class Stage:
    """A running title; made by ``on_stage``."""

    process: TitleProcess
    sound: SoundReader

    def __init__(self) -> None:
        self.largest = (0, 0)
        """Largest width and largest height of a picture so far."""
        self.end: TitleEnd | None = None
        self.started_s = time.monotonic()
        self.first_frame_s: float | None = None
        """When the first picture came, in seconds from the start."""
        self.pace: list[tuple[int, int]] = []
        """The title's count of pictures and its clock in microseconds, at the first and the newest frame since this
        was emptied; pictures that it shows unchanged arrive with the next one."""
        self._news = asyncio.Event()
        """Set by every picture and by the end."""
        self._audible = 0
        self._seq = 0
        self._patience_s = HELD_UP_S
        self._newest_s, self._newest_seq = self.started_s, 0
        """When the newest picture came, and the newest event that it was drawn with."""
        self._pile: list[Grid] | None = None
        self._piled_s = 0.0

    @property
    def heard(self) -> bool:
        """Whether the title made a sound."""
        return self._audible >= HEARD_PACKETS

    @property
    def last_words(self) -> str:
        """What the title printed last."""
        return self.process.last_words.strip()

    def pile(self, grids: list[Grid] | None) -> None:
        """Add pictures to a list from now on, as grids, some per second, the one that is shown first; None stops."""
        self._pile, self._piled_s = grids, 0.0
        shown = None if grids is None else self.look()
        if grids is not None and shown is not None:
            grids.append(shown)

    def send(self, *payloads: Payload) -> None:
        """Hand over events of the first seat."""
        for payload in payloads:
            self._seq += 1
            self.process.send_input(Input(self._seq, 0, InputEvent(payload)))

    def look(self) -> Grid | None:
        """Return the newest picture as a grid."""
        frame = self.process.take_frame()
        if frame is None:
            return None
        try:
            return grid(frame.pixels, frame.width, frame.height)
        finally:
            self.process.release_frame()

    def picture(self) -> tuple[bytes, int, int] | None:
        """Return the newest picture: BGRX rows, width and height."""
        frame = self.process.take_frame()
        if frame is None:
            return None
        try:
            return bytes(frame.pixels), frame.width, frame.height
        finally:
            self.process.release_frame()

    async def until(self, holds: Callable[[], bool], within_s: float) -> bool:
        """Wait until something holds or the title ends; return whether it holds."""
        due_s = time.monotonic() + within_s
        while not holds() and self.end is None:
            left_s = due_s - time.monotonic()
            if left_s <= 0:
                break
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._news.wait()
        return holds()

    async def wait(self, seconds: float) -> bool:
        """Let the title run; return whether it still does."""
        return not await self.until(lambda: self.end is not None, seconds)

    async def wait_drawn(self, seconds: float) -> None:
        """Let the title run, and where the machine is busy until it has drawn with all that it was sent.

        A picture that stands still is not waited for once the title has read its input.
        """
        began_s = time.monotonic()
        await self.wait(seconds)
        over_s = time.monotonic()
        while self.end is None and not self._drawn_since(began_s) and time.monotonic() < over_s + self._patience_s:
            await self.until(lambda: self._drawn_since(began_s), DRAWN_POLL_S)
        self._patience_s = max(self._patience_s - (time.monotonic() - over_s), 0.0)

    def _drawn_since(self, began_s: float) -> bool:
        if self._newest_s >= began_s and self._newest_seq >= self._seq:
            return True
        return time.monotonic() - self._newest_s >= STILL_S and self.process.has_read_all

    def on_frame(self) -> None:
        """Measure a picture."""
        now_s = time.monotonic()
        frame = self.process.take_frame()
        if frame is None:
            return
        try:
            self.largest = (max(self.largest[0], frame.width), max(self.largest[1], frame.height))
            if self.first_frame_s is None:
                self.first_frame_s = now_s - self.started_s
            self.pace[1:] = [(frame.flips, frame.tick_us)]
            self._newest_s, self._newest_seq = now_s, frame.input_seq
            if self._pile is not None and now_s - self._piled_s >= 1 / GRIDS_PER_S:
                self._pile.append(grid(frame.pixels, frame.width, frame.height))
                self._piled_s = now_s
        finally:
            self.process.release_frame()
            self._news.set()

    def on_news(self, news: TitleNews) -> None:
        """Learn the sound's format."""
        if isinstance(news, Sound):
            self.sound.set_format(news)

    def on_packet(self, packet: OpusPacket) -> None:
        """Hear 10 ms."""
        self._audible += len(packet.payload) > AUDIBLE_BYTES

    def on_ended(self, end: TitleEnd) -> None:
        """Remember why it ended."""
        self.end = end
        self._news.set()


@asynccontextmanager
async def on_stage(
    title: InstalledTitle, save_dir: Path, profile: Profile | None, *, try_state: bool = False
) -> AsyncIterator[Stage]:
    """Run a title until the block ends; afterwards nothing of it is left.

    Args:
        title: What to run.
        save_dir: Existing folder that it may write to.
        profile: How it is walled in, as in ``CheckPlan``.
        try_state: Whether it saves and loads its state when it is asked to end.

    Raises:
        WireError: ``sandbox_unavailable``.
    """
    name = session_name(os.getpid(), f"check-{next(_runs)}")
    walls = replace(await asyncio.to_thread(_walls, profile), name=name, run_dir=os.fspath(save_dir.parent / "run"))
    offer = NodeOffer(
        slots=1, titles=(title,), saves=save_dir, ice=IceSpec(), encoder=EncoderSpec(), sandbox=walls,
        owner_pid=os.getpid(), abandon_s=1.0, start_timeout_s=1.0,
    )  # fmt: skip
    stage = Stage()
    spec = replace(title_spec(title, offer, {}), try_state=try_state)
    stage.process = await TitleProcess.start(
        spec, os.fspath(save_dir), walls, on_frame=stage.on_frame, on_news=stage.on_news, on_ended=stage.on_ended
    )
    stage.sound = SoundReader(stage.process.sound_fd, on_packet=stage.on_packet, loop=asyncio.get_running_loop())
    try:
        yield stage
    finally:
        await stage.sound.close()
        async with asyncio.timeout(KILL_GRACE_S):
            await stage.process.stop(0.0)
