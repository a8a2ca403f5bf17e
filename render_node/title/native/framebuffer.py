"""The X server's screen as a mapped file (``-fbdir``): an X window dump whose pixels change as programs draw.

Source: XWDFile.h, X window dump version 7.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from render_node.title.native.stage import Rectangle

_HEADER = struct.Struct(">25I")
_HEADER_SIZE, _VERSION, _WIDTH, _HEIGHT, _BITS, _ROW_BYTES, _COLOURS = 0, 1, 4, 5, 11, 12, 19
_XWD_VERSION = 7
_COLOUR_BYTES = 12


class BadScreen(Exception):
    """The file is no screen of 32-bit pixels."""


def pixels_in(dump: bytes | mmap.mmap) -> NDArray[np.uint32]:
    """Return ``(height, width)`` BGRX pixels, a view of the dump.

    Raises:
        BadScreen: it is another kind of dump.
    """
    if len(dump) < _HEADER.size:
        raise BadScreen("the screen's file is cut short")
    fields = _HEADER.unpack_from(dump)
    width, height, row_bytes = fields[_WIDTH], fields[_HEIGHT], fields[_ROW_BYTES]
    offset = fields[_HEADER_SIZE] + fields[_COLOURS] * _COLOUR_BYTES
    if fields[_VERSION] != _XWD_VERSION or fields[_BITS] != 32 or row_bytes % 4 or row_bytes < width * 4:
        raise BadScreen(f"a screen of {fields[_BITS]} bits a pixel in format {fields[_VERSION]}")
    if len(dump) < offset + row_bytes * height:
        raise BadScreen("the screen's file is cut short")
    rows = np.frombuffer(dump, np.uint32, row_bytes // 4 * height, offset)
    return rows.reshape(height, row_bytes // 4)[:, :width]


class Framebuffer:
    """Owns the mapping until the process ends."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        self._pixels = pixels_in(self._map)

    def copy(self, place: Rectangle) -> NDArray[np.uint32]:
        """Return a part of the screen as ``(height, width)`` BGRX pixels, a copy."""
        part = self._pixels[place.y : place.y + place.height, place.x : place.x + place.width]
        return np.array(part, order="C", copy=True)
