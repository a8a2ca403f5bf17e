"""The network bench's arithmetic, on runs made up by hand."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.bench.net.bars import judge
from tests.bench.net.capture_clock import CaptureClock
from tests.bench.net.reading import NetReading, media_bytes, read_run, total
from tests.bench.net.recording import Recording
from tests.bench.net.scenarios import SCENARIOS
from tests.bench.net.timeline import timeline
from tests.network.link_model import LinkModel
from tests.network.packet_log import RECORD_DTYPE, Direction, PacketLog, Traffic
from tests.network.shaper_messages import ShaperTotals

BY_NAME = {each.name: each for each in SCENARIOS}
KEPT = ShaperTotals(1000, 50, 500, 900, 0, 0.1)
BEGIN_US = 1_000_000_000
VIDEO, SOUND = 101, 111
STATS: list[dict[str, Any]] = [
    {"ssrc": 7, "payloadType": VIDEO, "framesDecoded": 100, "nackCount": 5, "pliCount": 0, "keyFramesDecoded": 1},
    {"ssrc": 7, "payloadType": VIDEO, "framesDecoded": 160, "nackCount": 9, "pliCount": 1, "keyFramesDecoded": 1},
    {"ssrc": 8, "payloadType": VIDEO, "framesDecoded": 30, "nackCount": 2, "pliCount": 0, "keyFramesDecoded": 1},
]

HEARD: list[dict[str, Any]] = [
    {"ssrc": 9, "concealedSamples": 960, "concealmentEvents": 2, "totalSamplesReceived": 48_000,
     "jitterBufferDelay": 1_000.0, "jitterBufferEmittedCount": 40_000},
    {},
    {"ssrc": 10, "concealedSamples": 480, "concealmentEvents": 1, "totalSamplesReceived": 96_000,
     "jitterBufferDelay": 2_880.0, "jitterBufferEmittedCount": 96_000},
]  # fmt: skip


def flood(scenario_name: str, seconds: float, bps: int) -> PacketLog:
    """Log a stream of 1200-byte video packets at a constant rate over a scenario's link."""
    link = LinkModel(BY_NAME[scenario_name].down(seconds), 1, BEGIN_US)
    gap_us = 1200 * 8e6 / bps
    rows = []
    for index in range(int(seconds * 1e6 / gap_us)):
        at_us = BEGIN_US + round(index * gap_us)
        passage = link.offer(1200, at_us)
        rows.append((at_us, passage.deliver_us or 0, passage.waited_us, 7, 1200, index % 65536, Direction.DOWN,
                     passage.fate, Traffic.RTP, VIDEO))  # fmt: skip
    return np.array(rows, RECORD_DTYPE)


def recording(scenario_name: str, seconds: float, shown_ms: list[float]) -> Recording:
    displayed = np.array([BEGIN_US + round(each * 1000) for each in shown_ms], np.int64)
    return Recording(
        scenario=BY_NAME[scenario_name], seconds=seconds, begin_us=BEGIN_US, displayed_us=displayed,
        captured_us=displayed - 40_000, numbers=(displayed - BEGIN_US) * 60 // 1_000_000,
        presses=100, presses_seen=98, visible_ms=[50.0, 70.0], stats=STATS, sound=HEARD,
        shaper=KEPT,
    )  # fmt: skip


def steady_frames(seconds: float) -> list[float]:
    return [index * 1000 / 60 for index in range(int(seconds * 60))]


def test_a_sender_at_twice_the_rate_fills_link_and_queue() -> None:
    reading = read_run(recording("steady", 20, steady_frames(20)), flood("steady", 20, 8_000_000))
    assert reading.media_share == pytest.approx(1.0, abs=0.01)
    assert reading.rtp_share == reading.media_share
    assert 85 <= reading.queue_ms.p50 <= 100
    assert reading.shown_ms.p50 == 40
    assert (reading.freezes, reading.edges_lost, reading.peers) == (0, 2, 2)
    assert reading.shown_fps == pytest.approx(60, abs=0.2)
    assert reading.rendered_fps == pytest.approx(60, abs=0.2)
    assert math.isnan(reading.settled_s)
    assert (reading.sound_made_up, reading.sound_breaks, reading.sound_held_ms) == (0.005, 3, 30)


def test_steps_that_a_constant_rate_does_not_follow() -> None:
    shown = [each for each in steady_frames(30) if not 10_050 < each < 10_500]
    reading = read_run(recording("steps", 30, shown), flood("steps", 30, 6_000_000))
    assert reading.settled_s == math.inf
    assert reading.used_s == math.inf
    assert reading.freeze_after_step_ms == reading.longest_freeze_ms == pytest.approx(450, abs=20)
    assert reading.freezes == 1
    gentle = read_run(recording("steps", 30, shown), flood("steps", 30, 1_900_000))
    assert gentle.settled_s == 0
    full = read_run(recording("steps", 30, shown), flood("steps", 30, 7_900_000))
    assert full.used_s < 0.6


def test_media_is_counted_once() -> None:
    log = flood("clean", 100, 8_000_000)
    assert len(log) > 65536
    assert media_bytes(log, STATS) == 1200 * len(log)
    twice = np.concatenate((log[:500], log[499:]))
    assert media_bytes(twice, STATS) == 1200 * len(log)
    sound = log[:300].copy()
    sound["payload_type"] = SOUND
    assert media_bytes(np.concatenate((log, sound)), STATS) == 1200 * len(log)


def test_counters_go_on_with_another_peer() -> None:
    assert total(STATS, "framesDecoded") == 60 + 30
    assert total(STATS, "nackCount") == 4 + 2
    assert total([{}, *STATS], "framesDecoded") == 100 + 60 + 30


def test_bars_take_the_median_and_the_clean_link_off() -> None:
    clean = read_run(recording("clean", 10, steady_frames(10)), flood("clean", 10, 8_000_000))
    lossy = [
        replace(clean, scenario="loss1", shown_ms=replace(clean.shown_ms, p99=40.0 + extra), freezes=freezes)
        for extra, freezes in ((10, 0), (20, 0), (90, 5))
    ]
    p99, freezes, edges, sound = judge({"clean": [clean], "loss1": lossy})["loss1"]
    assert (p99.value, p99.verdict) == (20, "must")
    assert (freezes.value, freezes.verdict) == (0, "aim")
    assert (edges.value, edges.verdict) == (2, "FAIL")
    assert (sound.value, sound.verdict) == (0.5, "must")
    alone: list[NetReading] = lossy
    assert judge({"loss1": alone})["loss1"][0].verdict == "-"


def test_a_capture_clock_needs_no_story_once_it_is_set() -> None:
    def shown(rtp_ts: int, worker_ms: float, noise_ms: float) -> dict[str, Any]:
        presented_ms = worker_ms + 5000 + 37
        stages = {"tick_to_photon": 37 + noise_ms, "tick_to_captured": 0.5}
        return {"rtp_ts": rtp_ts % 2**32, "presented_ms": presented_ms, "stages_ms": stages}

    first = 2**32 - 90 * 100
    clock = CaptureClock([shown(first + 1500 * n, n * 1000 / 60, 0.01 * (n % 3 - 1)) for n in range(120)])
    assert clock.capture_ms((first + 90 * 60_000) % 2**32) == pytest.approx(60_000 + 5000 + 0.5, abs=0.02)
    with pytest.raises(AssertionError, match="only 0 frames"):
        CaptureClock([])


def test_timelines_cover_the_whole_run() -> None:
    run = recording("steps", 30, steady_frames(30))
    lines = timeline(run, flood("steps", 30, 6_000_000))
    assert {len(lines.at_s), len(lines.link_bps), len(lines.rtp_bps), len(lines.queue_ms), len(lines.shown_ms)} == {
        300
    }
    assert lines.link_bps[0] == 8_000_000
    assert lines.link_bps[150] == 2_000_000
    assert lines.rtp_bps[150:190].mean() == pytest.approx(2_000_000, rel=0.05)
    assert np.nanmax(lines.shown_ms) == 40
    assert np.isnan(timeline(recording("clean", 30, []), flood("clean", 30, 10_000)).link_bps).all()
