"""What passes between capture, encoders and peers inside a worker."""

from __future__ import annotations

from dataclasses import dataclass

RTP_VIDEO_CLOCK_HZ = 90_000
OPUS_CLOCK_HZ = 48_000
OPUS_BPS = 128_000


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """One frame's way so far, in microseconds of CLOCK_MONOTONIC."""

    tick_us: int
    """The title flipped."""
    capture_us: int
    """The worker took the frame up."""
    encoded_us: int
    """The encoder handed out the packet."""


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """One access unit of a rung, shared read-only by every peer that the rung feeds."""

    frame_id: int
    """The rung's count, from 1."""
    rtp_ts: int
    """90 kHz, modulo 2**32; made from ``tick_us`` so that both rungs agree on it."""
    access_unit: bytes
    """Annex B for H.264, one frame for VP8."""
    keyframe: bool
    width_px: int
    height_px: int
    input_seq: int
    """Newest event, by the worker's count over all participants, that the title had applied; 0 before any."""
    times: FrameTimes
    recovers_from_id: int | None = None
    """The frame that it is predicted from, where that is not the one before; keyframes need none."""

    @property
    def reference_id(self) -> int | None:
        """The frame that it is predicted from; None for a keyframe."""
        if self.keyframe:
            return None
        return self.frame_id - 1 if self.recovers_from_id is None else self.recovers_from_id


@dataclass(frozen=True, slots=True)
class OpusPacket:
    """10 ms of stereo sound."""

    rtp_ts: int
    """48 kHz, modulo 2**32."""
    payload: bytes
