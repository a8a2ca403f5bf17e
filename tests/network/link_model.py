"""One direction of a link as arithmetic over arrival times: queue, rate, loss, delay and jitter.

A packet that is offered finds the queue full, or waits for those before it, goes out at the link's rate, may be lost
on its way, and arrives one delay later. Loss comes behind the queue, as on radio: what is lost has used the rate.
The same model answers for the shaper between two network namespaces and for the simulation in virtual time.
"""

from __future__ import annotations

import math
import random
from collections import deque
from dataclasses import dataclass
from enum import IntEnum

from tests.network.packet_loss import Loss, loss_process
from tests.network.rate_schedule import RateSchedule, RateStep

LINE_BPS = 1e9
"""Speed of the line behind a token bucket."""


@dataclass(frozen=True, slots=True)
class LinkConfig:
    """What one direction of a link is like."""

    delay_us: int = 0
    """From a packet's last bit on the link to its arrival."""
    jitter_us: int = 0
    """Each packet's delay is off by up to this much either way."""
    reorders: bool = False
    """Whether jitter may let a packet overtake another."""
    loss: Loss | None = None
    rates: tuple[RateStep, ...] = ()
    """Rate over time, from the moment at which this takes effect; empty for a link without limit and queue."""
    queue_us: int = 100_000
    """Drop-tail limit as time at the present rate."""
    queue_bytes: int | None = None
    """The same as bytes; counts in place of ``queue_us`` where given."""
    bucket_bytes: int = 0
    """Token bucket in place of a plain link if above 0: what it has tokens for goes at ``LINE_BPS``."""
    batch_us: int = 0
    """Packets arrive together at multiples of this, as over a radio that aggregates; 0 for one by one."""


class Fate(IntEnum):
    """What became of a packet."""

    DELIVERED = 0
    QUEUE_FULL = 1
    LOST = 2


@dataclass(frozen=True, slots=True)
class Passage:
    """One packet's way over the link."""

    fate: Fate
    waited_us: int
    """In the queue before its own first bit went out; 0 if the queue was full."""
    out_us: int | None
    """When its last bit is on the link; None if the queue was full."""
    deliver_us: int | None
    """When it arrives; None if it does not."""


class LinkModel:
    """A direction of a link; times of calls never go back.

    Args:
        config: What it is like.
        seed: Of loss and jitter, which do not influence each other.
        now_us: When it begins.
    """

    def __init__(self, config: LinkConfig, seed: int, now_us: int = 0) -> None:
        self._loss_chance = random.Random(f"loss {seed}")
        self._jitter_chance = random.Random(f"jitter {seed}")
        self._queue: deque[tuple[float, int]] = deque()
        """When each packet that is not out yet will be, and its size."""
        self._queued_bytes = 0
        self._tokens_bytes = float(config.bucket_bytes)
        self._tokens_us = float(now_us)
        self._free_us = float(now_us)
        self._last_deliver_us = now_us
        self.reshape(config, now_us)

    def reshape(self, config: LinkConfig, now_us: int) -> None:
        """Become another link from now on; its schedule begins now, and what is queued goes as it would have."""
        self._config = config
        self._loss = loss_process(config.loss, self._loss_chance)
        self._rate = RateSchedule(config.rates, now_us) if config.rates else None

    def offer(self, packet_bytes: int, now_us: int) -> Passage:
        """Put a packet on the link."""
        self._drain(now_us)
        begin_us = out_us = float(now_us)
        if self._rate is not None:
            if self._queue and self._queued_bytes + packet_bytes > self._limit_bytes(self._rate.bps_at(now_us)):
                return Passage(Fate.QUEUE_FULL, 0, None, None)
            begin_us = max(begin_us, self._free_us)
            out_us = self._free_us = self._out_us(self._rate, begin_us, packet_bytes)
            self._queue.append((out_us, packet_bytes))
            self._queued_bytes += packet_bytes
        waited_us = round(begin_us - now_us)
        if self._loss.loses():
            return Passage(Fate.LOST, waited_us, round(out_us), None)
        return Passage(Fate.DELIVERED, waited_us, round(out_us), self._deliver_us(out_us))

    def queued_bytes(self, now_us: int) -> int:
        """Return how much is not out yet, the packet under way included."""
        self._drain(now_us)
        return self._queued_bytes

    def _out_us(self, rate: RateSchedule, begin_us: float, packet_bytes: int) -> float:
        bucket_bytes = self._config.bucket_bytes
        if not bucket_bytes:
            return rate.finish_us(begin_us, packet_bytes * 8)
        earned_bytes = rate.capacity_bits(self._tokens_us, begin_us) / 8
        tokens_bytes = min(bucket_bytes, self._tokens_bytes + earned_bytes)
        self._tokens_bytes, self._tokens_us = tokens_bytes - packet_bytes, begin_us
        missing_bits = 8 * max(0.0, packet_bytes - tokens_bytes)
        return rate.finish_us(begin_us, missing_bits) + packet_bytes * 8e6 / LINE_BPS

    def _deliver_us(self, out_us: float) -> int:
        jitter_us = self._config.jitter_us
        shift_us = self._jitter_chance.uniform(-jitter_us, jitter_us) if jitter_us else 0.0
        due_us = math.ceil(out_us + max(0.0, self._config.delay_us + shift_us))
        if not self._config.reorders:
            due_us = max(due_us, self._last_deliver_us)
        if self._config.batch_us:
            due_us = -(-due_us // self._config.batch_us) * self._config.batch_us
        self._last_deliver_us = due_us
        return due_us

    def _drain(self, now_us: int) -> None:
        while self._queue and self._queue[0][0] <= now_us:
            self._queued_bytes -= self._queue.popleft()[1]

    def _limit_bytes(self, bps: int) -> float:
        given = self._config.queue_bytes
        return bps * self._config.queue_us / 8e6 if given is None else given
