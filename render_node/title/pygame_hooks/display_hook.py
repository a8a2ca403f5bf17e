"""The title's screen: every flip shows the display surface."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from render_node.title.pacing import Pacer, Phase
from render_node.title.picture_sender import PictureSender
from render_node.title.pygame_hooks.hooking import replace

BGRX_MASKS = (0xFF0000, 0xFF00, 0xFF, 0)


class DisplayHook:
    """Answers for ``pygame.display``; the picture's default size stands for the desktop."""

    def __init__(
        self,
        pygame: ModuleType,
        pictures: PictureSender,
        desktop_size: tuple[int, int],
        fps: int,
        phase: Phase,
        *,
        seen_input_seq: Callable[[], int],
    ) -> None:
        """Arguments: ``fps`` paces flips that ask for vsync; ``seen_input_seq`` is the newest event taken in."""
        self._pygame = pygame
        self._pictures = pictures
        self._desktop_size = desktop_size
        self._fps = fps
        self._phase = phase
        self._seen_input_seq = seen_input_seq
        self._size = desktop_size
        self._vsync: Pacer | None = None

    def install(self) -> None:
        """Replace the functions."""
        display = self._pygame.display
        self._set_mode = replace(display, "set_mode", self._on_set_mode)
        self._flip = replace(display, "flip", self._on_flip)
        self._update = replace(display, "update", self._on_update)
        self._info = replace(display, "Info", self._on_info)
        replace(display, "toggle_fullscreen", lambda: 1)
        replace(display, "get_desktop_sizes", lambda: [self._desktop_size])
        replace(display, "list_modes", lambda depth=0, flags=0, display=0: [self._desktop_size])
        replace(display, "get_active", lambda: bool(display.get_init()))

    def picture_size(self) -> tuple[int, int]:
        """Return the display surface's size, in whose pixels the title counts the mouse."""
        return self._size

    def _on_set_mode(
        self, size: Any = (0, 0), flags: int = 0, depth: int = 0, display: int = 0, vsync: int = 0
    ) -> Any:
        width, height = size or (0, 0)
        wanted = (int(width) or self._desktop_size[0], int(height) or self._desktop_size[1])
        windowed = flags & ~(self._pygame.FULLSCREEN | self._pygame.SCALED)
        surface = self._set_mode(wanted, windowed, depth)
        self._size = surface.get_size()
        self._vsync = Pacer(self._phase) if vsync else None
        return surface

    def _on_flip(self) -> None:
        self._flip()
        self._flipped()

    def _on_update(self, *rectangles: Any) -> None:
        self._update(*rectangles)
        self._flipped()

    def _flipped(self) -> None:
        now_ns = time.monotonic_ns()
        surface = self._pygame.display.get_surface()
        if surface is not None:
            # Copied at the flip: soon afterwards the title may be drawing the next one.
            surface = self._as_bgrx(surface)
            pixels = memoryview(surface.get_view("0"))
            self._pictures.show(pixels, surface.get_size(), input_seq=self._seen_input_seq())
        if self._vsync is not None:
            wait_ns = self._vsync.next_due_ns(now_ns, self._fps) - time.monotonic_ns()
            if wait_ns > 0:
                time.sleep(wait_ns / 1e9)

    def _as_bgrx(self, surface: Any) -> Any:
        if surface.get_masks() != BGRX_MASKS or surface.get_pitch() != surface.get_width() * 4:
            staging = self._pygame.Surface(surface.get_size(), 0, 32, BGRX_MASKS)
            staging.blit(surface, (0, 0))
            surface = staging
        return surface

    def _on_info(self) -> Any:
        info = self._info()
        return info if self._pygame.display.get_surface() else DesktopInfo(info, self._desktop_size)


class DesktopInfo:
    """``pygame.display.Info()`` before a mode is set, whose size is the desktop's."""

    def __init__(self, info: Any, size: tuple[int, int]) -> None:
        self._info = info
        self.current_w, self.current_h = size

    def __getattr__(self, name: str) -> Any:
        return getattr(self._info, name)
