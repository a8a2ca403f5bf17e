"""One encoder behind the capture: converts and encodes the newest picture in a thread of its own.

Newest wins: while a picture is being encoded at most one more waits, and a newer one takes its place. The conversion
is the private copy: afterwards nobody else can write to what is encoded. Its last picture can be encoded again
without a new one: while the title stands still, to sharpen it, or because a keyframe is asked for.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import TypeAlias

import structlog
from av.video.frame import VideoFrame

from render_node.session.core.frame_pacing import FramePacing
from render_node.session.core.rate_steps import RateSteps, StepSizes
from render_node.session.core.reference_slots import ReferencePlan, ReferenceSlots
from render_node.session.core.rung_stats import RungStats
from render_node.session.io import monotonic
from render_node.session.io.encoders import EncoderSettings, OpenEncoder
from render_node.session.io.title_process import CapturedFrame
from render_node.session.media import EncodedFrame, FrameTimes
from wire.errors import WireError
from wire.limits import PICTURE_MIN_PX
from wire.session_control import VideoCodec
from wire.worker_control import EncoderSpec

SOFTWARE_H264 = "libx264"
"""What takes over when a hardware encoder fails in the middle of a session."""

FAILURES_MAX = 60
"""Pictures in a row that could not be encoded after which the session is given up."""

Source: TypeAlias = tuple[Callable[[], CapturedFrame | None], Callable[[], None]]
"""Takes the newest picture, and gives its slot back."""

log = structlog.get_logger()


class EncoderRung:
    """Owns its thread and encoder until ``close``; ``on_frame`` and ``on_failed`` run on the loop."""

    def __init__(
        self,
        codec: VideoCodec,
        spec: EncoderSpec,
        fps: int,
        *,
        on_frame: Callable[[EncodedFrame], None],
        on_failed: Callable[[str], None],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """Start the thread; the encoder is opened with the first picture, whose size it needs."""
        self._name = spec.h264_encoder if codec is VideoCodec.H264 else "libvpx"
        self._codec = codec
        self._preset = spec.x264_preset
        self._slices = 1
        self._on_frame = on_frame
        self._on_failed = on_failed
        self._failures = 0
        self._pacing = FramePacing(fps)
        self._loop = loop
        self._wake = threading.Condition()
        self._pending: Source | None = None
        self._keyframe = False
        self._again = False
        self._references = ReferenceSlots()
        self._recovery = False
        self._closed = False
        self._bitrate_bps = spec.target_bps
        self._encoder: OpenEncoder | None = None
        self._steps = RateSteps(StepSizes.of(codec), spec.target_bps)
        self._picture: VideoFrame | None = None
        self._size = (0, 0)
        self._point = Fraction(1), fps
        self._input_seq = 0
        self._pts = -1
        self._frame_id = 0
        self.stats = RungStats()
        self._thread = threading.Thread(target=self._run, name=f"encode-{codec}", daemon=True)
        self._thread.start()

    def submit(self, frame_source: Callable[[], CapturedFrame | None], release: Callable[[], None]) -> None:
        """A new picture waits.

        Args:
            frame_source: Takes the newest picture or None; called in the rung's thread when it is free.
            release: Gives the picture back; called in that thread as soon as it is copied.
        """
        with self._wake:
            if self._pending is not None:
                self.stats.superseded += 1
            self._pending = (frame_source, release)
            self._wake.notify()

    def request_keyframe(self) -> None:
        """Make the next picture a keyframe; if none comes, the one that is there."""
        with self._wake:
            self._keyframe = True
            self._wake.notify()

    def encode_again(self) -> None:
        """Encode the picture that is there once more, unless a newer one comes first."""
        with self._wake:
            self._again = True
            self._wake.notify()

    def recover(self, lost_id: int, newest_id: int) -> bool:
        """Predict the next picture from one that everybody has; if none comes, encode the one that is there so.

        Args:
            lost_id: First frame that a peer lacks.
            newest_id: Newest one that it lacks.

        Returns:
            False if there is no such reference; then only a keyframe helps.
        """
        with self._wake:
            encoder = self._encoder
            if encoder is None or not encoder.chooses_references or not self._references.lose(lost_id, newest_id):
                return False
            self._recovery = True
            self._wake.notify()
            return True

    def confirm(self, frame_id: int) -> None:
        """Every peer has this frame and all that it builds on."""
        with self._wake:
            self._references.confirm(frame_id)

    def set_bitrate(self, bps: int) -> None:
        """Change the target from the next picture on."""
        self._bitrate_bps = bps

    def set_point(self, scale: Fraction, fps: int) -> None:
        """Encode the picture at a share of its width and height, at so many frames per second, from the next one on.

        A change costs a keyframe.
        """
        self._point = scale, fps

    def set_slices(self, slices: int) -> None:
        """Let libx264 share each picture between so many threads, from the next one on; a change costs a keyframe."""
        self._slices = slices

    async def close(self) -> None:
        """End the thread; no callback comes afterwards."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)
        self._encoder = None

    def _run(self) -> None:
        while True:
            with self._wake:
                self._wake.wait_for(self._has_work)
                wait_us = self._pacing.wait_us(monotonic.now_us()) if self._pending is not None else 0
                if wait_us:
                    self._wake.wait_for(lambda: self._closed, wait_us / 1e6)
                if self._closed:
                    return
                source, self._pending = self._pending, None
                keyframe, self._keyframe = self._keyframe, False
                self._recovery = self._again = False
            try:
                self._work(source, keyframe=keyframe)
                self._failures = 0
            except Exception as error:
                # Whatever it was, the thread goes on: the next picture may well encode.
                self._fail(error.detail if isinstance(error, WireError) else f"{type(error).__name__}: {error}")

    def _fail(self, detail: str) -> None:
        self._failures += 1
        if self._failures == 1:
            log.error("encode_failed", encoder=self._name, detail=detail)
        if self._failures == FAILURES_MAX:
            self._loop.call_soon_threadsafe(self._on_failed, f"the encoder failed {FAILURES_MAX} times: {detail}")
        self._encoder = None
        if self._name != "libvpx":
            self._name = SOFTWARE_H264

    def _has_work(self) -> bool:
        wanted = self._keyframe or self._recovery or self._again
        return self._closed or self._pending is not None or (wanted and self._picture is not None)

    def _work(self, source: Source | None, *, keyframe: bool) -> None:
        """Encode the newest picture, or the one that is there if no other waits."""
        begun_us = monotonic.now_us()
        times = self._take(source, begun_us) if source else None
        if self._picture is None:
            if keyframe:
                self.request_keyframe()
            return
        if source and times is None and not keyframe:
            return
        tick_us, capture_us = times or (begun_us, begun_us)
        self._encode(self._picture, tick_us, capture_us, begun_us, keyframe=keyframe)

    def _take(self, source: Source, now_us: int) -> tuple[int, int] | None:
        """Convert the newest picture; return when it was flipped and captured, None if there is no newer one."""
        take, release = source
        frame = take()
        if frame is None:
            return None
        try:
            scale = self._point[0]
            self._size = _scaled(frame.width, scale), _scaled(frame.height, scale)
            self._picture = self._open_encoder(now_us).convert(frame.pixels, frame.width, frame.height)
        finally:
            release()
        self._pacing.took(now_us)
        self._input_seq = frame.input_seq
        return frame.tick_us, frame.capture_us

    def _encode(self, picture: VideoFrame, tick_us: int, capture_us: int, begun_us: int, *, keyframe: bool) -> None:
        encoder = self._open_encoder(begun_us)
        self._pts = max(tick_us * 9 // 100, self._pts + 1)
        plan = self._plan(encoder, keyframe=keyframe)
        data, is_keyframe = encoder.encode(
            picture, self._pts, keyframe=keyframe, reference_flags=plan.flags if plan else 0
        )
        encoded_us = monotonic.now_us()
        self._frame_id += 1
        if is_keyframe:
            with self._wake:
                self._references.keyframe(self._frame_id)
        self.stats.encoded_one(encoded_us - begun_us, len(data))
        encoded = EncodedFrame(
            frame_id=self._frame_id,
            rtp_ts=self._pts % 2**32,
            access_unit=data,
            keyframe=is_keyframe,
            width_px=encoder.settings.width_px,
            height_px=encoder.settings.height_px,
            input_seq=self._input_seq,
            times=FrameTimes(tick_us, capture_us, encoded_us),
            recovers_from_id=plan.reference_id if plan and plan.reference_id != self._frame_id - 1 else None,
        )
        self._loop.call_soon_threadsafe(self._deliver, encoded)

    def _plan(self, encoder: OpenEncoder, *, keyframe: bool) -> ReferencePlan | None:
        """Return what the next frame is predicted from, None if that is the encoder's own choice."""
        if keyframe or not encoder.chooses_references:
            return None
        with self._wake:
            return self._references.plan(self._frame_id + 1)

    def _deliver(self, frame: EncodedFrame) -> None:
        if not self._closed:
            self._on_frame(frame)

    def _open_encoder(self, now_us: int) -> OpenEncoder:
        """Return the encoder that fits the picture and the target rate, opened anew only where it must be."""
        encoder, rate_bps = self._encoder, self._bitrate_bps
        slices = self._slices if self._name == SOFTWARE_H264 else 1
        shape = (*self._size, self._point[1], slices)
        if encoder is not None:
            has_shape = encoder.settings.shape == shape
            if not encoder.set_bitrate(rate_bps):
                rate_bps = self._steps.rate_bps(rate_bps, now_us, is_free=not has_shape)
            if has_shape and encoder.bitrate_bps == rate_bps:
                return encoder
        self._encoder = None
        settings = EncoderSettings(*self._size, self._point[1], rate_bps, self._preset, slices)
        self._encoder = OpenEncoder(self._name, settings)
        self._steps.opened(rate_bps, now_us)
        return self._encoder


def _scaled(edge_px: int, scale: Fraction) -> int:
    return max(int(edge_px * scale), PICTURE_MIN_PX) & ~1
