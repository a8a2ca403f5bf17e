"""From a title's raw sound to Opus: any format that pygame's mixer has, 48 kHz stereo, 10 ms packets."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from render_node.session.media import OPUS_BPS, OPUS_CLOCK_HZ
from wire.title_ipc import Sound

PACKET_FRAMES = OPUS_CLOCK_HZ // 100
OPUS_COMPLEXITY = 5
"""Of 10, which takes 65 instead of 43 µs for a packet; at this rate nobody hears the difference."""

SETTLED_BLOCKS = 50
"""Blocks of silence after which Opus has said all of what came before, and makes the same packet for ever. Measured
after noise near full level: 27."""


class SoundEncoder:
    """Holds one Opus encoder, which outlives changes of the title's format, and a resampler where that needs one."""

    def __init__(self) -> None:
        context = av.CodecContext.create("libopus", "w")
        assert isinstance(context, AudioCodecContext)
        context.sample_rate = OPUS_CLOCK_HZ
        context.layout = "stereo"
        context.format = "s16"
        context.bit_rate = OPUS_BPS
        context.options = {
            "application": "lowdelay",
            "frame_duration": "10",
            "vbr": "on",
            "compression_level": str(OPUS_COMPLEXITY),
        }
        context.open()
        self._opus = context
        self._resampler: AudioResampler | None = None
        self._format: Sound | None = None
        self._pts = 0
        self._silent_blocks = 0
        self._newest = b""

    def encode(self, raw: bytes, sound: Sound) -> list[bytes]:
        """Return the Opus packets that these samples complete, each 10 ms; lasting silence is the same packet again.

        Args:
            raw: Whole sample frames, interleaved, 10 ms of them.
            sound: Their format.
        """
        if not raw:
            return []
        self._silent_blocks = self._silent_blocks + 1 if raw == silence(len(raw), sound) else 0
        if self._silent_blocks > SETTLED_BLOCKS:
            return [self._newest]
        packets = self._encode(raw, sound)
        self._newest = packets[-1] if packets else self._newest
        return packets

    def _encode(self, raw: bytes, sound: Sound) -> list[bytes]:
        if sound != self._format:
            self._format = sound
            fits = (sound.rate_hz, sound.bits) == (OPUS_CLOCK_HZ, 16)
            self._resampler = None if fits else AudioResampler("s16", "stereo", OPUS_CLOCK_HZ, PACKET_FRAMES)
        frame = as_frame(raw, sound)
        packets = []
        for block in [frame] if self._resampler is None else self._resampler.resample(frame):
            block.pts = self._pts
            self._pts += PACKET_FRAMES
            packets += [bytes(packet) for packet in self._opus.encode(block)]
        return packets


def as_frame(raw: bytes, sound: Sound) -> AudioFrame:
    """Wrap raw samples as stereo; unsigned 16 and signed 8 bits, which FFmpeg lacks, move to their neighbours.

    One channel is heard at full level on both sides, as SDL plays it; FFmpeg's own way takes 3 dB off.
    """
    samples, name = _samples(raw, sound)
    if sound.channels == 1:
        samples = np.repeat(samples, 2)
    frame = AudioFrame.from_ndarray(samples.reshape(1, -1), name, "stereo")
    frame.sample_rate = sound.rate_hz
    return frame


def _samples(raw: bytes, sound: Sound) -> tuple[NDArray[Any], str]:
    if sound.bits == 32:
        return np.nan_to_num(np.frombuffer(raw, np.float32), posinf=1.0, neginf=-1.0), "flt"
    if sound.bits == 16:
        words = np.frombuffer(raw, np.uint16)
        return (words if sound.signed else words ^ np.uint16(0x8000)).view(np.int16), "s16"
    octets = np.frombuffer(raw, np.uint8)
    return (octets ^ np.uint8(0x80) if sound.signed else octets), "u8"


def frame_bytes(sound: Sound) -> int:
    """Return the size of one sample of all channels."""
    return sound.channels * sound.bits // 8


def silence(size_bytes: int, sound: Sound) -> bytes:
    """Return so much silence in a format; unsigned samples rest in the middle."""
    if sound.signed or sound.bits == 32:
        return bytes(size_bytes)
    return b"\x80" * size_bytes if sound.bits == 8 else b"\x00\x80" * (size_bytes // 2)
