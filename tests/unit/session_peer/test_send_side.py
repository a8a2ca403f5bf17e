"""The facade: targets and limits, silence, probes, and peers whose feedback lies."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.probing import ProbeCluster
from render_node.session.core.rate_controller import RateReason
from render_node.session.core.send_side import KEEPALIVE_US, SILENCE_US, RateLimits, SendSide
from render_node.session.core.sent_packets import PacketKind
from render_node.session.core.transport_feedback import DELTA_US, REFERENCE_MODULUS, REFERENCE_US, TransportFeedback

LIMITS = RateLimits(min_bps=300_000, start_bps=4_000_000, max_bps=8_000_000)
FRAME_US = 16_667
SIZE = 1222
RTT_US = 20_000


def feedback(base: int, arrivals_us: Sequence[int | None]) -> TransportFeedback:
    reference = next((at for at in arrivals_us if at is not None), 0) // REFERENCE_US
    arrived = tuple((index, at - reference * REFERENCE_US) for index, at in enumerate(arrivals_us) if at is not None)
    return TransportFeedback(base & 0xFFFF, len(arrivals_us), reference % REFERENCE_MODULUS, 0, arrived)


class Peer:
    """Sends frames at the target, and probes; a receiver answers every fourth frame as it likes."""

    def __init__(self, limits: RateLimits = LIMITS) -> None:
        self.control = SendSide(limits)
        self.now_us = 0
        self.sent: list[tuple[int, int]] = []
        self.sent_bytes = 0
        self.frames = 0
        self.probes: list[ProbeCluster] = []

    def frame(self) -> None:
        self.now_us += FRAME_US
        self.control.handle_timeout(self.now_us)
        if not self.control.may_send_frame(self.now_us):
            return
        self.frames += 1
        for part in range(max(1, self.control.target_bps // 8 * FRAME_US // 1_000_000 // SIZE)):
            self.packet(PacketKind.VIDEO, part * 300, self.frames)
        probe = self.control.take_probe(self.now_us)
        self.probes += [probe] if probe is not None else []
        for part in range(probe.packets if probe is not None else 0):
            self.packet(PacketKind.PADDING, 6_000 + part * 300, None)

    def packet(self, kind: PacketKind, after_us: int, frame_id: int | None) -> None:
        seq, at_us = self.control.next_seq(), self.now_us + after_us
        self.control.on_packet_sent(seq, SIZE, kind, at_us, frame_id=frame_id)
        self.sent.append((seq, at_us))
        self.sent_bytes += SIZE

    def play(self, seconds: float, answer: Callable[[list[tuple[int, int]]], TransportFeedback | None]) -> None:
        for index in range(round(seconds * 60)):
            self.frame()
            if index % 4 == 3 and self.sent:
                packets, self.sent = self.sent, []
                reply = answer(packets)
                if reply is not None:
                    self.control.on_feedback(reply, self.now_us + RTT_US)


def honest(packets: list[tuple[int, int]]) -> TransportFeedback:
    """A link so fast that packets arrive as they were sent."""
    return feedback(packets[0][0], [(sent_us + RTT_US // 2) // DELTA_US * DELTA_US for _, sent_us in packets])


def all_lost(packets: list[tuple[int, int]]) -> TransportFeedback:
    return feedback(packets[0][0], [None] * len(packets))


def at_once(packets: list[tuple[int, int]]) -> TransportFeedback:
    return feedback(packets[0][0], [0] * len(packets))


def backwards(packets: list[tuple[int, int]]) -> TransportFeedback:
    return feedback(packets[0][0], [10**9 - sent_us for _, sent_us in packets])


def never_sent(packets: list[tuple[int, int]]) -> TransportFeedback:
    return feedback(packets[-1][0] + 1, [sent_us for _, sent_us in packets] * 20)


def congested(packets: list[tuple[int, int]]) -> TransportFeedback:
    return feedback(packets[0][0], [sent_us * 10 // DELTA_US * DELTA_US for _, sent_us in packets])


def nothing(packets: list[tuple[int, int]]) -> None:
    return None


def test_a_fast_link_is_used_up_to_the_players_limit_within_a_second() -> None:
    peer = Peer()
    assert peer.control.target_bps == LIMITS.start_bps
    peer.play(1, honest)
    assert peer.control.target_bps == LIMITS.max_bps
    assert peer.control.state.reason is RateReason.AT_MAXIMUM
    assert peer.control.pacing_bps > 2 * LIMITS.max_bps
    assert 0 < peer.control.state.rtt_us <= RTT_US + 1000


@pytest.mark.parametrize("lie", [all_lost, at_once, backwards, never_sent, congested, nothing])
def test_no_lie_makes_us_send_more_than_the_limit_or_stop_for_ever(lie: Callable[..., TransportFeedback]) -> None:
    peer = Peer()
    peer.play(4, lie)
    assert LIMITS.min_bps <= peer.control.target_bps <= LIMITS.max_bps
    assert peer.sent_bytes * 8 / 4 <= LIMITS.max_bps * 1.1
    frames = peer.frames
    peer.play(2, lie)
    assert peer.frames > frames, "something is always tried"
    peer.play(6, honest)
    assert peer.control.target_bps == LIMITS.max_bps


@pytest.mark.parametrize("lie", [all_lost, never_sent, nothing])
def test_a_peer_that_confirms_nothing_gets_little(lie: Callable[..., TransportFeedback]) -> None:
    peer = Peer()
    peer.play(1, honest)
    peer.play(6, lie)
    assert peer.control.target_bps <= 2 * LIMITS.min_bps
    before = peer.sent_bytes
    peer.play(2, lie)
    assert (peer.sent_bytes - before) * 8 / 2 <= 2.5 * LIMITS.min_bps


def test_silence_is_met_step_by_step_and_forgiven_soon() -> None:
    peer = Peer()
    peer.play(1, honest)
    peer.play((SILENCE_US - 50_000) / 1e6, nothing)
    assert peer.control.target_bps == LIMITS.max_bps
    peer.play(0.4, nothing)
    assert peer.control.state.reason is RateReason.NO_FEEDBACK
    assert LIMITS.max_bps / 3 < peer.control.target_bps < LIMITS.max_bps
    peer.play(2, honest)
    assert peer.control.target_bps == LIMITS.max_bps


def test_without_news_only_the_limit_is_sent_and_then_one_frame_at_a_time() -> None:
    peer = Peer()
    peer.play(2, honest)
    limit = peer.control.in_flight_limit_bytes
    before, frames = peer.sent_bytes, peer.frames
    peer.play(0.24, nothing)
    assert peer.sent_bytes - before <= limit + LIMITS.max_bps / 8 / 60 * 1.2
    blocked = peer.frames
    assert blocked - frames < 12
    peer.play(1, nothing)
    assert peer.frames - blocked <= 1 + 1_000_000 / KEEPALIVE_US


def test_a_timeout_is_due_only_while_something_is_under_way() -> None:
    control = SendSide(LIMITS)
    assert control.next_timeout_us is None
    control.on_packet_sent(control.next_seq(), SIZE, PacketKind.VIDEO, 1_000)
    assert control.next_timeout_us == 1_000 + SILENCE_US
    control.on_feedback(feedback(0, [5_000]), 20_000)
    assert control.next_timeout_us is None


def test_frame_reports_free_what_is_in_flight() -> None:
    peer = Peer()
    peer.frame()
    assert peer.control.state.in_flight_bytes > 0
    peer.control.on_frame_report(7, peer.now_us)
    assert peer.control.state.in_flight_bytes > 0
    peer.control.on_frame_report(1, peer.now_us)
    assert peer.control.state.in_flight_bytes == 0


def test_sound_and_repeats_are_taken_from_the_pictures_part_but_not_all_of_it() -> None:
    control = SendSide(LIMITS)
    for index in range(500):
        control.on_packet_sent(control.next_seq(), 200, PacketKind.AUDIO, index * 700)
    control.handle_timeout(350_000)
    assert control.target_bps < LIMITS.start_bps - 1_500_000
    for index in range(5_000):
        control.on_packet_sent(control.next_seq(), SIZE, PacketKind.RTX, 350_000 + index * 5)
    control.handle_timeout(380_000)
    assert control.target_bps == pytest.approx(LIMITS.start_bps / 2, rel=0.05)


def test_a_probe_is_asked_for_only_where_frames_tell_nothing() -> None:
    fast = Peer()
    fast.play(3, honest)
    assert fast.probes == []
    deaf = Peer(RateLimits(100_000, 100_000, 8_000_000))
    deaf.play(3, nothing)
    assert deaf.probes == []
    small = Peer(RateLimits(100_000, 100_000, 8_000_000))
    small.play(4, honest)
    assert 1 <= len(small.probes) <= 2
    assert small.probes[0].rate_bps > 2 * 100_000
    assert small.control.target_bps > 200_000


@given(
    st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.integers(0, REFERENCE_MODULUS - 1),
            st.lists(st.tuples(st.integers(0, 300), st.integers(-(10**8), 10**8)), max_size=40),
            st.integers(1, 0xFFFF),
            st.integers(0, 400_000),
        ),
        max_size=25,
    )
)
def test_any_feedback_leaves_it_within_its_limits(
    reports: list[tuple[int, int, list[tuple[int, int]], int, int]],
) -> None:
    peer = Peer()
    for base, reference, arrivals, count, pause_us in reports:
        peer.frame()
        peer.now_us += pause_us
        peer.control.on_feedback(
            TransportFeedback(base % (len(peer.sent) + 50), count, reference, 0, tuple(arrivals)), peer.now_us
        )
        peer.control.on_frame_report(base, peer.now_us)
        state = peer.control.state
        assert LIMITS.min_bps <= peer.control.target_bps <= LIMITS.max_bps
        assert peer.control.pacing_bps > 0
        assert 0 <= state.loss <= 1
        assert state.in_flight_bytes >= 0
        assert state.in_flight_limit_bytes < 4_000_000
