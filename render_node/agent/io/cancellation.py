"""Whether the task that runs should end, for loops that live through the failures of what they run."""

from __future__ import annotations

import asyncio


def is_cancelled() -> bool:
    """Tell whether the running task was asked to end, even if another error has taken the cancellation's place."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
