"""Shows a title's pictures: into the frame ring, then word to the worker; none twice, and none too soon.

Of pictures in quick succession the newest is what counts: one that comes too soon after others is put off, and the
next one takes its place. A picture that is shown already costs nobody anything.
"""

from __future__ import annotations

import time

from render_node.title.pacing import Allowance
from render_node.title.picture_fit import fit, scaled
from render_node.title.ring_writer import RingWriter
from render_node.title.worker_link import WorkerLink
from wire.title_ipc import Frame

FRAMES_PER_S = 240
"""Pictures beyond this rate become fewer: titles update by many small rectangles, or run without a clock."""

FRAMES_BURST = 16
"""Pictures in quick succession that are all shown at once."""


class PictureSender:
    """The one way by which pictures leave a title's process."""

    def __init__(self, link: WorkerLink, ring: RingWriter) -> None:
        self._link = link
        self._ring = ring
        self._allowance = Allowance(FRAMES_PER_S, FRAMES_BURST)
        self._owed: Frame | None = None
        self._shown_size = (0, 0)
        self.pictures = 0
        """Pictures that the title has made so far."""

    def show(self, pixels: memoryview, size: tuple[int, int], *, input_seq: int) -> None:
        """Copy a picture and show it, unless it is the one that is shown; one that the ring does not take is scaled.

        Args:
            pixels: BGRX rows of ``width * 4`` bytes, writable memory; copied before this returns.
            size: Width and height in pixels, each at least 1.
            input_seq: Newest event that the title had applied.
        """
        now_ns = time.monotonic_ns()
        self.pictures += 1
        fitting = fit(size, (self._ring.layout.max_width, self._ring.layout.max_height))
        if fitting != size:
            pixels, size = scaled(pixels, size, fitting), fitting
        if self._shown_size == size and self._ring.shows(pixels):
            self._owed = None
            return
        slot = self._ring.write(pixels)
        frame = Frame(slot, *size, self.pictures, input_seq, now_ns)
        if self._allowance.take(now_ns):
            self._send(frame)
        else:
            self._owed = frame

    def pay(self) -> None:
        """Show a picture that was put off; called from time to time."""
        if self._owed is not None and self._allowance.take(time.monotonic_ns()):
            self._send(self._owed)

    def _send(self, frame: Frame) -> None:
        self._ring.publish(frame.slot)
        if self._link.send(frame):
            self._owed = None
            self._shown_size = frame.width, frame.height
        else:
            # The worker's socket is full: a title that stands still from now on must show this one later.
            self._owed = frame
            self._shown_size = (0, 0)
