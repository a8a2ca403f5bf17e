"""Wait for something to become true, by polling up to a deadline."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

TIME_FACTOR = float(os.environ.get("TEST_TIME_FACTOR", "1"))
"""Slower machines stretch every wait by this."""

POLL_S = 0.05

Value = TypeVar("Value")


async def until(check: Callable[[], Awaitable[Value | None]], within_s: float, what: str) -> Value:
    """Return the first truthy result of ``check``.

    Raises:
        AssertionError: if there is none within the time; names ``what`` and the last result.
    """
    deadline = time.monotonic() + within_s * TIME_FACTOR
    while True:
        value = await check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {within_s} s; the last look gave {value!r}")
        await asyncio.sleep(POLL_S)
