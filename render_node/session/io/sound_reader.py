"""Reads a title's sound pipe every 10 ms, which is what paces the title's mixer, and hands out Opus packets.

The pipe is always drained, with or without a listener, because a mixer that cannot write stops the title when it
quits. What the title did not write in time is silence.
"""

from __future__ import annotations

import array
import asyncio
import fcntl
import os
import termios
from collections.abc import Callable

from render_node.session.core.sound_clock import BlockSizes, SoundClock
from render_node.session.io import monotonic
from render_node.session.io.sound_encoder import PACKET_FRAMES, SoundEncoder, frame_bytes, silence
from render_node.session.media import OpusPacket
from wire.title_ipc import Sound

UNKNOWN = Sound(rate_hz=48_000, channels=2, signed=True, bits=16)
"""Pace at which a pipe is drained whose format the title has not told yet."""

TOP_UP_S = 0.002
"""How long a block waits for the rest of it from a mixer that was late."""


class SoundReader:
    """Runs on the loop; a block takes 0.2 ms. Owns a duplicate of the descriptor until ``close``."""

    def __init__(self, fd: int, *, on_packet: Callable[[OpusPacket], None], loop: asyncio.AbstractEventLoop) -> None:
        """Begin to drain.

        Args:
            fd: Read end of the pipe; duplicated, stays the caller's.
            on_packet: Takes each 10 ms packet, from the time on when a format is known.
            loop: Where everything runs.
        """
        self._fd = os.dup(fd)
        os.set_blocking(self._fd, False)
        self._on_packet = on_packet
        self._loop = loop
        self._encoder = SoundEncoder()
        self._clock = SoundClock(monotonic.now_us())
        self._rtp_ts = 0
        self._writes = False
        self._unread = array.array("i", [0])
        self.underruns = 0
        """Blocks that were not whole when they were due."""
        self._use(UNKNOWN, known=False)
        self._timer = loop.call_later(self._clock.wait_us(monotonic.now_us()) / 1e6, self._begin_block)

    def set_format(self, sound: Sound) -> None:
        """Take over the format of what the pipe holds."""
        if not self._known or sound != self._format:
            self._use(sound, known=True)

    async def close(self) -> None:
        """Stop reading."""
        self._timer.cancel()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _use(self, sound: Sound, *, known: bool) -> None:
        self._format, self._known = sound, known
        self._sizes = BlockSizes(sound.rate_hz, frame_bytes(sound))
        self._raw = bytearray()
        self._size = 0

    def _begin_block(self) -> None:
        self._rtp_ts += self._clock.begin_block(monotonic.now_us()) * PACKET_FRAMES
        self._size = self._sizes.next_bytes()
        self._fill()
        # Where nobody writes, nobody is waited for.
        if len(self._raw) < self._size and (self._writes or self._raw):
            self._timer = self._loop.call_later(TOP_UP_S, self._top_up)
        else:
            self._end_block()

    def _top_up(self) -> None:
        self._fill()
        self._end_block()

    def _end_block(self) -> None:
        whole = len(self._raw) - len(self._raw) % frame_bytes(self._format)
        raw = bytes(self._raw[: min(whole, self._size)])
        del self._raw[: len(raw)]
        self._writes = bool(raw)
        self._timer = self._loop.call_later(self._clock.wait_us(monotonic.now_us()) / 1e6, self._begin_block)
        if self._known:
            self._encode(raw, self._size - len(raw))
        self._read_ahead()

    def _encode(self, raw: bytes, missing: int) -> None:
        self.underruns += missing > 0
        for payload in self._encoder.encode(raw + silence(missing, self._format), self._format):
            self._on_packet(OpusPacket(self._rtp_ts % 2**32, payload))
            self._rtp_ts += PACKET_FRAMES

    def _read_ahead(self) -> None:
        """Empty a pipe with less than a block in it: the mixer, which can write to an empty page alone, has 10 ms."""
        fcntl.ioctl(self._fd, termios.FIONREAD, self._unread)
        if self._unread[0] < self._size:
            self._raw += self._read(self._size)

    def _fill(self) -> None:
        self._raw += self._read(max(self._size - len(self._raw), 0))

    def _read(self, size: int) -> bytes:
        try:
            return os.read(self._fd, size)
        except BlockingIOError:
            return b""
