"""The worker's end of the frame ring: a sealed memfd that the title draws into (layout: ``wire.title_ipc``).

The seals keep the title from shrinking it, which would kill the reader with SIGBUS. Geometry comes from the worker's
own layout; the one number that the worker writes into the shared page is never read back.
"""

from __future__ import annotations

import fcntl
import mmap
import os

from wire.title_ipc import NOT_READING, RingLayout

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class FrameRing:
    """Owns the memfd and its mapping until ``close``."""

    def __init__(self, layout: RingLayout) -> None:
        self.layout = layout
        self.fd = os.memfd_create("farplay-frames", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.fd, layout.total_bytes)
            fcntl.fcntl(self.fd, fcntl.F_ADD_SEALS, _SEALS)
            self._map = mmap.mmap(self.fd, layout.total_bytes)
        except OSError:
            os.close(self.fd)
            raise
        self._bytes = memoryview(self._map)
        self._control = self._bytes[:4].cast("I")
        self.mark_reading(None)

    def mark_reading(self, slot: int | None) -> None:
        """Ask the title to keep away from a slot, or from none."""
        self._control[0] = NOT_READING if slot is None else slot

    def pixels(self, slot: int, width: int, height: int) -> memoryview:
        """Return a picture's rows, read-only; the title may still write to them at any time.

        Args:
            slot: Checked against the layout, like width and height.
            width: Pixels.
            height: Pixels.
        """
        offset = self.layout.slot_offset(slot)
        return self._bytes[offset : offset + width * height * 4].toreadonly()

    def close(self) -> None:
        """Close descriptor and mapping; views that are still borrowed keep the mapping until they go."""
        if self.fd < 0:
            return
        os.close(self.fd)
        self.fd = -1
        self._control.release()
        self._bytes.release()
        try:
            self._map.close()
        except BufferError:
            return  # a converter still reads a slot; the mapping goes with its last view
