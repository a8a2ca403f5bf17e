"""The tail of what a title prints, read without letting a talkative title cost the worker much."""

from __future__ import annotations

import asyncio
import os
import re

from wire.limits import TITLE_LAST_WORDS_BYTES

CHUNK_BYTES = 64 * 1024
PAUSE_S = 0.02
"""Pause after each read: a title that prints without end wakes the worker 50 times a second and gets at most 3 MB/s;
its own prints then block."""

NOISE = re.compile(
    r"^CRITICAL: (You are using the SDL disk i/o audio driver!|\s*Writing to file \[/proc/self/fd/\d+\]\.?)\n?", re.M
)
"""What SDL prints of the way in which the launcher takes the sound."""


class LastWords:
    """Owns the read end of the title's output pipe until ``close``."""

    def __init__(self, output_fd: int, loop: asyncio.AbstractEventLoop) -> None:
        self._fd = output_fd
        self._loop = loop
        self._tail = bytearray()
        self._pause: asyncio.TimerHandle | None = None
        os.set_blocking(output_fd, False)
        self._listen()

    def text(self) -> str:
        """Return at most the last 64 KiB, without SDL's own remarks and with what is not UTF-8 replaced."""
        return NOISE.sub("", self._tail.decode(errors="replace"))

    def drain(self) -> None:
        """Read what is left now that nobody writes any more, at most one pipe's worth."""
        if self._fd >= 0:
            self._read()

    def close(self) -> None:
        """Stop reading; the text stays."""
        if self._pause is not None:
            self._pause.cancel()
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _listen(self) -> None:
        self._pause = None
        self._loop.add_reader(self._fd, self._readable)

    def _readable(self) -> None:
        self._loop.remove_reader(self._fd)
        if self._read():
            self._pause = self._loop.call_later(PAUSE_S, self._listen)

    def _read(self) -> int:
        """Read once; return how much, 0 at the end of the pipe, -1 if nothing waits."""
        try:
            data = os.read(self._fd, CHUNK_BYTES)
        except BlockingIOError:
            return -1
        self._tail += data
        del self._tail[:-TITLE_LAST_WORDS_BYTES]
        return len(data)
