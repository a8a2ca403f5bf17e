"""The clock of everything in a session: microseconds that only go forward."""

from __future__ import annotations

import time


def now_us() -> int:
    """Return the monotonic clock."""
    return time.monotonic_ns() // 1000


def unix_offset_us() -> int:
    """Return what to add to the monotonic clock for Unix time, as of now."""
    return time.time_ns() // 1000 - now_us()
