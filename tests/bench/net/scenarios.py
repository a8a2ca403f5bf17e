"""The links that the product is measured over; a round trip of 20 ms in all of them."""

from __future__ import annotations

from dataclasses import dataclass

from tests.network.link_model import LinkConfig
from tests.network.packet_loss import BurstLoss, Loss, UniformLoss
from tests.network.rate_schedule import RateSchedule, RateStep

ONE_WAY_US = 10_000
QUEUE_US = 100_000
LOW_BPS, STEADY_BPS, HIGH_BPS = 2_000_000, 4_000_000, 8_000_000
ADAPT_S = 5.0
"""What a sender has to find its rate before a steady link is judged; a quarter of a shorter run."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One link, the same each time that it is played."""

    name: str
    words: str
    loss: Loss | None = None
    """In each direction."""
    rates: tuple[tuple[float, int], ...] = ()
    """Down: share of the run after which the link carries that many bits per second; empty for no limit."""
    adapts: bool = False
    """Whether the beginning is left out."""
    cubic: bool = False
    """Whether a TCP flow shares the link down."""

    def down(self, seconds: float) -> LinkConfig:
        """Return the link from server to client for a run of this length."""
        steps = tuple(RateStep(round(share * seconds * 1e6), bps) for share, bps in self.rates)
        return LinkConfig(delay_us=ONE_WAY_US, loss=self.loss, rates=steps, queue_us=QUEUE_US)

    def up(self) -> LinkConfig:
        """Return the link from client to server: never the bottleneck."""
        return LinkConfig(delay_us=ONE_WAY_US, loss=self.loss)

    def steps_us(self, seconds: float) -> tuple[int, ...]:
        """Return when the rate changes, from the start of a run."""
        return tuple(step.at_us for step in self.down(seconds).rates[1:])

    def schedule(self, seconds: float, begin_us: int) -> RateSchedule | None:
        """Return the rate down for a run that begins at a moment; None for no limit."""
        steps = self.down(seconds).rates
        return RateSchedule(steps, begin_us) if steps else None

    def adapt_s(self, seconds: float) -> float:
        """Return how much of the beginning is left out."""
        return min(ADAPT_S, seconds / 4) if self.adapts else 0.0


CLEAN = Scenario("clean", "RTT 20 ms, nothing else")
SCENARIOS = (
    CLEAN,
    Scenario("loss1", "1% of packets lost", loss=UniformLoss(0.01)),
    Scenario("loss5", "5% of packets lost", loss=UniformLoss(0.05)),
    Scenario("bursts", "5% lost, in bursts of 3 on average", loss=BurstLoss(0.05, 3)),
    Scenario(
        "steps",
        "8, then 2, then 8 Mbit/s, queue of 100 ms",
        rates=((0, HIGH_BPS), (1 / 3, LOW_BPS), (2 / 3, HIGH_BPS)),
    ),
    Scenario("steady", "4 Mbit/s, queue of 100 ms", rates=((0, STEADY_BPS),), adapts=True),
    Scenario("cubic", "8 Mbit/s shared with a TCP Cubic flow", rates=((0, HIGH_BPS),), adapts=True, cubic=True),
)
