"""A peer's way out: what leaves when, under which number, and when it takes no more frames."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

import pytest
import pytest_asyncio

from render_node.session.core.rtp_packets import ExtensionBlock, ExtensionIds, StreamIds, build_packet
from render_node.session.core.send_side import RateLimits
from render_node.session.core.sent_packets import PacketKind
from render_node.session.core.transport_feedback import parse_transport_feedback
from render_node.session.io import send_path
from render_node.session.io.ice_transport import IceConnection
from render_node.session.io.send_path import BEHIND_US, Outgoing, SendPath
from tests.support.transport_feedback import build_transport_feedback

NUMBERED = ExtensionBlock(ExtensionIds(transport_seq=7), "0")
IDS = StreamIds(1, 101)
FRAME_US = 16_667


class FakeIce:
    """Takes so many datagrams."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.room = 1_000_000
        self.full = False

    def send_burst(self, datagrams: Sequence[bytes]) -> int:
        taken = min(self.room, len(datagrams))
        self.room -= taken
        self.sent += datagrams[:taken]
        return taken

    def is_congested(self) -> bool:
        return self.full


class Bench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_us = 50_000_000
        monkeypatch.setattr(send_path, "now_us", lambda: self.now_us)
        self.ice = FakeIce()
        self.rates: list[int] = []
        self.rooms = 0
        self.path = SendPath(
            RateLimits(300_000, 4_000_000, 8_000_000),
            on_rate=lambda: self.rates.append(self.path.target_bps),
            on_room=self._room,
        )
        self.path.open(cast(IceConnection, self.ice), lambda packet: packet + b"tag")

    def _room(self) -> None:
        self.rooms += 1

    def send_frame(self, number: int, packets: int = 8, extensions: ExtensionBlock = NUMBERED) -> None:
        raw = build_packet(IDS, 0, number, marker=False, extensions=extensions.block, payload=bytes(1100))
        self.path.send([Outgoing(raw, extensions)] * packets, PacketKind.VIDEO, frame_id=number)

    def flow(self, milliseconds: int) -> None:
        """Let time pass; what is due leaves."""
        for _ in range(milliseconds):
            self.now_us += 1000
            self.path._wake()

    def report(self, first: int, count: int) -> None:
        arrivals = [self.now_us // 250 * 250] * count
        feedback = parse_transport_feedback(build_transport_feedback(first, arrivals)[4:])
        assert feedback is not None
        self.path.feedback(feedback)

    def numbers(self) -> list[int]:
        return [int.from_bytes(packet[17:19]) for packet in self.ice.sent]


@pytest_asyncio.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    made = Bench(monkeypatch)
    yield made
    made.path.close()


async def test_without_reports_all_leaves_at_once_at_the_rate_as_set(bench: Bench) -> None:
    plain = ExtensionBlock(ExtensionIds(), "0")
    for number in range(200):
        bench.send_frame(number, extensions=plain)
        assert bench.path.takes_frame()
    assert len(bench.ice.sent) == 1600
    assert bench.path.target_bps == 8_000_000
    assert bench.path.wire_bytes == sum(map(len, bench.ice.sent))


async def test_packets_are_numbered_in_the_order_in_which_they_leave(bench: Bench) -> None:
    bench.path.expect_feedback()
    bench.send_frame(1, packets=12)
    assert 2 <= len(bench.ice.sent) < 12, "paced before anything is known"
    bench.path.send_protected(b"rtcp")
    bench.path.send(
        [Outgoing(build_packet(IDS, 1, 1, marker=True, extensions=NUMBERED.block, payload=b"again"), NUMBERED)],
        PacketKind.RTX,
    )
    bench.flow(20)
    sent = [packet for packet in bench.ice.sent if packet != b"rtcp"]
    assert [int.from_bytes(packet[17:19]) for packet in sent] == list(range(13))
    assert sent.index(next(packet for packet in sent if b"again" in packet)) < 12, (
        "repeats go before the frame's rest"
    )


async def test_a_number_that_the_socket_did_not_take_is_given_out_again(bench: Bench) -> None:
    bench.path.expect_feedback()
    bench.ice.room = 1
    bench.send_frame(1, packets=3)
    bench.flow(10)
    bench.ice.room = 10
    bench.send_frame(2, packets=3)
    bench.flow(10)
    assert bench.numbers() == [0, 1, 2, 3]


async def test_a_silent_network_takes_no_more_and_falls_behind(bench: Bench) -> None:
    bench.path.expect_feedback()
    number = 0
    while bench.path.takes_frame():
        bench.send_frame(number := number + 1)
        bench.flow(17)
        assert number < 60, "it never ends"
    assert not bench.path.is_behind()
    kept_alive = 0
    for _ in range(BEHIND_US // 50_000):
        bench.now_us += 50_000
        if bench.path.takes_frame():
            kept_alive += 1
            number += 1
            bench.send_frame(number)
    assert kept_alive == 2, "one in a quarter of a second, or nothing would tell that it works again"
    assert bench.path.is_behind()
    bench.report(0, 8 * number)
    assert bench.rooms == 1
    assert bench.path.takes_frame()
    assert not bench.path.is_behind()


async def test_a_frame_that_the_page_has_makes_room_before_any_transport_report(bench: Bench) -> None:
    bench.path.expect_feedback()
    number = 0
    while bench.path.takes_frame():
        bench.send_frame(number := number + 1)
        bench.flow(17)
    bench.path.frame_report(number + 1)
    assert bench.rooms == 0, "it was never sent"
    bench.path.frame_report(number - 1)
    assert bench.rooms == 1
    assert bench.path.takes_frame()


async def test_the_encoder_is_told_of_each_new_rate(bench: Bench) -> None:
    bench.path.expect_feedback()
    sent = 0
    for number in range(120):
        if bench.path.takes_frame():
            bench.send_frame(number)
        bench.flow(17)
        if number % 4 == 3 and len(bench.ice.sent) > sent:
            bench.report(sent, len(bench.ice.sent) - sent)
            sent = len(bench.ice.sent)
    assert bench.rates
    assert bench.rates[-1] == bench.path.target_bps > 4_000_000


async def test_a_full_socket_is_no_place_for_a_frame(bench: Bench) -> None:
    bench.ice.full = True
    assert bench.path.is_congested()
    assert not bench.path.takes_frame()


async def test_a_socket_that_is_full_for_a_moment_is_not_behind(bench: Bench) -> None:
    bench.ice.full = True
    assert not bench.path.is_behind()
    bench.now_us += BEHIND_US - 1
    assert not bench.path.is_behind()
    bench.now_us += 1
    assert bench.path.is_behind()
    bench.ice.full = False
    assert not bench.path.is_behind()


async def test_nothing_leaves_after_the_end(bench: Bench) -> None:
    bench.path.expect_feedback()
    bench.send_frame(1, packets=20)
    sent = len(bench.ice.sent)
    bench.path.close()
    bench.flow(50)
    bench.send_frame(2)
    bench.path.send_protected(b"rtcp")
    assert len(bench.ice.sent) == sent


async def test_a_packet_sets_no_timer_where_one_comes_sooner(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    waits_s: list[float] = []

    class CountingLoop:
        def call_later(self, wait_s: float, call: Callable[[], None]) -> asyncio.TimerHandle:
            waits_s.append(wait_s)
            return loop.call_later(wait_s, call)

    monkeypatch.setattr(bench.path, "_loop", CountingLoop())
    bench.path.expect_feedback()
    for number in range(30):
        bench.now_us += 10_000
        bench.path.send([Outgoing(bytes(100), ExtensionBlock(ExtensionIds(), "1"))], PacketKind.AUDIO)
        bench.send_frame(number, packets=1)
    assert waits_s == [waits_s[0]], "the first packet's, for news that is overdue then"
    bench.send_frame(30, packets=30)
    assert len(waits_s) == 2, "the pacer's comes sooner"
    assert waits_s[1] < 0.02 < waits_s[0]
