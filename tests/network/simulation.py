"""Virtual time, and one direction of a link in it: seeded, without sockets, minutes in seconds."""

from __future__ import annotations

import dataclasses
import heapq
import random
from collections.abc import Callable
from typing import Any

from tests.network.link_model import LinkConfig, LinkModel, Passage


class Simulation:
    """One run from virtual time 0; times are integer microseconds.

    Args:
        config: The link; whoever sends shares its queue.
        seed: Of all chance.
    """

    def __init__(self, config: LinkConfig, seed: int) -> None:
        self.config = config
        self.random = random.Random(seed)
        self.now_us = 0
        self._link = LinkModel(config, seed)
        self._events: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0

    def at(self, when_us: int, call: Callable[..., object], *args: Any) -> None:
        """Call then; calls of one moment come in the order in which they were asked for."""
        self._count += 1
        heapq.heappush(self._events, (max(when_us, self.now_us), self._count, call, args))

    def change(self, when_us: int, **values: Any) -> None:
        """Let the link have other values from then on; what is queued goes as it would have."""
        self.at(when_us, self._change, values)

    def run(self, until_us: int) -> None:
        """Let time pass until just before then."""
        while self._events and self._events[0][0] < until_us:
            self.now_us, _, call, args = heapq.heappop(self._events)
            call(*args)
        self.now_us = until_us

    def send(self, size_bytes: int, arrived: Callable[..., object], *args: Any) -> Passage:
        """Put a packet on the link; ``arrived`` is called if and when it comes out at the other end."""
        passage = self._link.offer(size_bytes, self.now_us)
        if passage.deliver_us is not None:
            self.at(passage.deliver_us, arrived, *args)
        return passage

    def _change(self, values: dict[str, Any]) -> None:
        self.config = dataclasses.replace(self.config, **values)
        self._link.reshape(self.config, self.now_us)
