"""What `make bench` demands of our stream, on made-up figures."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from tests.bench.gates import Gate, Run, bars
from tests.bench.reading import Reading, Spread

READING = Reading(
    stream="farplay", visible_ms=Spread(25.0, 40.0, 50.0, 100), presses=100, decoded_fps=60.0, shown_fps=59.0,
    rendered_fps=60.0, media_bps=8e6, width=1280, height=720, codec="video/H264", jitter_buffer_ms=0.5, decode_ms=1.0,
    psnr_db=28.0, neighbour_cores=0.02,
    stages_ms={"captured_to_sent": Spread(6.5, 10.0, 13.0, 600)},
)  # fmt: skip
HALF_AS_LATE = replace(READING, visible_ms=Spread(27.0, 40.0, 50.0, 100))
"""The reference on a machine that is twice as fast as the one that the bars hold on."""


def sent_gates(ours: Reading, reference: Reading) -> list[Gate]:
    run = Run({"farplay": ours, "our_packets": reference}, 6.0, 31.0, {}, "ultrafast")
    return [gate for gate in bars(run) if gate.name.startswith("captured to last packet sent")]


def test_the_workers_share_of_the_delay_has_bars_of_its_own() -> None:
    as_slow = replace(READING, visible_ms=Spread(54.0, 80.0, 90.0, 100))
    assert [(gate.bar, gate.value, gate.passed) for gate in sent_gates(READING, as_slow)] == [
        (7, 6.5, True),
        (14, 13.0, True),
    ]


def test_they_are_scaled_by_the_runs_own_reference() -> None:
    gates = sent_gates(READING, HALF_AS_LATE)
    assert [gate.scaled_bar for gate in gates] == pytest.approx([3.5, 7])
    assert not any(gate.passed for gate in gates)


def test_a_run_without_stories_does_not_pass() -> None:
    gates = sent_gates(replace(READING, stages_ms={}), READING)
    assert len(gates) == 2
    assert all(math.isnan(gate.value) and not gate.passed for gate in gates)
