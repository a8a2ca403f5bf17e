"""The pointer that the page draws: from X's picture of it. Pure."""

from __future__ import annotations

import numpy as np

from render_node.title.native.x11_messages import CursorImage
from wire.frame_story import Cursor
from wire.limits import CURSOR_MAX_PX


def cursor_story(image: CursorImage) -> Cursor:
    """Return what to tell the page.

    A program that hides the pointer looks around with the mouse or draws a pointer of its own, and both work with
    movement alone: so the page then locks the mouse.
    """
    pixels = np.frombuffer(image.argb, np.uint8).reshape(image.height, image.width, 4)
    if not pixels[:, :, 3].any():
        return Cursor(False, True, 0, 0, 0, 0, b"")
    pixels = pixels[:CURSOR_MAX_PX, :CURSOR_MAX_PX]
    height, width = pixels.shape[:2]
    opacity = pixels[:, :, 3:].astype(np.uint16)
    colours = np.minimum(pixels[:, :, 2::-1].astype(np.uint16) * 255 // np.maximum(opacity, 1), 255)
    rgba = np.concatenate((colours, opacity), axis=2).astype(np.uint8)
    hot_x, hot_y = min(image.hot_x, width - 1), min(image.hot_y, height - 1)
    return Cursor(True, False, width, height, hot_x, hot_y, rgba.tobytes())
