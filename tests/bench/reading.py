"""What one run of the bench reads from one stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


class NoPicture(Exception):
    """A stream showed no picture; the text says what was seen instead."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles of a sample, in its own unit."""

    p50: float
    p95: float
    p99: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Return the percentiles; NaN for none."""
        if not values:
            return cls(float("nan"), float("nan"), float("nan"), 0)
        p50, p95, p99 = (float(value) for value in np.percentile(values, (50, 95, 99)))
        return cls(p50, p95, p99, len(values))


@dataclass(frozen=True, slots=True)
class Usage:
    """What one process used while it was measured."""

    cores: float
    """CPU seconds per second."""
    memory_mib: float
    """Unique set size: what would be free if it ended."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One stream, measured once."""

    stream: str
    visible_ms: Spread
    """Key event in the page until its changed pixel was read back."""
    presses: int
    """Keys pressed; those never seen are missing in `visible_ms`."""
    decoded_fps: float
    shown_fps: float
    """Different frames shown per second."""
    rendered_fps: float
    """Frames that the title drew per second, by the numbers in the picture."""
    media_bps: float
    width: int
    height: int
    codec: str
    jitter_buffer_ms: float
    decode_ms: float
    psnr_db: float
    neighbour_cores: float
    """CPU seconds per second of what is no part of the bench."""
    offline_psnr_db: float | None = None
    """The same frames by the same preset offline; only where the stream is ours."""
    stages_ms: dict[str, Spread] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=dict)
