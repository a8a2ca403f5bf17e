"""The broker's two clocks: monotonic seconds for deadlines, wall milliseconds for what is stored."""

from __future__ import annotations

import time


def monotonic_s() -> float:
    """Return monotonic seconds."""
    return time.monotonic()


def wall_ms() -> int:
    """Return milliseconds since 1970 in UTC."""
    return time.time_ns() // 1_000_000
