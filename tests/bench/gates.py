"""What a bench run must show: validity, then the bars of ``docs/latency.md``, scaled to the run's own references."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.bench.reading import Reading, Spread
from tests.support.offline_encoder import TARGET_BPS

REFERENCE_VISIBLE_MS = 54.0
"""Latency bars hold where our packets through the unmodified sender read this p50."""
REFERENCE_SUPERFAST_MS = 6.0
"""CPU bars hold where libx264 superfast takes this long for a frame of the hard card."""
RENDERED_FPS = 58.5
"""A title that draws less often was kept from it by a busy machine."""
NEIGHBOUR_CORES = 0.1
"""Work of others on the machine that would show in a comparison of streams that play one after another."""
FARPLAY, REFERENCE_STREAM = "farplay", "our_packets"
SELKIES_STREAMS = ("selkies_websocket", "selkies_webrtc")


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition and what was read."""

    name: str
    value: float
    bar: float
    """As written in ``docs/latency.md``."""
    scale: float = 1.0
    at_least: bool = False
    unit: str = ""
    validity: bool = False
    """The run does not count at all if this fails."""

    @property
    def scaled_bar(self) -> float:
        """Return the bar for this machine at this moment."""
        return self.bar * self.scale

    @property
    def passed(self) -> bool:
        """Tell whether the value holds the scaled bar; a value that could not be read does not."""
        return self.value >= self.scaled_bar if self.at_least else self.value <= self.scaled_bar


@dataclass(frozen=True, slots=True)
class Run:
    """One round of all streams."""

    readings: Mapping[str, Reading]
    superfast_ms: float
    floor_p50_ms: float
    first_frame_ms: Mapping[str, float]
    """Click until the first frame, ``cold`` and ``warm``."""
    preset: str
    """x264 preset that the node chose."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Streams that showed no picture, and what was seen instead."""

    @property
    def latency_scale(self) -> float:
        """Return this run's reference latency as a share of the reference machine's."""
        return self.readings[REFERENCE_STREAM].visible_ms.p50 / REFERENCE_VISIBLE_MS

    @property
    def cpu_scale(self) -> float:
        """Return this run's encoding time as a share of the reference machine's."""
        return self.superfast_ms / REFERENCE_SUPERFAST_MS


def validity(run: Run) -> list[Gate]:
    """Return the conditions under which a run counts."""
    ours = run.readings[FARPLAY]
    return [
        Gate("mean sent media", ours.media_bps / 1e6, TARGET_BPS / 1e6 * 0.85, at_least=True, unit="Mbit/s",
             validity=True),
        Gate("picture width", ours.width, 1280, at_least=True, unit="px", validity=True),
        Gate("picture height", ours.height, 720, at_least=True, unit="px", validity=True),
        Gate("frames rendered", ours.rendered_fps, RENDERED_FPS, at_least=True, unit="fps", validity=True),
        Gate("luma PSNR below the same preset offline", _psnr_gap(ours), 0.7, unit="dB", validity=True),
    ]  # fmt: skip


def bars(run: Run) -> list[Gate]:
    """Return the bars."""
    ours, reference = run.readings[FARPLAY], run.readings[REFERENCE_STREAM]
    worker_bar = 0.75 if run.preset == "superfast" else 0.60
    sent_ms = ours.stages_ms.get("captured_to_sent", Spread.of(()))
    worker = ours.usage["worker"].cores if "worker" in ours.usage else float("nan")
    return [
        Gate("frames decoded", ours.decoded_fps, 57, at_least=True, unit="fps"),
        Gate("frames shown", ours.shown_fps, 48, at_least=True, unit="fps"),
        Gate("input to visible, p50", ours.visible_ms.p50, 35, run.latency_scale, unit="ms"),
        Gate("input to visible, p95", ours.visible_ms.p95, 55, run.latency_scale, unit="ms"),
        Gate("captured to last packet sent, p50", sent_ms.p50, 7, run.latency_scale, unit="ms"),
        Gate("captured to last packet sent, p99", sent_ms.p99, 14, run.latency_scale, unit="ms"),
        Gate("presses seen", ours.visible_ms.count, ours.presses, at_least=True),
        Gate(
            "p50 as a share of our packets, unmodified sender", ours.visible_ms.p50 / reference.visible_ms.p50, 0.70
        ),
        Gate("jitter buffer per frame", ours.jitter_buffer_ms, 3, unit="ms"),
        Gate(f"worker CPU ({run.preset})", worker, worker_bar, run.cpu_scale, unit="core"),
        Gate("click to first frame, warm", run.first_frame_ms.get("warm", float("nan")), 1000, unit="ms"),
        Gate("click to first frame, cold", run.first_frame_ms.get("cold", float("nan")), 3000, unit="ms"),
    ]


def peer_bars(run: Run) -> list[Gate]:
    """Return what is wanted beside a real peer; its better mode counts, and nothing may hold its title up either."""
    ours, reference = run.readings[FARPLAY], run.readings[REFERENCE_STREAM]
    selkies = [run.readings[stream] for stream in SELKIES_STREAMS if stream in run.readings]
    best_ms = min((each.visible_ms.p50 for each in selkies), default=float("nan"))
    slowest_fps = min((each.rendered_fps for each in selkies), default=float("nan"))
    neighbours = max(each.neighbour_cores for each in run.readings.values())
    return [
        Gate("frames rendered beside Selkies", slowest_fps, RENDERED_FPS, at_least=True, unit="fps", validity=True),
        Gate("neighbours of the bench", neighbours, NEIGHBOUR_CORES, unit="core", validity=True),
        Gate("presses seen", ours.visible_ms.count, ours.presses, at_least=True),
        Gate(
            "p50 as a share of our packets, unmodified sender", ours.visible_ms.p50 / reference.visible_ms.p50, 0.50
        ),
        Gate("p50 as a share of Selkies' better mode", ours.visible_ms.p50 / best_ms, 0.55),
    ]


def _psnr_gap(reading: Reading) -> float:
    return float("nan") if reading.offline_psnr_db is None else reading.offline_psnr_db - reading.psnr_db
