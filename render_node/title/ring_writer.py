"""The title's end of the frame ring: chooses a slot that the worker is not reading and copies pixels into it."""

from __future__ import annotations

import ctypes
import mmap
from collections.abc import Sequence

from wire.title_ipc import RingLayout

_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


def choose_slot(slots: int, newest: int | None, reading: int) -> int:
    """Return the slot to draw into: never the one being read nor the newest published, else the longest unused.

    Args:
        slots: Number of slots, at least 3.
        newest: Slot of the last published frame; the worker may begin to read it at any moment.
        reading: Slot that the worker says it reads, or ``NOT_READING``.
    """
    first = 0 if newest is None else newest + 1
    return next(slot % slots for slot in range(first, first + slots) if slot % slots not in (newest, reading))


class RingWriter:
    """Maps an inherited memfd for writing."""

    def __init__(self, memory_fd: int, layout: RingLayout) -> None:
        self._layout = layout
        self._map = mmap.mmap(memory_fd, layout.total_bytes)
        self._bytes = memoryview(self._map)
        self._control: Sequence[int] = self._bytes[:4].cast("I")
        self._base = ctypes.addressof(ctypes.c_char.from_buffer(self._map))
        self._newest: int | None = None

    @property
    def layout(self) -> RingLayout:
        """Sizes of the ring."""
        return self._layout

    def write(self, pixels: memoryview) -> int:
        """Copy BGRX rows into a free slot and return the slot, which stays free until it is published."""
        slot = choose_slot(self._layout.slots, self._newest, self._control[0])
        offset = self._layout.slot_offset(slot)
        self._bytes[offset : offset + len(pixels)] = pixels
        return slot

    def shows(self, pixels: memoryview) -> bool:
        """Tell whether the published picture has these very pixels.

        0.1 ms for an equal 720p picture, next to nothing for one that differs early.
        """
        if self._newest is None:
            return False
        address = ctypes.addressof(ctypes.c_char.from_buffer(pixels))
        published = self._base + self._layout.slot_offset(self._newest)
        return bool(_memcmp(address, published, len(pixels)) == 0)

    def publish(self, slot: int) -> None:
        """The worker is about to be told of this slot."""
        self._newest = slot
