"""``pygame.time.Clock`` with exact pacing: pygame's own counts whole milliseconds, so 60 fps become 62.5."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from types import ModuleType

from render_node.title.pacing import Pacer, Phase
from render_node.title.pygame_hooks.hooking import replace

FPS_WINDOW = 10
"""Ticks over which ``get_fps`` averages, as in pygame."""


class ClockHook:
    """Answers for ``pygame.time.Clock``; ``on_tick`` runs at the end of every tick."""

    def __init__(self, pygame: ModuleType, phase: Phase, on_tick: Callable[[], None]) -> None:
        self._pygame = pygame
        self._phase = phase
        self._on_tick = on_tick

    def install(self) -> None:
        """Replace the class."""
        phase, on_tick = self._phase, self._on_tick

        class TitleClock(Clock):
            """The class that a title makes its clocks of."""

            def __init__(self) -> None:
                super().__init__(phase, on_tick)

        TitleClock.__name__ = TitleClock.__qualname__ = "Clock"
        replace(self._pygame.time, "Clock", TitleClock)
        replace(self._pygame.time, "ClockType", TitleClock)


class Clock:
    """As ``pygame.time.Clock``."""

    def __init__(self, phase: Phase, on_tick: Callable[[], None]) -> None:
        self._on_tick = on_tick
        self._pacer = Pacer(phase)
        self._start_ns = time.monotonic_ns()
        self._last_ns = self._start_ns
        self._time_ms = 0
        self._raw_ms = 0
        self._ticks: deque[int] = deque(maxlen=FPS_WINDOW + 1)

    def tick(self, framerate: float = 0) -> int:
        """Wait until the frame is due and return the milliseconds since the last tick."""
        now_ns = time.monotonic_ns()
        self._raw_ms = (now_ns - self._last_ns) // 1_000_000
        if framerate > 0:
            wait_ns = self._pacer.next_due_ns(now_ns, framerate) - now_ns
            if wait_ns > 0:
                time.sleep(wait_ns / 1e9)
        self._on_tick()
        now_ns = time.monotonic_ns()
        elapsed_ms = (now_ns - self._start_ns) // 1_000_000 - (self._last_ns - self._start_ns) // 1_000_000
        self._last_ns, self._time_ms = now_ns, elapsed_ms
        self._ticks.append(now_ns)
        return elapsed_ms

    def tick_busy_loop(self, framerate: float = 0) -> int:
        """As ``tick``, which is exact without burning the time."""
        return self.tick(framerate)

    def get_time(self) -> int:
        """Return the milliseconds between the last two ticks."""
        return self._time_ms

    def get_rawtime(self) -> int:
        """Return the milliseconds that the last frame took before it waited."""
        return self._raw_ms

    def get_fps(self) -> float:
        """Return the average frame rate of the last ticks."""
        if len(self._ticks) <= FPS_WINDOW:
            return 0.0
        return FPS_WINDOW * 1e9 / (self._ticks[-1] - self._ticks[0])
