"""What the shaper's process and its owner tell each other, pickled over a socket pair."""

from __future__ import annotations

from dataclasses import dataclass

from tests.network.link_model import LinkConfig


@dataclass(frozen=True, slots=True)
class Ready:
    """The namespaces are there; descriptors of the shaper's process."""

    server_network: int
    client_network: int


@dataclass(frozen=True, slots=True)
class Shape:
    """Be another link from now on."""

    down: LinkConfig
    up: LinkConfig


@dataclass(frozen=True, slots=True)
class ShaperTotals:
    """How well the link was kept over a while."""

    packets: int
    late_p50_us: float
    """Later than the model says that packets were handed on; the shaper's own fault."""
    late_p99_us: float
    late_max_us: float
    refused: int
    """Packets that the receiving kernel did not take."""
    cores: float
    """CPU seconds per second."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """It is; everything before is in the log's file."""

    at_us: int
    """Since then, on the monotonic clock; schedules count from there."""
    before: ShaperTotals
    """Since the time before that it was shaped."""
