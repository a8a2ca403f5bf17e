"""Wait for something to become true, by polling up to a deadline."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

TIME_FACTOR = float(os.environ.get("TEST_TIME_FACTOR", "1"))
"""Slower machines stretch every time by this, those that are promised too."""

PATIENCE = 3.0
"""So much longer than on a quiet machine may what must happen take: such a wait costs nothing when all is well, and
machines that run tests are busy. What is promised within a time has none of it."""

POLL_S = 0.05

Value = TypeVar("Value")


def patient(within_s: float) -> float:
    """Return how long to wait for what must happen, and takes so long at most on a quiet machine."""
    return within_s * TIME_FACTOR * PATIENCE


async def until(
    check: Callable[[], Awaitable[Value | None]], within_s: float, what: str, *, promised: bool = False
) -> Value:
    """Return the first truthy result of ``check``.

    Args:
        check: Looks.
        within_s: How long it takes at most on a quiet machine.
        what: What is waited for, in words.
        promised: Whether people are promised that it takes no longer: then it must not, on a busy machine either.

    Raises:
        AssertionError: if there is none within the time; names ``what`` and the last result.
    """
    wait_s = within_s * TIME_FACTOR if promised else patient(within_s)
    deadline = time.monotonic() + wait_s
    while True:
        value = await check()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {wait_s:g} s; the last look gave {value!r}")
        await asyncio.sleep(POLL_S)
