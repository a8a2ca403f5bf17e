"""What is held down, such that a press shorter than a frame is still seen. Pure."""

from __future__ import annotations


class Held:
    """Codes (keys, mouse or pad buttons) that are down.

    A code released in the same step that pressed it counts as down until the next step begins, because a title that
    only asks "is it down?" once a frame would otherwise never see it.
    """

    def __init__(self) -> None:
        self._down: set[int] = set()
        self._lingering: set[int] = set()
        self._pressed: set[int] = set()
        self._released: set[int] = set()

    def begin_step(self) -> None:
        """Start a step: the title has drawn a frame with what was held before."""
        self._lingering.clear()
        self._pressed.clear()
        self._released.clear()

    def press(self, code: int) -> bool:
        """Take a press; return False if the code was down already."""
        if code in self._down:
            return False
        self._down.add(code)
        self._pressed.add(code)
        return True

    def release(self, code: int) -> bool:
        """Take a release; return False if the code was not down."""
        if code not in self._down:
            return False
        self._down.remove(code)
        self._released.add(code)
        if code in self._pressed:
            self._lingering.add(code)
        return True

    def is_down(self, code: int) -> bool:
        """Return whether the title shall see the code as down."""
        return code in self._down or code in self._lingering

    @property
    def down(self) -> set[int]:
        """All that the title shall see as down; a new set."""
        return self._down | self._lingering

    @property
    def physically_down(self) -> set[int]:
        """All whose release has not come yet; a new set."""
        return set(self._down)

    @property
    def just_pressed(self) -> set[int]:
        """Pressed in this step; a new set."""
        return set(self._pressed)

    @property
    def just_released(self) -> set[int]:
        """Released in this step; a new set."""
        return set(self._released)
