"""From what a machine measured of itself to the slots it advertises and the preset it encodes with.

Each session is counted with what this machine took to encode a frame of hard content (scrolling tiles, 40 sprites,
300 particles), and with what else ``make bench-density`` reads of a worker and ``make playthrough`` of a title. The
density bench also says how much of a machine may be given away: on two cores all streams kept their frame rate and a
p99 from capture to the last packet under two frames up to 77% of the processor time, and lost both where they would
have needed 93%.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wire.limits import SESSIONS_PER_NODE_MAX
from wire.worker_control import X264Preset

FRAMES_PER_S = 60
"""Nominal frame rate that a slot is counted for."""

WORKER_CORES = 0.15
"""Of a worker beside encoding: packets, encryption, sound, input, one event loop. ``make bench-density``, *worker
beside it*, at ultrafast: 0.08 with one stream, 0.12 with three at once; rounded up."""

TITLE_CORES = 0.11
"""Of a title's process at 720p60. ``make playthrough``: the most of the bundled games, played."""

USABLE_SHARE = 0.77
"""Of a machine's processor time that sessions may take. ``make bench-density``, *machine used*: the most at which
every stream held."""

SESSION_MEMORY_BYTES = 300 * 1024 * 1024
"""Worker, title and frame ring of one session."""

SUPERFAST_MAX_MS = 5.0
"""Median up to which superfast is worth its latency: 30% of a frame at 60 fps, so that p99 still fits in one."""

SUPERFAST_MIN_CORES = 4
"""``make bench-density``: on two cores superfast's p99 from capture to the last packet is over a frame (23 ms) as
soon as two play, ultrafast's within one (16 ms) with four. More cores than two were not measured."""

SLICES_MAX = 2
"""Of a picture, where there is a core for each; a worker finds out by itself whether these are free. More were not
measured."""

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
    x264_preset: X264Preset
    encode_ms_720p: float
    slots: int
    x264_slices_max: int = 1


def choose(measured: Measurement, *, preset: X264Preset | None = None, slots: int | None = None) -> Chosen:
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
    slots_offered = max(1, min(counted, SESSIONS_PER_NODE_MAX))
    return Chosen(encoder, chosen_preset, encode_ms, slots_offered, min(measured.cpu_cores, SLICES_MAX))


def _preset(measured: Measurement) -> X264Preset:
    superfast_ms = measured.encode_ms.get(X264Preset.SUPERFAST)
    fits = superfast_ms is not None and superfast_ms <= SUPERFAST_MAX_MS
    has_room = measured.cpu_cores >= SUPERFAST_MIN_CORES
    return X264Preset.SUPERFAST if fits and has_room else X264Preset.ULTRAFAST


def _slots(measured: Measurement, encode_ms: float) -> int:
    cores_per_session = encode_ms * FRAMES_PER_S / 1000.0 + WORKER_CORES + TITLE_CORES
    by_cores = int(measured.cpu_cores * USABLE_SHARE / cores_per_session)
    by_memory = measured.memory_bytes // SESSION_MEMORY_BYTES
    return min(by_cores, by_memory)
