"""The keyboard that a title sees: KEYDOWN, KEYUP, key repeat, ``key.get_pressed`` and modifiers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from render_node.title.held import Held
from render_node.title.pygame_hooks.hooking import post, replace
from render_node.title.pygame_hooks.keymap import LOCK_OF, MODIFIER_OF, SCANCODES, key_code, key_text
from wire.input_events import Key


class KeyRepeat:
    """When a held key repeats, as ``pygame.key.set_repeat`` asks. Pure; times in milliseconds."""

    def __init__(self) -> None:
        self.delay_ms = 0
        self.interval_ms = 0
        self._usage: int | None = None
        self._next_ms = 0

    def pressed(self, usage: int, now_ms: int) -> None:
        """A key went down: it is the one that repeats from now on."""
        self._usage, self._next_ms = usage, now_ms + self.delay_ms

    def released(self, usage: int) -> None:
        """A key went up."""
        if usage == self._usage:
            self._usage = None

    def due(self, now_ms: int) -> int | None:
        """Return the key that repeats now, at most once per call however late the title is."""
        if self._usage is None or not self.delay_ms or now_ms < self._next_ms:
            return None
        self._next_ms = now_ms + max(self.interval_ms, 1)
        return self._usage


class KeyboardHook:
    """Applies ``Key`` events and answers for ``pygame.key``."""

    def __init__(self, pygame: ModuleType) -> None:
        self._pygame = pygame
        self._held = Held()
        self._locks = 0
        self._forced_mods: int | None = None
        self._repeat = KeyRepeat()

    def install(self) -> None:
        """Replace what ``pygame.key`` asks SDL, whose own keyboard never moves."""
        key = self._pygame.key
        replace(key, "get_pressed", lambda: self._wrap(self._held.down))
        replace(key, "get_just_pressed", lambda: self._wrap(self._held.just_pressed))
        replace(key, "get_just_released", lambda: self._wrap(self._held.just_released))
        replace(key, "get_mods", self.mods)
        replace(key, "set_mods", self._set_mods)
        replace(key, "get_focused", lambda: True)
        replace(key, "set_repeat", self._set_repeat)
        replace(key, "get_repeat", lambda: (self._repeat.delay_ms, self._repeat.interval_ms))

    def begin_step(self) -> None:
        """The title has drawn a frame."""
        self._held.begin_step()

    def apply(self, key: Key, text: str | None, now_ms: int) -> None:
        """Take one edge.

        Args:
            key: The edge.
            text: What the player's own layout makes of this press, where the page said so.
            now_ms: Monotonic milliseconds.
        """
        if key.down:
            if self._held.press(key.usage):
                self._locks ^= LOCK_OF.get(key.usage, 0)
                self._forced_mods = None
                self._repeat.pressed(key.usage, now_ms)
                self._post_down(key.usage, text)
        elif self._held.release(key.usage):
            self._forced_mods = None
            self._repeat.released(key.usage)
            self._post(self._pygame.KEYUP, key.usage, key_text(key.usage, self.mods()))

    def release_all(self) -> None:
        """The player's page lost focus."""
        for usage in sorted(self._held.physically_down):
            self.apply(Key(usage, False), None, 0)

    def post_repeat(self, now_ms: int) -> None:
        """Post a KEYDOWN if a held key repeats now."""
        usage = self._repeat.due(now_ms)
        if usage is not None:
            self._post_down(usage, None)

    def mods(self) -> int:
        """Return pygame's modifier bits."""
        if self._forced_mods is not None:
            return self._forced_mods
        mods = self._locks
        for usage in self._held.physically_down:
            mods |= MODIFIER_OF.get(usage, 0)
        return mods

    def _post_down(self, usage: int, text: str | None) -> None:
        self._post(self._pygame.KEYDOWN, usage, key_text(usage, self.mods()) if text is None else text)

    def _post(self, kind: int, usage: int, text: str) -> None:
        post(self._pygame, kind, key=key_code(usage), mod=self.mods(), unicode=text, scancode=usage, window=None)

    def _wrap(self, usages: set[int]) -> Any:
        return self._pygame.key.ScancodeWrapper([code in usages for code in range(SCANCODES)])

    def _set_mods(self, mods: int) -> None:
        self._forced_mods = mods

    def _set_repeat(self, delay: int = 0, interval: int = 0) -> None:
        if delay < 0 or interval < 0:
            raise ValueError("delay and interval must equal at least 0")
        self._repeat.delay_ms, self._repeat.interval_ms = delay, interval or delay
