"""Rate, queue and delay over the time of a run, for the plots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from tests.bench.net.recording import Recording
from tests.network.link_readings import rates_bps, worst
from tests.network.packet_log import Direction, PacketLog, Traffic, delivered

BIN_US = 100_000

Bins: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timeline:
    """Tenths of a second, from the beginning of the scenario's link."""

    at_s: Bins
    link_bps: Bins
    """NaN without a limit."""
    rtp_bps: Bins
    tcp_bps: Bins
    queue_ms: Bins
    """Longest wait of an RTP packet; NaN where none came."""
    shown_ms: Bins
    """Longest time from capture to presented; NaN where no frame was shown."""


def timeline(run: Recording, log: PacketLog) -> Timeline:
    """Return the timeline of one run."""
    begin_us, end_us = run.begin_us, run.end_us
    there = delivered(log, Direction.DOWN)
    arrived_us, sizes = there["arrived_us"].astype(np.int64), there["size_bytes"].astype(np.int64)
    rtp, tcp = there["traffic"] == Traffic.RTP, there["traffic"] == Traffic.TCP
    waited_us = there["waited_us"].astype(np.int64)
    edges_us = np.arange(begin_us, end_us - BIN_US + 1, BIN_US)
    schedule = run.scenario.schedule(run.seconds, begin_us)
    return Timeline(
        at_s=(edges_us - begin_us) / 1e6,
        link_bps=np.array([schedule.bps_at(int(each)) if schedule else np.nan for each in edges_us], np.float64),
        rtp_bps=rates_bps(arrived_us[rtp], sizes[rtp], begin_us, end_us, BIN_US),
        tcp_bps=rates_bps(arrived_us[tcp], sizes[tcp], begin_us, end_us, BIN_US),
        queue_ms=worst(arrived_us[rtp], waited_us[rtp], begin_us, end_us, BIN_US) / 1000,
        shown_ms=worst(run.displayed_us, run.displayed_us - run.captured_us, begin_us, end_us, BIN_US) / 1000,
    )
