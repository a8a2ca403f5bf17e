"""What a simulated day came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from session_broker.core.turnover import Standing


@dataclass(frozen=True, slots=True)
class Sample:
    """A moment."""

    at_s: float
    playing: int
    waiting: int
    slots: int
    """Of all machines that take sessions."""
    nodes: Mapping[str, int]
    """Machines that run, by sort."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long players waited for a node."""

    clicks: int
    at_once: float
    """Share that got one within the step in which they clicked."""
    p50_s: float
    """Of all who got one, as are the others."""
    p95_s: float
    p99_s: float
    most_s: float
    gave_up: int

    @classmethod
    def of(cls, waits_s: Sequence[float], gave_up: int) -> Waits:
        """Return the figures of those who got a node after ``waits_s``, and of those who went away before."""
        waited = np.array(waits_s or [0.0])
        p50, p95, p99, most = np.percentile(waited, (50, 95, 99, 100))
        clicks = len(waits_s) + gave_up
        at_once = float((waited == 0.0).sum()) / max(1, clicks) if waits_s else 0.0
        return cls(clicks, at_once, float(p50), float(p95), float(p99), float(most), gave_up)


@dataclass(frozen=True, slots=True)
class Told:
    """What those who had to wait were told when they came, beside what came of it."""

    waited: int
    """Who waited and got a node."""
    told: int
    """Of them, those who were told a time."""
    within: float
    """Share of them whose wait was within twice the error that they were told."""
    ratio_p50: float
    """Median of the wait over what was told."""
    off_p50_s: float
    """By how much the wait was longer or shorter than what was told."""
    off_p90_s: float

    @classmethod
    def of(cls, kept: Sequence[tuple[Standing, float]], waited: int) -> Told:
        """Compare what was told with what came."""
        if not kept:
            return cls(waited, 0, 1.0, 1.0, 0.0, 0.0)
        told_s = np.array([told.wait_s for told, _ in kept])
        error_s = np.array([told.error_s for told, _ in kept])
        waited_s = np.array([waited_s for _, waited_s in kept])
        off_s = np.abs(waited_s - told_s)
        within, p50, p90 = float((off_s <= 2 * error_s).mean()), *map(float, np.percentile(off_s, (50, 90)))
        return cls(waited, len(kept), within, float(np.median(waited_s / np.maximum(told_s, 1e-3))), p50, p90)


@dataclass(frozen=True, slots=True)
class Result:
    """One run."""

    scenario: Mapping[str, Any]
    seed: int
    took_s: float
    """Wall-clock seconds."""
    waits: Mapping[str, Waits]
    """By who asked for what: all, and those whose title needs a GPU."""
    told: Told
    far: float
    """Share of the sessions that got a node whose round trip is above the longest that is wanted."""
    cuts: Mapping[str, int]
    """Sessions that ended with their machine, by why it died."""
    utilisation: float
    """Slot-seconds that were played over those that machines offered."""
    played_h: float
    cost: Mapping[str, float]
    """Of each sort of machine."""
    nodes_most: int
    nodes_created: int
    nodes_died: int
    overtakes: int
    """Steps in which somebody got a node whom others had come before that wanted the same."""
    faults: Sequence[str]
    """What must never happen."""
    samples: Sequence[Sample]

    @property
    def cost_per_played_h(self) -> float:
        """Return what an hour of play has cost."""
        return sum(self.cost.values()) / max(1e-9, self.played_h)

    def record(self) -> dict[str, Any]:
        """Return everything as JSON takes it."""
        return asdict(self) | {"cost_per_played_h": self.cost_per_played_h}
