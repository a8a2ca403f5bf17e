"""The title's cursor: its shape, whether it shows, and whether the title wants the pointer locked."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from render_node.title.pygame_hooks.hooking import replace
from render_node.title.worker_link import WorkerLink
from wire.frame_story import Cursor
from wire.limits import CURSOR_MAX_PX

Image = tuple[int, int, int, int, bytes]
"""Width, height, hot spot and RGBA rows."""


class CursorHook:
    """Tells the page about ``mouse.set_visible``, ``set_cursor``, ``event.set_grab`` and relative mode."""

    def __init__(self, pygame: ModuleType, link: WorkerLink) -> None:
        self._pygame = pygame
        self._link = link
        self._visible = True
        self._grabbed = False
        self._relative = False
        self._cursor = pygame.cursors.Cursor(pygame.SYSTEM_CURSOR_ARROW)

    def install(self) -> None:
        """Replace the functions; SDL's dummy driver has no cursors, so what is set is remembered here."""
        mouse, event = self._pygame.mouse, self._pygame.event
        self._set_visible = replace(mouse, "set_visible", self._on_visible)
        replace(mouse, "get_visible", lambda: self._visible)
        replace(mouse, "set_cursor", self._on_cursor)
        replace(mouse, "get_cursor", lambda: self._cursor)
        replace(mouse, "set_relative_mode", self._on_relative)
        replace(mouse, "get_relative_mode", lambda: self._relative)
        replace(event, "set_grab", self._on_grab)
        replace(event, "get_grab", lambda: self._grabbed)

    def _on_visible(self, value: Any) -> bool:
        before, self._visible = self._visible, bool(value)
        self._set_visible(value)
        self._tell()
        return before

    def _on_grab(self, grab: Any) -> None:
        self._grabbed = bool(grab)
        self._tell()

    def _on_relative(self, enable: Any) -> None:
        self._relative = bool(enable)
        self._tell()

    def _on_cursor(self, *arguments: Any) -> None:
        self._cursor = self._pygame.cursors.Cursor(*arguments)
        image = self._image(self._cursor)
        if image is not None:
            self._tell(image)

    def _tell(self, image: Image = (0, 0, 0, 0, b"")) -> None:
        relative = self._relative or (self._grabbed and not self._visible)
        self._link.send(Cursor(self._visible, relative, *image))

    def _image(self, cursor: Any) -> Image | None:
        kind = getattr(cursor, "type", "system")
        if kind == "color":
            (hot_x, hot_y), surface = cursor.data
            return self._of_surface(surface, hot_x, hot_y)
        if kind == "bitmap":
            return self._of_bitmap(*cursor.data)
        if cursor.data[0] == self._pygame.SYSTEM_CURSOR_ARROW:
            return self._of_bitmap(*self._pygame.cursors.arrow.data)
        return None

    def _of_surface(self, surface: Any, hot_x: int, hot_y: int) -> Image:
        width, height = surface.get_size()
        largest = max(width, height)
        if largest > CURSOR_MAX_PX:
            size = (max(width * CURSOR_MAX_PX // largest, 1), max(height * CURSOR_MAX_PX // largest, 1))
            hot_x, hot_y = hot_x * CURSOR_MAX_PX // largest, hot_y * CURSOR_MAX_PX // largest
            surface, (width, height) = self._pygame.transform.scale(surface, size), size
        hot_x, hot_y = min(max(hot_x, 0), width - 1), min(max(hot_y, 0), height - 1)
        return width, height, hot_x, hot_y, self._pygame.image.tostring(surface, "RGBA")

    def _of_bitmap(self, size: Any, hot: Any, xor_masks: Any, and_masks: Any) -> Image:
        pixels = bitmap_to_rgba(size, xor_masks, and_masks)
        return self._of_surface(self._pygame.image.frombuffer(pixels, size, "RGBA"), *hot)


def bitmap_to_rgba(size: tuple[int, int], xor_masks: Any, and_masks: Any) -> bytes:
    """Return a two-colour cursor as RGBA: mask bit set is solid, data bit set is black and otherwise white.

    Args:
        size: Width (a multiple of 8) and height.
        xor_masks: Data bytes, a bit per pixel, most significant first.
        and_masks: Mask bytes likewise.
    """
    rgba = bytearray()
    for index in range(size[0] * size[1]):
        bit = 0x80 >> index % 8
        data, mask = xor_masks[index // 8] & bit, and_masks[index // 8] & bit
        shade = 0 if data else 255
        rgba += bytes([shade, shade, shade, 255 if data or mask else 0])
    return bytes(rgba)
