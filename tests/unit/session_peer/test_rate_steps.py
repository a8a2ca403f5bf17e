"""An encoder that takes no new rate while open: few keyframes, and what the network carries is used."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from render_node.session.core.rate_steps import RateSteps, StepSizes
from tests.network.link_model import LinkConfig
from tests.network.rate_schedule import RateStep
from tests.unit.session_peer.shared_link import SharedLink
from tests.unit.session_peer.simulated_stream import FRAME_US, Encoder, Stream
from tests.unit.session_peer.test_congestion_scenarios import LIMITS, SECOND, link, rate_bps, wait_ms
from wire.session_control import VideoCodec

LIMIT_BPS = 8_000_000


class Opened:
    """An encoder under the policy: when it was opened, and at which rate."""

    def __init__(self, rate_bps: int, codec: VideoCodec = VideoCodec.H264) -> None:
        self.steps = RateSteps(StepSizes.of(codec), LIMIT_BPS)
        self.now_us = 0
        self.rates = [rate_bps]
        self.steps.opened(rate_bps, 0)

    def play(self, targets: Iterable[int], *, is_free: bool = False) -> list[int]:
        """Show it a picture for each target; return the rates that it was opened at since."""
        before = len(self.rates)
        for target_bps in targets:
            self.now_us += FRAME_US
            rate = self.steps.rate_bps(target_bps, self.now_us, is_free=is_free)
            if rate != self.rates[-1]:
                self.steps.opened(rate, self.now_us)
                self.rates.append(rate)
        return self.rates[before:]

    def hold(self, target_bps: int, seconds: float) -> list[int]:
        return self.play([target_bps] * round(seconds * 60))


def test_what_moves_little_or_for_a_moment_is_not_worth_a_keyframe() -> None:
    encoder = Opened(4_000_000)
    assert encoder.hold(4_200_000, 5) == []
    assert encoder.hold(3_750_000, 5) == []
    for _ in range(20):
        assert encoder.hold(2_000_000, 0.15) == []
        assert encoder.hold(4_000_000, 0.2) == []
        assert encoder.hold(6_000_000, 0.2) == []


def test_a_queue_that_drains_is_one_small_step_and_a_slower_network_is_taken_at_once() -> None:
    encoder = Opened(4_000_000)
    encoder.hold(4_000_000, 2)
    assert encoder.hold(3_500_000, 0.5) == [3_800_000]
    slower = Opened(4_000_000)
    slower.hold(4_000_000, 2)
    assert slower.hold(1_000_000, 0.3) == [1_000_000]


def test_the_queue_of_a_keyframe_is_not_taken_for_a_slower_network() -> None:
    encoder = Opened(4_000_000)
    assert encoder.hold(3_000_000, 0.7) == []
    assert encoder.hold(1_500_000, 0.25) == [1_500_000]


def test_a_faster_network_is_taken_with_room_and_the_limit_without() -> None:
    encoder = Opened(2_000_000)
    assert encoder.hold(3_000_000, 1.4) == []
    assert encoder.hold(3_000_000, 0.3) == [2_850_000]
    assert encoder.hold(LIMIT_BPS, 1.1) == [LIMIT_BPS]


def test_a_step_down_that_was_too_long_is_taken_back_soon() -> None:
    encoder = Opened(8_000_000)
    encoder.hold(8_000_000, 2)
    assert encoder.hold(500_000, 0.3) == [500_000]
    assert encoder.hold(1_700_000, 0.5) == [1_615_000]


def test_a_rate_that_was_too_high_is_not_taken_again_for_longer_each_time() -> None:
    encoder = Opened(2_000_000)
    waits_s = []
    for _ in range(3):
        while encoder.rates[-1] != 3_325_000:
            encoder.hold(3_500_000, 0.1)
        began_us = encoder.now_us
        encoder.hold(2_900_000, 1.5)
        assert encoder.rates[-1] == 3_158_750
        while encoder.rates[-1] != 3_325_000:
            encoder.hold(3_500_000, 0.1)
        waits_s.append((encoder.now_us - began_us) / 1e6)
    assert 20 < waits_s[0] < 25
    assert 40 < waits_s[1] < 45
    assert 80 < waits_s[2] < 85


def test_another_network_ends_the_wait() -> None:
    encoder = Opened(2_000_000)
    encoder.hold(3_500_000, 2)
    encoder.hold(2_900_000, 1.2)
    assert encoder.rates[-1] == 3_158_750
    assert encoder.hold(6_000_000, 2) == [5_700_000]


def test_an_opening_for_another_reason_takes_what_lasts() -> None:
    encoder = Opened(3_000_000)
    encoder.hold(3_200_000, 1)
    assert encoder.play([3_500_000], is_free=True) == [3_040_000]


def test_vp8_is_opened_more_rarely() -> None:
    encoder = Opened(2_000_000, VideoCodec.VP8)
    assert encoder.hold(3_000_000, 4.9) == []
    assert encoder.hold(3_000_000, 0.3) == [2_850_000]


class Stepping(Encoder):
    """The simulated encoder, open at the rate that the policy chose; a keyframe is almost two frames."""

    def __init__(self, sim: SharedLink, rand: random.Random) -> None:
        super().__init__(rand, noise=0.2)
        self._sim = sim
        self._steps = RateSteps(StepSizes.of(VideoCodec.H264), LIMITS.max_bps)
        self.opened_us: list[int] = []

    def encode(self, target_bps: int) -> int:
        now_us = self._sim.now_us
        rate = self._steps.rate_bps(target_bps, now_us) if self.opened_us else target_bps
        if self.opened_us and rate == self.rate_bps:
            return super().encode(rate)
        self._steps.opened(rate, now_us)
        self.opened_us.append(now_us)
        self.rate_bps, self.debt_bytes = rate, 0.9 * rate * FRAME_US / 8e6
        return round(1.9 * rate * FRAME_US / 8e6)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_steady_link_is_used_and_its_queue_is_short(seed: int) -> None:
    sim = SharedLink(link(4e6), seed)
    encoder = Stepping(sim, sim.random)
    Stream(sim, LIMITS, reports_frames=True).encoder = encoder
    sim.run(20 * SECOND)
    assert rate_bps(sim, 5, 20) > 0.86 * 4e6
    assert wait_ms(sim, 5, 20, 0.95) < 14
    assert len([at_us for at_us in encoder.opened_us if at_us > 5 * SECOND]) <= 3


@pytest.mark.parametrize("seed", [1, 2])
def test_a_network_that_becomes_slower_and_faster_is_followed(seed: int) -> None:
    config = LinkConfig(delay_us=10_000, rates=(RateStep(0, 8_000_000),), queue_bytes=25_000)
    sim = SharedLink(config, seed)
    encoder = Stepping(sim, sim.random)
    Stream(sim, LIMITS, reports_frames=True).encoder = encoder
    sim.change(8 * SECOND, rates=(RateStep(0, 2_000_000),))
    sim.change(18 * SECOND, rates=(RateStep(0, 8_000_000),))
    sim.run(26 * SECOND)
    assert rate_bps(sim, 12, 18) > 0.8 * 2e6
    assert rate_bps(sim, 22, 26) > 0.8 * 8e6
    assert len(encoder.opened_us) <= 14
