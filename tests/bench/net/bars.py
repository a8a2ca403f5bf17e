"""What each scenario must show, and what is aimed at."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.bench.net.reading import NetReading

Read: TypeAlias = Callable[[NetReading], float]

LATE_P99_MS = 3.0
"""A shaper that is later than this disturbs what it measures."""
RENDERED_FPS = 58.5
"""A title that is slower than this was kept from drawing by something else than the network."""
CLEAN_FPS, CLEAN_BPS = 57.0, 6_800_000.0
"""A machine that does not bring as much over the clean link says nothing about the others."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One condition on the median of a scenario's runs."""

    name: str
    read: Read
    must: float
    aim: float
    unit: str = ""
    at_least: bool = False
    above_clean: bool = False
    """Whether what the clean link reads is taken off."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A bar and what was read."""

    bar: Bar
    value: float

    @property
    def verdict(self) -> str:
        """``aim``, ``must`` or ``FAIL``; what could not be read is ``-``."""
        if math.isnan(self.value):
            return "-"
        if self._reaches(self.bar.aim):
            return "aim"
        return "must" if self._reaches(self.bar.must) else "FAIL"

    def _reaches(self, bar: float) -> bool:
        return self.value >= bar if self.bar.at_least else self.value <= bar


def _lossy(p99: tuple[float, float], freezes: tuple[float, float]) -> tuple[Bar, ...]:
    return (
        Bar("capture to presented, p99 above clean", lambda r: r.shown_ms.p99, *p99, "ms", above_clean=True),
        Bar("freezes (> 200 ms) in 10 min", lambda r: r.freezes * 600 / r.seconds, *freezes),
        Bar("input edges lost", lambda r: r.edges_lost, 0, 0),
        Bar("sound made up", lambda r: 100 * r.sound_made_up, 0.5, 0.2, "%"),
    )


BARS: Mapping[str, tuple[Bar, ...]] = {
    "loss1": _lossy((25, 12), (0, 0)),
    "loss5": _lossy((60, 30), (3, 1)),
    "bursts": _lossy((60, 30), (3, 1)),
    "steps": (
        Bar("8 to 2 Mbit/s: queue back under 60 ms", lambda r: r.settled_s, 0.8, 0.5, "s"),
        Bar("8 to 2 Mbit/s: longest freeze", lambda r: r.freeze_after_step_ms, 300, 200, "ms"),
        Bar("2 to 8 Mbit/s: 90% used", lambda r: r.used_s, 4, 3, "s"),
    ),
    "steady": (
        Bar("all RTP bytes / link", lambda r: 100 * r.rtp_share, 88, 92, "%", at_least=True),
        Bar("media / link", lambda r: 100 * r.media_share, 75, 82, "%", at_least=True),
        Bar("queueing, p95", lambda r: r.queue_ms.p95, 15, 10, "ms"),
    ),
    "cubic": (Bar("part of the fair share", lambda r: 100 * r.fair_share, 50, 80, "%", at_least=True),),
}


def judge(runs: Mapping[str, Sequence[NetReading]]) -> dict[str, list[Judged]]:
    """Return the bars of each scenario that was played, by the median of its runs."""
    clean = runs.get("clean", ())
    return {
        name: [Judged(bar, _value(bar, readings, clean)) for bar in BARS.get(name, ())]
        for name, readings in runs.items()
    }


def _value(bar: Bar, readings: Sequence[NetReading], clean: Sequence[NetReading]) -> float:
    value = statistics.median(map(bar.read, readings))
    if not bar.above_clean:
        return value
    return value - statistics.median(map(bar.read, clean)) if clean else math.nan
