"""Which part of the screen the player sees: the largest window that is shown, as there is no window manager. Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from render_node.title.native.x11_messages import Event, EventCode
from wire.limits import PICTURE_MIN_PX


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of the screen, in pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def area(self) -> int:
        """Pixels in it."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class _Window:
    place: Rectangle
    shown: bool = False
    aside: bool = False
    """A menu or a hint, which wants no keyboard (override-redirect)."""


class Stage:
    """Knows all top-level windows from the events about them."""

    def __init__(self, screen: tuple[int, int]) -> None:
        self._screen = screen
        self._windows: dict[int, _Window] = {}

    def take(self, event: Event) -> None:
        """Take one event; those about other things change nothing."""
        match event.code:
            case EventCode.CREATE:
                window, x, y, width, height, aside = struct.unpack_from("<8xIhhHHxxB", event.data)
                self._windows[window] = _Window(Rectangle(x, y, width, height), aside=bool(aside))
            case EventCode.CONFIGURE:
                window, x, y, width, height = struct.unpack_from("<8xI4xhhHH", event.data)
                self._change(window, place=Rectangle(x, y, width, height))
            case EventCode.MAP | EventCode.UNMAP:
                (window,) = struct.unpack_from("<8xI", event.data)
                self._change(window, shown=event.code == EventCode.MAP)
            case EventCode.DESTROY:
                self._windows.pop(struct.unpack_from("<8xI", event.data)[0], None)

    def _change(self, window: int, *, place: Rectangle | None = None, shown: bool | None = None) -> None:
        known = self._windows.get(window)
        if known is not None:
            # The newest change last: of equal windows the one that came up last is on top.
            del self._windows[window]
            self._windows[window] = replace(
                known, place=place or known.place, shown=known.shown if shown is None else shown
            )

    @property
    def place(self) -> Rectangle | None:
        """What the player sees; None while nothing is shown that is large enough for a picture."""
        places = [self._on_screen(window.place) for window in self._windows.values() if window.shown]
        fitting = [place for place in places if min(place.width, place.height) >= PICTURE_MIN_PX]
        return max(reversed(fitting), key=lambda place: place.area, default=None)

    @property
    def focus(self) -> int | None:
        """The window that the keyboard belongs to."""
        shown = [number for number, window in self._windows.items() if window.shown and not window.aside]
        return max(reversed(shown), key=lambda number: self._windows[number].place.area, default=None)

    def _on_screen(self, place: Rectangle) -> Rectangle:
        x, y = max(place.x, 0), max(place.y, 0)
        right, bottom = min(place.x + place.width, self._screen[0]), min(place.y + place.height, self._screen[1])
        return Rectangle(x, y, max(right - x, 0), max(bottom - y, 0))
