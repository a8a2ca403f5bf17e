"""What a density run reads, and the gate: how many streams hold their latency and their frame rate together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.bench.gates import Gate
from tests.bench.reading import Spread, Usage

SENT_P99_MAX_MS = 33.0
"""From capture to the last packet sent: two frames at 60 fps."""

FPS_MIN = 57.0

UNCHANGED_CORES_MAX = 0.03
"""Of a worker whose title flips the same picture."""

STREAMS_WANTED = {"superfast": 2, "ultrafast": 3}
"""On two cores."""


@dataclass(frozen=True, slots=True)
class StreamReading:
    """One of the streams that played at once."""

    sent_ms: Spread
    """From the picture's capture to the last packet of its frame at the socket."""
    encoded_ms: Spread
    """From the capture to the encoded frame, waiting for the encoder's thread included."""
    rendered_fps: float
    """Pictures that the title flipped, by the worker's count."""
    sent_fps: float
    media_bps: float
    """Video as received: RTP packets, repeats and parity apart."""
    lost_packets: int
    """Of picture and sound that never reached the receiver."""
    sound_packets_per_s: float

    @classmethod
    def of(cls, got: Mapping[str, Any]) -> StreamReading:
        """Read what the receiver got of a stream."""
        seconds = got["seconds"]
        return cls(
            sent_ms=Spread.of([us / 1000 for us in got["sent_us"]]),
            encoded_ms=Spread.of([us / 1000 for us in got["encoded_us"]]),
            rendered_fps=got["rendered_fps"],
            sent_fps=len(got["sent_us"]) / seconds,
            media_bps=got["video_bytes"] * 8 / seconds,
            lost_packets=got["video_lost"] + got["sound_lost"],
            sound_packets_per_s=got["sound_packets"] / seconds,
        )

    @property
    def holds(self) -> bool:
        """Tell whether it kept latency and rate."""
        return self.sent_ms.p99 < SENT_P99_MAX_MS and min(self.rendered_fps, self.sent_fps) >= FPS_MIN


@dataclass(frozen=True, slots=True)
class DensityReading:
    """Some streams at once."""

    preset: str
    streams: Sequence[StreamReading]
    usage: Mapping[str, Usage]
    """By kind of process, all of a kind together; the receivers are none of the product's."""
    encode_ms: float
    """What the node measured at its start for a frame of hard content, conversion included."""
    machine_cores: int

    @property
    def holds(self) -> bool:
        """Tell whether every stream did."""
        return all(stream.holds for stream in self.streams)

    @property
    def beside_encoding_cores(self) -> float:
        """Return a worker's processor time beside what the node's own measurement gives for encoding."""
        encoding = sum(stream.sent_fps for stream in self.streams) * self.encode_ms / 1000
        return (self.usage["worker"].cores - encoding) / len(self.streams)

    @property
    def title_cores(self) -> float:
        """Return the processor time of a title."""
        return self.usage["title"].cores / len(self.streams)

    @property
    def product_share(self) -> float:
        """Return the part of the machine that the product used, the receivers apart."""
        return sum(used.cores for kind, used in self.usage.items() if kind != "receivers") / self.machine_cores

    @property
    def worst_ms(self) -> Spread:
        """Return the stream with the longest tail."""
        return max((stream.sent_ms for stream in self.streams), key=lambda sent: sent.p99)


def streams_held(readings: Sequence[DensityReading], preset: str) -> int:
    """Return how many streams a preset holds: the most of which this number and every smaller one held."""
    held = 0
    for reading in sorted((each for each in readings if each.preset == preset), key=lambda each: len(each.streams)):
        if not reading.holds or len(reading.streams) != held + 1:
            break
        held += 1
    return held


def gates(readings: Sequence[DensityReading]) -> list[Gate]:
    """Return the bar of each preset that was measured."""
    presets = dict.fromkeys(reading.preset for reading in readings)
    return [
        Gate(f"streams held at {preset}", streams_held(readings, preset), STREAMS_WANTED[preset], at_least=True)
        for preset in presets
    ]


def unchanged_gate(reading: DensityReading) -> Gate:
    """Return the bar of a title that flips the same picture."""
    return Gate("worker, unchanged picture", reading.usage["worker"].cores, UNCHANGED_CORES_MAX, unit="core")
