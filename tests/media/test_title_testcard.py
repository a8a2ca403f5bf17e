"""The bundled test card: what its picture says, through the sandbox and through the encoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from render_node.session.io.monotonic import now_us
from render_node.session.io.title_process import CapturedFrame
from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running
from tests.support.testcard_reader import CardReading, read_card
from wire.input_events import Key, MouseAbs, MouseButton, Pad, PadPresence, Touch, TouchPhase
from wire.title_manifest import parse_manifest

pytestmark = pytest.mark.media

CARD = Path("games/testcard/testcard.py").absolute()
FRAME_US = 1_000_000 // 60


def luma(title: RunningTitle) -> NDArray[np.uint8]:
    width, height, _ = title.frames[-1]
    return np.frombuffer(title.newest, np.uint8).reshape(height, width, 4)[:, :, 1]


async def reads(title: RunningTitle, **fields: object) -> CardReading:
    async def look() -> CardReading | None:
        reading = read_card(luma(title)) if title.frames else None
        return reading if reading and all(getattr(reading, key) == value for key, value in fields.items()) else None

    return await until(look, 8.0, f"{fields}")


@pytest.mark.parametrize("arguments", [(), ("--hard",), ("--size", "640x360")], ids=str)
async def test_every_input_shows_in_the_picture(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    async with running(tmp_path, CARD, arguments=arguments) as title:
        first = await reads(title, flips=0, keys=0, axis=128, tone=0, block_is_white=False)
        title.send(Key(27, True), Key(27, False))
        await reads(title, flips=1, keys=1, block_is_white=True)
        title.send(PadPresence(0, True))
        title.send(Pad(0, 1, (32767, 0, 0, 0, 0, 0)), Pad(0, 0, (32767, 0, 0, 0, 0, 0)))
        await reads(title, flips=2, pad_buttons=1, axis=255, block_is_white=False)
        title.send(Touch(1, TouchPhase.DOWN, 3000, 5000), Touch(1, TouchPhase.UP, 3000, 5000))
        await reads(title, flips=3, taps=1)
        title.send(MouseAbs(65535, 32768), MouseButton(0, True), MouseButton(0, False))
        await reads(title, flips=3, taps=2, mouse=(254, 127))
        title.send(Key(31, True), Key(31, False))
        last = await reads(title, tone=2, keys=2)
        assert last.frame > first.frame


async def test_frames_are_numbered_without_gaps(tmp_path: Path) -> None:
    async with running(tmp_path, CARD, arguments=("--hard",)) as title:
        flips: list[int] = []
        readings: list[tuple[CardReading | None, int]] = []
        note = title.note

        def remember(frame: CapturedFrame) -> None:
            note(frame)
            flips.append(frame.flips)
            # Later, the title may be drawing the next pictures into the same place.
            if now_us() - frame.tick_us < FRAME_US:
                readings.append((read_card(luma(title)), frame.flips))

        title.note = remember  # type: ignore[method-assign]
        await title.shows(90)

        async def legible() -> bool:
            return len(readings) >= 30

        await until(legible, 8.0, "pictures that are looked at as they come")
        assert flips == list(range(flips[0], flips[0] + len(flips)))
        assert len({reading and reading.frame - flip for reading, flip in readings}) == 1, readings
        assert readings[0][0] is not None


def test_its_manifest_is_good() -> None:
    manifest = parse_manifest(CARD.with_name("title.toml").read_text())
    assert (manifest.id, manifest.entry, manifest.fps) == ("testcard", "testcard.py", 60)
