"""The Python side of ``page_probe.js``: the same for Chromium and Firefox, our page and the baselines."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tests.support.deadlines import patient, until

SUPPORT = Path(__file__).parent
PROBE_JS = (SUPPORT / "page_probe.js").read_text()
FAKE_GAMEPADS_JS = (SUPPORT / "fake_gamepads.js").read_text()

Evaluate: TypeAlias = Callable[[str], Awaitable[Any]]
"""Runs an expression in the page, awaits a promise that it yields and returns the value as JSON types."""

Luma: TypeAlias = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class CardState:
    """The second row of the test card."""

    keys_down: int
    """KEYDOWN events, modulo 256."""
    taps: int
    """Finger downs, modulo 256."""
    pad_buttons: int
    """Pad button downs, modulo 256."""
    axis: int
    """Pad axis 0: (value + 1) * 127.5."""
    mouse_x: int
    mouse_y: int
    """Mouse position in 1/255 of the picture."""
    tone: int
    """0 for silence, else 1 + the tone's index."""


@dataclass(frozen=True, slots=True)
class ShownFrame:
    """One frame that the page showed, as read back from its pixels."""

    at_ms: float
    """``performance.now()`` once the pixels were read."""
    number: int | None
    """The title's frame number; None if the blocks were not legible."""
    presses: int | None
    """How often the block flipped so far."""
    state: CardState | None
    width: int
    height: int
    rtp: int | None
    display_ms: float
    """When the browser expected it on the screen."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the page's sound is at the moment."""

    rms: float
    hz: float
    audible: bool
    """An unmuted, playing element of the page carries the sound."""


class PageProbe:
    """Asks a page what it shows, hears and received."""

    def __init__(self, evaluate: Evaluate) -> None:
        self.evaluate = evaluate

    async def frames(self, since_ms: float = 0.0) -> list[ShownFrame]:
        """Return the frames shown after ``since_ms`` of the page's clock."""
        # A list per frame, as text: a protocol that types every value needs seconds for 1,200 objects.
        rows = json.loads(
            await self.evaluate(
                f"JSON.stringify(probe.frames.filter(frame => frame.at > {since_ms}).map(frame => "
                "[frame.at, frame.number, frame.presses, frame.states, frame.width, frame.height, frame.rtp, "
                "frame.display]))"
            )
        )
        return [
            ShownFrame(at, number, presses, CardState(*states[:7]) if states else None, width, height, rtp, display)
            for at, number, presses, states, width, height, rtp, display in rows
        ]

    async def now_ms(self) -> float:
        """Return the page's clock."""
        return float(await self.evaluate("performance.now()"))

    async def newest(self) -> ShownFrame | None:
        """Return the newest legible frame."""
        frames = await self.frames(await self.now_ms() - 1000)
        return next((frame for frame in reversed(frames) if frame.number is not None and frame.state), None)

    async def until_playing(self, within_s: float = 15.0) -> ShownFrame:
        """Wait for the first legible frame."""

        async def first() -> ShownFrame | None:
            ready = await self.evaluate("typeof probe !== 'undefined' && probe.frames.length > 0")
            return await self.newest() if ready else None

        return await until(first, within_s, "the test card in the page's picture")

    async def until_state(self, check: Callable[[ShownFrame, CardState], bool], within_s: float, what: str) -> None:
        """Wait until the picture shows what ``check`` wants."""

        async def shown() -> bool:
            frame = await self.newest()
            return frame is not None and frame.state is not None and check(frame, frame.state)

        await until(shown, within_s, what)

    async def presses(self) -> int:
        """Return the newest press count in the picture."""
        frame = await self.until_playing(3.0)
        assert frame.presses is not None
        return frame.presses

    async def latencies_ms(self) -> list[float]:
        """Return each timed key press: event until its block was read back."""
        return [float(value) for value in await self.evaluate("probe.latencies.map(each => each.ms)")]

    async def video(self) -> dict[str, Any]:
        """Return the video's ``inbound-rtp`` statistics."""
        found = json.loads(await self.evaluate("probe.video().then(JSON.stringify)"))
        return dict(found or {})

    async def listen(self) -> Heard | None:
        """Return pitch and loudness."""
        heard = await self.evaluate("probe.listen()")
        return Heard(float(heard["rms"]), float(heard["hz"]), bool(heard["audible"])) if heard else None

    async def until_heard(self, hz: float, within_s: float = 5.0, *, least_rms: float = 0.05) -> Heard:
        """Wait for a tone within 1% of a pitch."""

        async def pitch() -> Heard | None:
            heard = await self.listen()
            return heard if heard and heard.rms > least_rms and abs(heard.hz - hz) < hz / 100 else None

        return await until(pitch, within_s, f"a tone of {hz} Hz")

    async def read_luma(self, count: int, every_ms: float) -> list[Luma]:
        """Read shown frames back as luma, `(height, width)` uint8 each."""
        pictures = await self.evaluate(f"probe.readLuma({count}, {every_ms})")
        return [
            np.frombuffer(base64.b64decode(each["luma"]), np.uint8).reshape(each["height"], each["width"])
            for each in pictures
        ]


@dataclass(frozen=True, slots=True)
class FrameCount:
    """What a stretch of shown frames adds up to."""

    shown: int
    repeats: int
    """Frames with the number of the one before."""
    disordered: int
    """Frames with a lower number than the one before."""
    illegible: int
    seconds: float

    @property
    def repeat_share(self) -> float:
        """Repeats per shown frame."""
        return self.repeats / max(1, self.shown)


def count_frames(frames: Sequence[ShownFrame]) -> FrameCount:
    """Judge the order of a stretch of frames."""
    numbers = [frame.number for frame in frames if frame.number is not None]
    steps = [later - earlier for earlier, later in itertools.pairwise(numbers)]
    return FrameCount(
        shown=len(frames),
        repeats=sum(step == 0 for step in steps),
        disordered=sum(step < 0 for step in steps),
        illegible=len(frames) - len(numbers),
        seconds=(frames[-1].at_ms - frames[0].at_ms) / 1000 if len(frames) > 1 else 0.0,
    )


async def press_and_see(probe: PageProbe, press: Callable[[], Awaitable[None]]) -> bool:
    """Press once and wait until the picture has counted it; return whether it did."""
    before = await probe.presses()
    await press()
    deadline = time.monotonic() + patient(1.0)
    while time.monotonic() < deadline:
        if await probe.presses() == before + 1:
            return True
        await asyncio.sleep(0.01)
    return False
