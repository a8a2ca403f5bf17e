"""Slots and preset from measured figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.agent.core.capacity import (
    SESSION_MEMORY_BYTES,
    TITLE_CORES,
    USABLE_SHARE,
    WORKER_CORES,
    Measurement,
    choose,
)
from wire.limits import SESSIONS_PER_NODE_MAX
from wire.worker_control import X264Preset

GIB = 1024**3


def measured(
    cores: int = 2, ultrafast: float = 4.5, superfast: float = 7.5, memory: int = 16 * GIB, *hardware: str
) -> Measurement:
    encode_ms = {"ultrafast": ultrafast, "superfast": superfast, **dict.fromkeys(hardware, 2.0)}
    return Measurement(cores, memory, (*hardware, "libx264"), encode_ms)


@pytest.mark.parametrize(
    ("machine", "preset", "slots"),
    [
        (measured(), "ultrafast", 2),
        (measured(ultrafast=8.0, superfast=13.0), "ultrafast", 2),
        (measured(cores=1, ultrafast=9.0), "ultrafast", 1),
        (measured(cores=8, ultrafast=2.5, superfast=4.9), "superfast", 11),
        (measured(cores=8, ultrafast=2.5, superfast=5.1), "ultrafast", 15),
        (measured(cores=2, ultrafast=2.0, superfast=4.0), "ultrafast", 4),
        (measured(memory=2 * SESSION_MEMORY_BYTES, cores=64), "ultrafast", 2),
        (measured(memory=0), "ultrafast", 1),
    ],
)
def test_choice(machine: Measurement, preset: str, slots: int) -> None:
    chosen = choose(machine)
    assert (chosen.h264_encoder, chosen.x264_preset, chosen.slots) == ("libx264", preset, slots)


def test_a_hardware_encoder_that_opened_is_taken_with_its_own_figure() -> None:
    chosen = choose(measured(2, 4.5, 7.5, 16 * GIB, "h264_nvenc"))
    assert (chosen.h264_encoder, chosen.encode_ms_720p, chosen.slots) == ("h264_nvenc", 2.0, 4)


@pytest.mark.parametrize(("cores", "slices"), [(1, 1), (2, 2), (64, 2)])
def test_a_picture_is_shared_where_there_is_a_core_for_each_half(cores: int, slices: int) -> None:
    assert choose(measured(cores=cores)).x264_slices_max == slices


def test_the_operator_decides() -> None:
    chosen = choose(measured(), preset=X264Preset.SUPERFAST, slots=7)
    assert (chosen.x264_preset, chosen.encode_ms_720p, chosen.slots) == ("superfast", 7.5, 7)


def test_without_any_finding_a_node_still_has_one_cautious_slot() -> None:
    chosen = choose(Measurement(1, 16 * GIB, (), {}))
    assert (chosen.h264_encoder, chosen.x264_preset, chosen.slots) == ("libx264", "ultrafast", 1)


@given(
    cores=st.integers(1, 4096),
    memory=st.integers(0, 2**50),
    ultrafast=st.floats(0.01, 1000),
    superfast=st.floats(0.01, 1000),
)
def test_slots_are_within_the_protocol_and_never_overbook(
    cores: int, memory: int, ultrafast: float, superfast: float
) -> None:
    chosen = choose(Measurement(cores, memory, ("libx264",), {"ultrafast": ultrafast, "superfast": superfast}))
    assert 1 <= chosen.slots <= SESSIONS_PER_NODE_MAX
    assert (
        chosen.slots == 1
        or chosen.slots * (WORKER_CORES + TITLE_CORES + chosen.encode_ms_720p * 0.06) <= USABLE_SHARE * cores + 1e-6
    )
