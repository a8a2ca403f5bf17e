"""The ladder: which step, how soon, how often."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.adaptation import (
    UP_AFTER_MAX_US,
    UP_AFTER_US,
    Adaptation,
    Caps,
    OperatingPoint,
    Sample,
    ladder,
)

CAPS = Caps(1280, 720, 60)
STEP_US = 250_000


def run(
    adaptation: Adaptation, sample: Sample, seconds: float, begin_us: int = 0
) -> list[tuple[int, OperatingPoint]]:
    """Feed one sample four times a second; return every change with its time."""
    changes = []
    point = adaptation.point
    for now_us in range(begin_us, begin_us + round(seconds * 1e6), STEP_US):
        encoding = adaptation.take(sample, now_us)
        if encoding.point != point:
            point = encoding.point
            changes.append((now_us, point))
    return changes


def hard(target_bps: int) -> Sample:
    return Sample(target_bps, target_bps)


def test_the_ladder_gives_up_frames_before_pixels_and_keeps_sizes_even() -> None:
    assert ladder(CAPS) == (
        OperatingPoint(1280, 720, 60),
        OperatingPoint(1280, 720, 30),
        OperatingPoint(960, 540, 30),
        OperatingPoint(640, 360, 30),
    )
    assert [point.fps for point in ladder(Caps(1920, 1080, 120, refresh_hz=120))] == [120, 60, 30, 30, 30]
    assert ladder(Caps(854, 480, 30))[1:] == (OperatingPoint(640, 360, 30), OperatingPoint(426, 240, 30))


def test_the_players_caps_cut_the_ladder_from_above() -> None:
    assert ladder(replace(CAPS, max_height_px=540))[0] == OperatingPoint(960, 540, 30)
    assert ladder(replace(CAPS, max_fps=30))[0] == OperatingPoint(1280, 720, 30)
    assert ladder(replace(CAPS, max_height_px=100)) == (OperatingPoint(640, 360, 30),)
    assert Adaptation(replace(CAPS, max_bps=3_000_000)).take(hard(8_000_000), 0).bitrate_bps == 3_000_000


def test_a_good_rate_changes_nothing() -> None:
    assert run(Adaptation(CAPS), hard(8_000_000), 60) == []


@pytest.mark.parametrize(
    ("target_bps", "expected"),
    [
        (1_600_000, (1280, 720, 60)),
        (1_200_000, (1280, 720, 30)),
        (800_000, (960, 540, 30)),
        (300_000, (640, 360, 30)),
    ],
)
def test_a_poor_rate_ends_on_its_step(target_bps: int, expected: tuple[int, int, int]) -> None:
    adaptation = Adaptation(CAPS)
    changes = run(adaptation, hard(target_bps), 60)
    point = adaptation.point
    assert (point.width_px, point.height_px, point.fps) == expected
    assert all(now_us < 4_000_000 for now_us, _ in changes), "it settles in seconds and stays"


def test_starving_goes_down_sooner() -> None:
    slow = run(Adaptation(CAPS), hard(1_300_000), 10)[0][0]
    fast = run(Adaptation(CAPS), hard(400_000), 10)[0][0]
    assert fast <= 500_000 < slow <= 1_000_000


def test_a_queue_may_be_drained_without_losing_frames_for_long() -> None:
    adaptation = Adaptation(CAPS)
    assert run(adaptation, hard(700_000), 0.4) == []
    assert run(adaptation, hard(1_750_000), 5, 400_000) == []


def test_a_short_dip_is_borne() -> None:
    adaptation = Adaptation(CAPS)
    assert run(adaptation, hard(1_300_000), 0.7) == []
    assert run(adaptation, hard(8_000_000), 5, 700_000) == []


def test_it_rises_step_by_step_when_there_is_room() -> None:
    adaptation = Adaptation(CAPS)
    run(adaptation, hard(300_000), 20)
    changes = run(adaptation, hard(8_000_000), 60, 20_000_000)
    assert [point for _, point in changes] == list(ladder(CAPS))[-2::-1]
    assert all(later - sooner >= UP_AFTER_US for (sooner, _), (later, _) in pairwise(changes))


def test_just_enough_for_the_step_above_is_not_enough_to_take_it() -> None:
    adaptation = Adaptation(CAPS)
    run(adaptation, hard(1_300_000), 10)
    assert run(adaptation, hard(1_900_000), 60, 10_000_000) == []
    assert adaptation.point.fps == 30


def test_a_client_that_cannot_decode_gets_less_and_is_tried_again_ever_later() -> None:
    adaptation = Adaptation(CAPS)
    now_us = 0
    tries = []
    for _ in range(600 * 4):
        slow = adaptation.point.fps == 60
        point = adaptation.take(replace(hard(8_000_000), decoded_share=0.7 if slow else 1.0), now_us).point
        if point.fps == 60 and not slow:
            tries.append(now_us)
        now_us += STEP_US
    gaps = [later - sooner for sooner, later in pairwise(tries)]
    assert len(tries) < 14
    assert gaps[-1] >= UP_AFTER_MAX_US


@pytest.mark.parametrize(
    ("fps", "refresh_hz", "top"),
    [
        (120, 60, 60),
        (120, 75, 120),
        (120, 119, 120),
        (120, 240, 120),
        (144, 60, 72),
        (144, 120, 144),
        (90, 60, 90),
        (240, 120, 120),
        (240, 126, 120),
        (60, 60, 60),
        (60, 144, 60),
        (60, 30, 60),
        (50, 60, 50),
        (24, 60, 24),
    ],
)
def test_a_display_is_given_no_more_than_it_shows_and_never_less_than_is_usual(
    fps: int, refresh_hz: int, top: int
) -> None:
    assert ladder(Caps(1280, 720, fps, refresh_hz=refresh_hz))[0].fps == top


def test_a_faster_display_is_tried_after_a_while_and_kept_while_encoding_leaves_room() -> None:
    fast = Caps(1280, 720, 120, refresh_hz=120)
    adaptation = Adaptation(replace(fast, refresh_hz=60))
    easy = replace(hard(8_000_000), encode_ms=3.0)
    assert run(adaptation, easy, 20) == []
    adaptation.set_caps(fast)
    assert [(now_us, point.fps) for now_us, point in run(adaptation, easy, 20, 20_000_000)] == [(25_000_000, 120)]
    changes = run(adaptation, replace(easy, encode_ms=5.5), 20, 40_000_000)
    assert [(now_us, point.fps) for now_us, point in changes] == [(41_000_000, 60)]
    assert run(adaptation, replace(easy, encode_ms=4.0), 20, 60_000_000) == [], "that fits, but without a margin"


def test_up_to_the_usual_rate_the_time_to_encode_decides_nothing() -> None:
    assert run(Adaptation(CAPS), replace(hard(8_000_000), encode_ms=40.0), 20) == []


def test_easy_content_stays_whole_at_a_low_rate() -> None:
    assert run(Adaptation(CAPS), Sample(1_000_000, 300_000), 30) == []


def test_the_quantiser_tells_how_hard_the_content_is() -> None:
    assert run(Adaptation(CAPS), Sample(1_000_000, 1_000_000, quantiser=36), 30) == []
    changes = run(Adaptation(CAPS), Sample(3_000_000, 3_000_000, quantiser=46), 2)
    assert changes[0][1].fps == 30


def test_other_caps_keep_the_nearest_step() -> None:
    adaptation = Adaptation(CAPS)
    run(adaptation, hard(800_000), 20)
    adaptation.set_caps(Caps(1920, 1080, 60))
    assert adaptation.point == OperatingPoint(960, 540, 30)


@given(
    st.lists(
        st.builds(
            Sample,
            st.integers(0, 50_000_000),
            st.integers(0, 50_000_000),
            st.one_of(st.none(), st.floats(0, 69)),
            st.floats(0, 1),
            st.floats(0, 1000),
        ),
        max_size=200,
    )
)
def test_whatever_comes_changes_are_rare_and_on_the_ladder(samples: list[Sample]) -> None:
    adaptation = Adaptation(CAPS)
    ups = 0
    for index, sample in enumerate(samples):
        before = adaptation.point
        encoding = adaptation.take(sample, index * STEP_US)
        assert encoding.point in ladder(CAPS)
        assert encoding.bitrate_bps == sample.target_bps
        steps = ladder(CAPS).index(encoding.point) - ladder(CAPS).index(before)
        assert abs(steps) <= 1
        ups += steps < 0
    assert ups <= 1 + len(samples) * STEP_US / UP_AFTER_US
