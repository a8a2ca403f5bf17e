"""From what a machine measured of itself to the slots it advertises and the preset it encodes with.

The measurement is of hard content (design: scrolling tiles, 40 sprites, 300 particles), so an ordinary title costs
less; the slots are therefore counted without a further reserve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wire.limits import SESSIONS_PER_NODE_MAX

FRAMES_PER_S = 60
"""Nominal frame rate that a slot is counted for."""

WORKER_CORES = 0.2
"""Share of a core of a worker beside encoding: packets, encryption, sound, input, one event loop."""

TITLE_CORES = 0.3
"""Share of a core of an ordinary pygame title at 720p60."""

SESSION_MEMORY_BYTES = 300 * 1024 * 1024
"""Worker, title and frame ring of one session."""

SUPERFAST_MAX_MS = 5.0
"""Median up to which superfast is worth its latency: 30% of a frame at 60 fps, so that p99 still fits in one."""

SUPERFAST_MIN_CORES = 4
"""Below this the title and the encoder contend for cores and the spare time is not spare."""

X264 = "libx264"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a probe found; nothing here is an opinion."""

    cpu_cores: int
    """Cores that this process may use (affinity and cgroup quota, rounded down, at least 1)."""
    memory_bytes: int
    """Memory that this process tree may use."""
    h264_encoders: tuple[str, ...]
    """FFmpeg names that opened and encoded a few frames, best first."""
    encode_ms: Mapping[str, float]
    """Median convert and encode time of one 1280x720 frame, by preset for libx264 or by encoder name."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What follows from a measurement."""

    h264_encoder: str
    x264_preset: str
    encode_ms_720p: float
    slots: int


def choose(measured: Measurement, *, preset: str | None = None, slots: int | None = None) -> Chosen:
    """Choose encoder, preset and slots.

    Args:
        measured: The probe's findings.
        preset: The operator's choice of x264 preset, or None for the measured one.
        slots: The operator's number of slots, or None for the measured one.
    """
    encoder = measured.h264_encoders[0] if measured.h264_encoders else X264
    chosen_preset = preset or _preset(measured)
    key = chosen_preset if encoder == X264 else encoder
    encode_ms = measured.encode_ms.get(key, 1000.0 / FRAMES_PER_S)
    counted = _slots(measured, encode_ms) if slots is None else slots
    return Chosen(encoder, chosen_preset, encode_ms, max(1, min(counted, SESSIONS_PER_NODE_MAX)))


def _preset(measured: Measurement) -> str:
    superfast_ms = measured.encode_ms.get("superfast")
    fits = superfast_ms is not None and superfast_ms <= SUPERFAST_MAX_MS
    return "superfast" if fits and measured.cpu_cores >= SUPERFAST_MIN_CORES else "ultrafast"


def _slots(measured: Measurement, encode_ms: float) -> int:
    cores_per_session = encode_ms * FRAMES_PER_S / 1000.0 + WORKER_CORES + TITLE_CORES
    by_cores = int(measured.cpu_cores / cores_per_session)
    by_memory = measured.memory_bytes // SESSION_MEMORY_BYTES
    return min(by_cores, by_memory)
