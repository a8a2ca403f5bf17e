"""Looks at a title's folders while it runs, and cuts them back to their bounds once it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from render_node.session.io.title_storage import StorageBound, cut_back, fault

INTERVAL_S = 0.5
"""How often the folders are measured."""

PAUSE = 20
"""Measuring takes at most one part in so many of a core: folders with many files are looked at less often."""


class StorageWatch:
    """Owns its task from ``start`` until ``close``."""

    def __init__(self, bounds: Sequence[StorageBound], on_fault: Callable[[str], None]) -> None:
        self._bounds = bounds
        self._on_fault = on_fault
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look; ``on_fault`` is told once, in words."""
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop, and cut back what is over its bound; the title must be gone."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await asyncio.to_thread(self._cut_back)

    async def _watch(self) -> None:
        loop, took_s = asyncio.get_running_loop(), 0.0
        while True:
            await asyncio.sleep(max(INTERVAL_S, PAUSE * took_s))
            began_s = loop.time()
            for bound in self._bounds:
                words = await asyncio.to_thread(fault, bound)
                if words is not None:
                    self._on_fault(words)
                    return
            took_s = loop.time() - began_s

    def _cut_back(self) -> None:
        for bound in self._bounds:
            if fault(bound) is not None:
                cut_back(bound)
