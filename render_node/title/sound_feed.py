"""Writes a title's blocks of sound into the worker's pipe, whose reader is the clock.

A full pipe blocks, so a thread of its own writes. What a title makes ahead of the reader is latency: beyond a bound
the oldest of it is left out.
"""

from __future__ import annotations

import os
import threading
from collections import deque

from render_node.title.worker_link import WorkerLink
from wire.title_ipc import Sound

AHEAD_MAX_S = 0.05
"""Sound that may wait beside the pipe, which itself holds 21 ms of stereo at 48 kHz."""


class SoundFeed:
    """Owns the thread, which ends with the pipe or the process."""

    def __init__(self, sound_fd: int, link: WorkerLink, rate_hz: int) -> None:
        """Tell the worker the format, signed 16-bit stereo at ``rate_hz``, and begin."""
        self._link = link
        self._fd = sound_fd
        self._told_hz = 0
        self._blocks: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self.set_rate(rate_hz)
        threading.Thread(target=self._write, name="sound", daemon=True).start()

    def set_rate(self, rate_hz: int) -> None:
        """Tell the worker that blocks are at ``rate_hz`` from now on, unless it has been told."""
        if rate_hz == self._told_hz:
            return
        self._ahead_max_bytes = int(AHEAD_MAX_S * rate_hz) * 4
        if self._link.send(Sound(rate_hz, channels=2, signed=True, bits=16)):
            self._told_hz = rate_hz

    def play(self, block: bytes) -> None:
        """Hand over whole frames of signed 16-bit stereo; never blocks."""
        if not block:
            return
        with self._changed:
            self._blocks.append(block)
            self._waiting_bytes += len(block)
            while self._waiting_bytes > self._ahead_max_bytes and len(self._blocks) > 1:
                self._waiting_bytes -= len(self._blocks.popleft())
            self._changed.notify()

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._blocks:
                    self._changed.wait()
                block = self._blocks.popleft()
                self._waiting_bytes -= len(block)
            try:
                while block:
                    block = block[os.write(self._fd, block) :]
            except BrokenPipeError:
                return
