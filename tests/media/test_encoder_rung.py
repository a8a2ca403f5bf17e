"""The rung: newest wins, a still picture gets sharper, keyframes at any time, sizes change."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from unittest.mock import Mock

import av
import numpy as np
import pytest

from render_node.session.io import monotonic
from render_node.session.io.encoder_rung import FAILURES_MAX, EncoderRung
from render_node.session.io.encoders import EncoderSettings, OpenEncoder
from render_node.session.io.title_process import CapturedFrame
from render_node.session.media import EncodedFrame
from tests.support.deadlines import until
from wire.session_control import VideoCodec
from wire.worker_control import EncoderSpec

pytestmark = pytest.mark.media


class Bench:
    """A rung with pictures to feed it."""

    def __init__(self, codec: VideoCodec) -> None:
        self.frames: list[EncodedFrame] = []
        self.failures: list[str] = []
        self.released = 0
        self.rung = EncoderRung(
            codec,
            EncoderSpec(),
            60,
            on_frame=self.frames.append,
            on_failed=self.failures.append,
            loop=asyncio.get_running_loop(),
        )
        self.rng = np.random.default_rng(1)
        self.number = 0
        self.tick_us = time.monotonic_ns() // 1000

    def picture(self, width: int = 320, height: int = 180, *, grey: int | None = None) -> CapturedFrame:
        self.number += 1
        self.tick_us += 16_667
        if grey is None:
            pixels = self.rng.integers(0, 255, width * height * 4, np.uint8)
        else:
            pixels = np.full(width * height * 4, grey, np.uint8)
        return CapturedFrame(width, height, self.number, self.number, self.tick_us, self.tick_us + 100, pixels.data)

    def release(self) -> None:
        self.released += 1

    def submit(self, source: Callable[[], CapturedFrame | None]) -> None:
        self.rung.submit(source, self.release)

    async def put(self, frame: CapturedFrame) -> None:
        """Submit and wait until the rung has dealt with it."""
        before = self.released
        self.submit(lambda: frame)
        await self.until(lambda: self.released > before)
        await asyncio.sleep(0)

    async def until_made(self, count: int) -> None:
        """Wait until so many frames were encoded in all."""
        await self.until(lambda: len(self.frames) >= count)

    async def until(self, check: Callable[[], bool]) -> None:
        async def look() -> bool:
            return check()

        await until(look, 5.0, f"{len(self.frames)} frames, {self.released} released")


def nals_of(access_unit: bytes) -> list[bytes]:
    """Return the NAL units of an access unit with start codes (H.264 annex B)."""
    return [nal for nal in re.split(b"\x00\x00\x00?\x01", access_unit) if nal]


@asynccontextmanager
async def bench(codec: VideoCodec = VideoCodec.H264) -> AsyncIterator[Bench]:
    made = Bench(codec)
    try:
        yield made
    finally:
        await made.rung.close()


@pytest.mark.parametrize("codec", list(VideoCodec))
async def test_frames_carry_what_the_page_is_told(codec: VideoCodec) -> None:
    async with bench(codec) as made:
        source = made.picture()
        await made.put(source)
        await made.put(made.picture())
        await made.until(lambda: len(made.frames) == 2)
        first, second = made.frames
        assert (first.frame_id, second.frame_id) == (1, 2)
        assert (first.keyframe, second.keyframe) == (True, False)
        assert first.rtp_ts == source.tick_us * 9 // 100 % 2**32
        assert (first.input_seq, first.times.tick_us, first.times.capture_us) == (
            1,
            source.tick_us,
            source.capture_us,
        )
        assert (first.width_px, first.height_px) == (320, 180)


async def test_newest_wins_while_the_encoder_is_busy() -> None:
    async with bench() as made:
        gate, begun = threading.Event(), threading.Event()
        slow, newest = made.picture(), made.picture()

        def wait() -> CapturedFrame:
            begun.set()
            gate.wait(5)
            return slow

        made.submit(wait)
        await made.until(begun.is_set)
        for _ in range(5):
            made.submit(lambda: newest)
        gate.set()
        await made.until(lambda: len(made.frames) == 2)
        assert made.rung.stats.superseded == 4
        assert made.frames[-1].input_seq == 2


async def test_a_picture_encoded_again_gets_sharper_and_no_frame_grows() -> None:
    """As many times as half a second has frames: what moves next must not wait for any of them."""
    async with bench() as made:
        for _ in range(4):
            await made.put(made.picture(640, 360))
        source = made.picture(640, 360)
        await made.put(source)
        for _ in range(25):
            count = len(made.frames)
            made.rung.encode_again()
            await made.until_made(count + 1)
        moved, again = made.frames[:-25], made.frames[-25:]
        assert not any(frame.keyframe for frame in again)
        assert {frame.input_seq for frame in again} == {5}
        assert max(len(frame.access_unit) for frame in again) <= 2 * 8_000_000 // 60 // 8
        coarse, sharp = errors([*moved, *again], source, (len(moved) - 1, len(made.frames) - 1))
        assert sharp < coarse / 2
        await made.put(made.picture(640, 360))
        await made.until(lambda: made.frames[-1].input_seq == 6)


def errors(frames: list[EncodedFrame], source: CapturedFrame, wanted: tuple[int, ...]) -> list[float]:
    """Decode frames; return the mean square error of some of them against a picture."""
    decoder = av.CodecContext.create("h264", "r")
    pictures = [picture for frame in frames for picture in decoder.decode(av.Packet(frame.access_unit))]
    encoder = OpenEncoder("libx264", EncoderSettings(source.width, source.height, 60, 8_000_000))
    truth = encoder.convert(source.pixels, source.width, source.height).to_ndarray()[: source.height].astype(float)
    return [float(((pictures[n].to_ndarray()[: source.height] - truth) ** 2).mean()) for n in wanted]


async def test_a_keyframe_is_made_while_the_title_stands_still_but_not_before_it_drew() -> None:
    async with bench() as made:
        made.rung.request_keyframe()
        made.submit(lambda: None)
        await made.put(made.picture(grey=90))
        await made.until(lambda: len(made.frames) == 1)
        made.rung.request_keyframe()
        await made.until(lambda: len(made.frames) == 2)
        assert made.frames[1].keyframe
        assert (made.frames[1].rtp_ts - made.frames[0].rtp_ts) % 2**32 < 2**31
        await made.put(made.picture())
        await made.until(lambda: len(made.frames) == 3)
        assert not made.frames[2].keyframe


async def test_a_new_size_is_a_new_keyframe_and_odd_edges_are_cut() -> None:
    async with bench() as made:
        for size in ((320, 180), (641, 361), (16, 16)):
            await made.put(made.picture(*size))
        await made.until(lambda: len(made.frames) == 3)
        assert [(frame.width_px, frame.height_px) for frame in made.frames] == [(320, 180), (640, 360), (16, 16)]
        assert all(frame.keyframe for frame in made.frames)
        (decoded,) = av.CodecContext.create("h264", "r").decode(av.Packet(made.frames[1].access_unit))
        assert (decoded.width, decoded.height) == (640, 360)


async def test_vp8_changes_its_rate_by_a_reopen_only_when_it_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(VideoCodec.VP8) as made:
        clock_us = monotonic.now_us()
        monkeypatch.setattr(monotonic, "now_us", lambda: clock_us)
        rates = [8_000_000, 7_500_000, 3_000_000, 3_000_000, 8_000_000]
        for rate_bps in rates:
            made.rung.set_bitrate(rate_bps)
            await made.put(made.picture())
            clock_us += 500_000
        await made.until(lambda: len(made.frames) == len(rates))
        assert [frame.keyframe for frame in made.frames] == [True, False, False, True, False]


async def test_the_thread_outlives_any_fault_and_gives_up_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async with bench(VideoCodec.H264) as made:
        with monkeypatch.context() as broken:
            broken.setattr(OpenEncoder, "convert", Mock(side_effect=MemoryError("no room")))
            await made.put(made.picture())
        await made.put(made.picture())
        await made.until(lambda: len(made.frames) == 1)
        assert not made.failures
        monkeypatch.setattr(OpenEncoder, "encode", Mock(side_effect=RuntimeError("gone")))
        for _ in range(FAILURES_MAX):
            await made.put(made.picture())
        await made.until(lambda: len(made.failures) == 1)
        assert "RuntimeError: gone" in made.failures[0]


async def test_a_title_that_flips_without_end_gets_its_declared_rate() -> None:
    async with bench(VideoCodec.H264) as made:
        begun_s = time.monotonic()
        while time.monotonic() - begun_s < 1.0:
            made.submit(made.picture)
            await asyncio.sleep(0.002)
        assert 1 <= len(made.frames) <= 60 * (time.monotonic() - begun_s) + 10


async def test_a_hardware_encoder_that_fails_gives_way_to_software() -> None:
    frames: list[EncodedFrame] = []
    rung = EncoderRung(
        VideoCodec.H264,
        EncoderSpec(h264_encoder="h264_amf"),
        60,
        on_frame=frames.append,
        on_failed=lambda detail: None,
        loop=asyncio.get_running_loop(),
    )
    made = Bench(VideoCodec.H264)
    try:
        for _ in range(2):
            frame = made.picture()
            rung.submit(lambda frame=frame: frame, made.release)  # type: ignore[misc]
            await made.until(lambda: made.released == made.number)
        await made.until(lambda: len(frames) == 1)
        assert frames[0].keyframe
    finally:
        await rung.close()
        await made.rung.close()


async def test_a_smaller_point_shrinks_the_next_picture_and_costs_one_keyframe() -> None:
    async with bench() as made:
        for scale, fps, size in (
            (Fraction(1), 60, (320, 180)),
            (Fraction(1, 2), 30, (160, 90)),
            (Fraction(1), 60, (320, 180)),
        ):
            made.rung.set_point(scale, fps)
            shown = len(made.frames)
            for _ in range(3):
                await made.put(made.picture())
            await made.until_made(shown + 3)
            new = made.frames[shown:]
            assert {(frame.width_px, frame.height_px) for frame in new} == {size}
            assert [frame.keyframe for frame in new] == [True, False, False]


async def test_a_picture_is_shared_by_two_threads_and_the_change_costs_one_keyframe() -> None:
    async with bench() as made:
        for slices in (2, 1):
            made.rung.set_slices(slices)
            shown = len(made.frames)
            for _ in range(3):
                await made.put(made.picture())
            await made.until_made(shown + 3)
            new = made.frames[shown:]
            assert [frame.keyframe for frame in new] == [True, False, False]
            assert [sum(nal[0] & 31 in (1, 5) for nal in nals_of(frame.access_unit)) for frame in new] == [slices] * 3


async def test_no_point_is_too_small_for_an_encoder() -> None:
    async with bench() as made:
        made.rung.set_point(Fraction(1, 100), 60)
        await made.put(made.picture())
        await made.until(lambda: bool(made.frames))
        assert (made.frames[0].width_px, made.frames[0].height_px) == (16, 16)
        assert made.failures == []


async def test_vp8_leaves_lost_frames_behind_from_a_confirmed_one() -> None:
    async with bench(VideoCodec.VP8) as made:
        for count in range(1, 13):
            await made.put(made.picture())
            await made.until_made(count)
        assert not made.rung.recover(11, 12), "nothing is confirmed yet"
        made.rung.confirm(8)
        assert made.rung.recover(11, 12)
        # The title stands still; who lost frames must not wait for its next picture.
        await made.until(lambda: len(made.frames) == 13)
        recovered = made.frames[12]
        assert not recovered.keyframe
        assert recovered.reference_id is not None
        assert recovered.reference_id <= 8
        assert made.rung.recover(11, 12), "the recovery is on its way"
        await made.put(made.picture())
        await made.until(lambda: len(made.frames) >= 14)
        assert made.frames[13].reference_id == 13

        decoder = av.CodecContext.create("vp8", "r")
        whole = [decoder.decode(av.Packet(frame.access_unit))[0].to_ndarray() for frame in made.frames[:14]]
        holed = av.CodecContext.create("vp8", "r")
        kept = [frame for frame in made.frames[:14] if frame.frame_id not in (11, 12)]
        partly = [holed.decode(av.Packet(frame.access_unit))[0].to_ndarray() for frame in kept]
        assert (partly[-1] == whole[-1]).all()
        assert (partly[-2] == whole[-2]).all()


async def test_h264_has_no_way_back_but_a_keyframe() -> None:
    async with bench(VideoCodec.H264) as made:
        for count in range(1, 4):
            await made.put(made.picture())
            await made.until_made(count)
        made.rung.confirm(3)
        assert not made.rung.recover(3, 3)
        assert [frame.reference_id for frame in made.frames] == [None, 1, 2]
