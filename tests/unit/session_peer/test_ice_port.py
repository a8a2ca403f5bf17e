"""A port that several sessions share: strangers, liars and floods cost little and disturb nobody else."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from aioice import stun
from hypothesis import given, settings
from hypothesis import strategies as st

from render_node.session.io import ice_lite, ice_servers, monotonic
from render_node.session.io.ice_leg import Route
from render_node.session.io.ice_lite import CHECKS_PER_S, QUEUE_MAX_DATAGRAMS, ROUTES_MAX, LiteConnection
from render_node.session.io.ice_port import DATAGRAM_MAX_BYTES, TRANSACTIONS_MAX, IcePort, local_ufrag
from render_node.session.io.turn_relay import TurnRelay
from render_node.session.io.udp_port import Address, UdpPort
from tests.support.deadlines import patient
from tests.support.stun_messages import binding_request
from tests.unit.session_peer.test_ice_full import FakeLeg
from wire.worker_control import IceMode, IceSpec, StunServer, TurnServer

FINGERPRINT_BYTES = 8
"""At the end of a check, behind what its password protects."""

HOME = ("192.0.2.10", 50000)
ADDRESSES = st.tuples(st.sampled_from(["192.0.2.10", "192.0.2.11", "198.51.100.1"]), st.integers(1024, 1040))
SPEC = IceSpec("0.0.0.0", advertised_hosts=("192.0.2.1",))


@given(st.text("abcXYZ019+/", min_size=1, max_size=40), st.text("abc", min_size=1, max_size=8))
def test_ufrag_of_a_check(local: str, remote: str) -> None:
    assert local_ufrag(binding_request(f"{local}:{remote}", "password", PRIORITY=1)) == local


@given(st.binary(max_size=200))
def test_noise_is_nobodys(data: bytes) -> None:
    local_ufrag(data)
    local_ufrag(b"\x00\x01" + data)


def test_other_stun_messages_are_nobodys() -> None:
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, transaction_id=bytes(12))
    response.attributes["USERNAME"] = "a:b"
    assert local_ufrag(bytes(response)) is None
    assert local_ufrag(b"") is None


class Shared:
    """Two sessions on one port; the first is connected from `HOME`, the second is under attack."""

    def __init__(self, clock_us: list[int]) -> None:
        self.clock_us = clock_us
        self.udp = FakeLeg()
        self.port = IcePort(self.udp, SPEC)  # type: ignore[arg-type]
        self.victim, self.attacked = LiteConnection(SPEC), LiteConnection(SPEC)
        for each in (self.victim, self.attacked):
            each._port = self.port
            self.port._by_ufrag[each.local_username] = each
        self.udp.on_datagram(self.check(self.victim, USE_CANDIDATE=None), HOME)
        assert self.victim._nominated == (self.udp, HOME)
        self.udp.sent.clear()

    def check(self, connection: LiteConnection, **attributes: Any) -> bytes:
        return binding_request(
            f"{connection.local_username}:page", connection.local_password, PRIORITY=1, **attributes
        )

    def assert_undisturbed(self) -> None:
        """The connected session keeps its way, and still gets what comes on it."""
        assert self.victim._nominated == (self.udp, HOME)
        self.victim._queue.clear()
        self.udp.on_datagram(b"\x80media", HOME)
        assert list(self.victim._queue) == [b"\x80media"]
        assert len(self.port._by_route) <= 2 * ROUTES_MAX


@contextmanager
def shared() -> Iterator[Shared]:
    with pytest.MonkeyPatch.context() as patch:
        clock_us = [1_000_000]
        patch.setattr(monotonic, "now_us", lambda: clock_us[0])
        yield Shared(clock_us)


HEADERS = st.builds(
    lambda kind, length, rest: struct.pack("!HHI", kind, length, 0x2112A442) + rest,
    st.sampled_from([0x0001, 0x0101, 0x0111, 0x0011, 0x0003, 0x0017]),
    st.integers(0, 0xFFFF),
    st.binary(min_size=12, max_size=120),
)
DATAGRAMS = st.one_of(st.binary(max_size=300), HEADERS, st.just(bytes(DATAGRAM_MAX_BYTES + 1)), st.just(b""))


@settings(deadline=None)
@given(st.lists(st.tuples(DATAGRAMS, ADDRESSES), max_size=40))
def test_nothing_of_a_stranger_is_answered_or_kept(datagrams: list[tuple[bytes, Address]]) -> None:
    with shared() as both:
        routes = dict(both.port._by_route)
        for data, address in datagrams:
            both.udp.on_datagram(data, address)
        assert not both.udp.sent
        assert both.port._by_route == routes
        assert not both.attacked._queue
        assert both.port.strangers == len(datagrams)
        both.assert_undisturbed()


@settings(deadline=None)
@given(st.data(), ADDRESSES)
def test_a_check_that_was_touched_counts_for_nothing(data: st.DataObject, address: Address) -> None:
    with shared() as both:
        check = both.check(both.attacked, USE_CANDIDATE=None)
        at = data.draw(st.integers(0, len(check) - FINGERPRINT_BYTES - 1))
        damaged = data.draw(
            st.sampled_from(
                [
                    check[:at],
                    check[:at] + bytes((check[at] ^ data.draw(st.integers(1, 255)),)) + check[at + 1 :],
                    check + data.draw(st.binary(min_size=1, max_size=40)),
                    check[:at] + check[at + 1 :],
                ]
            )
        )
        both.udp.on_datagram(damaged, address)
        assert not both.udp.sent
        assert both.attacked._nominated is None
        both.assert_undisturbed()


def test_a_flood_of_checks_costs_one_session_a_bounded_number_of_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = 0

    def count(*arguments: Any) -> None:
        nonlocal looks
        looks += 1

    with shared() as both:
        monkeypatch.setattr(ice_lite, "answer_check", count)
        forged = binding_request(f"{both.attacked.local_username}:page", "wrong", PRIORITY=1)
        for number in range(20_000):
            both.udp.on_datagram(forged, ("203.0.113.9", number % 60_000))
        assert looks <= 2 * CHECKS_PER_S
        monkeypatch.undo()
        both.udp.on_datagram(both.check(both.victim), HOME)
        assert len(both.udp.sent) == 1, "the other session is answered all the same"
        both.assert_undisturbed()


def test_a_peer_that_moves_all_the_time_keeps_few_routes() -> None:
    with shared() as both:
        for number in range(500):
            both.clock_us[0] += 1_000_000
            both.udp.on_datagram(both.check(both.attacked, USE_CANDIDATE=None), ("203.0.113.9", 1024 + number))
        assert len(both.attacked._routes) == ROUTES_MAX
        assert both.attacked._nominated == (both.udp, ("203.0.113.9", 1523))
        both.assert_undisturbed()


def test_answers_to_nothing_are_nobodys_and_questions_do_not_pile_up() -> None:
    with shared() as both:
        for number in range(10 * TRANSACTIONS_MAX):
            both.port.expect(number.to_bytes(12, "big"), both.attacked)
        assert len(both.port._by_transaction) == TRANSACTIONS_MAX
        both.udp.on_datagram(b"\x01\x01\x00\x00\x21\x12\xa4\x42" + bytes(12), HOME)
        assert both.port.strangers == 1, "too old to be remembered"
        both.port.release(both.attacked)
        assert not both.port._by_transaction
        both.assert_undisturbed()


def test_what_nobody_reads_is_dropped() -> None:
    with shared() as both:
        for _ in range(3 * QUEUE_MAX_DATAGRAMS):
            both.udp.on_datagram(b"\x80media", HOME)
        assert len(both.victim._queue) == QUEUE_MAX_DATAGRAMS
        assert both.victim.dropped == 2 * QUEUE_MAX_DATAGRAMS


def test_a_session_cannot_take_another_ones_address_for_long() -> None:
    """A check with a spoofed source routes to its sender until the owner's next check, seconds later at most."""
    with shared() as both:
        both.udp.on_datagram(both.check(both.attacked), HOME)
        assert both.port._by_route[Route(both.udp, HOME)] is both.attacked
        both.udp.on_datagram(both.check(both.victim), HOME)
        both.assert_undisturbed()


SERVER = ("203.0.113.1", 3478)


@settings(deadline=None)
@given(st.lists(DATAGRAMS, max_size=30))
def test_nothing_in_a_servers_name_breaks_the_port(datagrams: list[bytes]) -> None:
    """Anybody may write a server's address as the source."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(monotonic, "now_us", lambda: 1_000_000)
        udp: Any = FakeLeg()
        servers = ice_servers.IceServers(IceSpec(mode=IceMode.FULL), udp, lambda *relayed: None)
        question = ice_servers._Question(udp)
        relay = TurnRelay(TurnServer("turn", 3478), SERVER, udp, lambda data, peer: None)
        servers._takers[SERVER] = {"stun": question.take, "turn": relay.take}
        for data in datagrams:
            assert servers.take(data, SERVER)
        assert not servers.take(b"\x80media", HOME)
        assert servers.mapped is None
        assert not udp.sent


async def test_a_stun_server_is_listened_to_while_it_is_asked() -> None:
    """Where it is the TURN server too, all that is relayed comes from its address."""

    class Answering(FakeLeg):
        def send(self, data: bytes, address: Address) -> bool:
            answer = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, stun.parse_message(data).transaction_id)
            answer.attributes["XOR-MAPPED-ADDRESS"] = HOME
            asyncio.get_running_loop().call_soon(self.on_datagram, bytes(answer), address)
            return super().send(data, address)

    udp: Any = Answering()
    servers = ice_servers.IceServers(IceSpec(mode=IceMode.FULL, stun=StunServer(*SERVER)), udp, lambda *relayed: None)
    udp.on_datagram = servers.take
    async with asyncio.timeout(patient(10.0)):
        assert await servers.gather()
    assert servers.mapped == HOME
    assert len(udp.sent) == 1
    assert servers._takers == {SERVER: {}}


class TurnServed(FakeLeg):
    """A socket whose allocations a TURN server refuses, or gives."""

    def __init__(self, error: int | None) -> None:
        super().__init__()
        self.error = error
        self.closed = False

    def send(self, data: bytes, address: Address) -> bool:
        request = stun.parse_message(data)
        if request.message_method == stun.Method.ALLOCATE:
            kind = stun.Class.RESPONSE if self.error is None else stun.Class.ERROR
            answer = stun.Message(request.message_method, kind, request.transaction_id)
            if self.error is not None:
                answer.attributes["ERROR-CODE"] = (self.error, "no")
            else:
                answer.attributes |= {"LIFETIME": 600, "XOR-MAPPED-ADDRESS": HOME, "XOR-RELAYED-ADDRESS": SERVER}
            asyncio.get_running_loop().call_soon(self.on_datagram, bytes(answer), address)
        return super().send(data, address)

    def close(self) -> None:
        self.closed = True


def answering(
    monkeypatch: pytest.MonkeyPatch, *errors: int | None
) -> tuple[ice_servers.IceServers, list[TurnServed]]:
    """Return servers asked from one socket, and it and the further ones that they open."""
    legs = [TurnServed(error) for error in errors]
    further = iter(legs[1:])
    monkeypatch.setattr(UdpPort, "open", lambda *_: next(further))
    spec = IceSpec(mode=IceMode.FULL, turn=TurnServer(*SERVER))
    servers = ice_servers.IceServers(spec, legs[0], lambda *relayed: None)  # type: ignore[arg-type]
    legs[0].on_datagram = servers.take
    return servers, legs


async def test_a_port_that_the_turn_server_takes_for_anothers_is_left_for_a_new_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    servers, legs = answering(monkeypatch, 437, 437, None)
    async with asyncio.timeout(patient(10.0)):
        assert await servers.gather()
    relay = servers.relay
    assert relay is not None, servers.turn_failure
    assert servers.mapped is None, "what the server saw is the relay's port, where nobody else is heard"
    assert [leg.closed for leg in legs] == [False, True, False]
    taken: list[bytes] = []
    monkeypatch.setattr(relay, "take", taken.append)
    legs[2].on_datagram(b"a stranger's", HOME)
    legs[2].on_datagram(b"the server's", SERVER)
    assert taken == [b"the server's"]
    servers.close()
    assert [leg.closed for leg in legs] == [False, True, True]
    assert not relay.is_congested()


async def test_a_turn_server_that_takes_no_port_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    servers, legs = answering(monkeypatch, 437, 437, 437, None)
    async with asyncio.timeout(patient(10.0)):
        assert await servers.gather()
    assert servers.relay is None
    assert servers.turn_failure == "turn:203.0.113.1:3478 refused: 437 no"
    assert [len(leg.sent) for leg in legs] == [1, 1, 1, 0]
    assert [leg.closed for leg in legs] == [False, True, True, False]


async def test_another_refusal_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    servers, legs = answering(monkeypatch, 486, None)
    async with asyncio.timeout(patient(10.0)):
        assert await servers.gather()
    assert servers.relay is None
    assert not legs[1].sent
