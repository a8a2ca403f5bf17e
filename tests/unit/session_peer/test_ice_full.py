"""The full side of ICE without a network: whom it checks, what it answers, what it says of itself."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from ipaddress import ip_address
from typing import Any, cast

import pytest
import pytest_asyncio
from aioice import Candidate, stun

from render_node.session.io.ice_full import RELAYED_MAX, FullConnection
from render_node.session.io.ice_leg import Route
from render_node.session.io.udp_port import Address, UdpPort
from tests.support.deadlines import until
from tests.support.stun_messages import binding_request
from wire.worker_control import IceMode, IceSpec

PAGE = ("198.51.100.9", 51000)
PAGE_PASSWORD = "p" * 24


class FakeLeg:
    """A socket or relay that keeps what it is given."""

    family = socket.AF_INET
    port = 40000
    is_open = True

    def __init__(self, host: str = "0.0.0.0") -> None:
        self.host = host
        self.sent: list[tuple[bytes, Address]] = []
        self.on_datagram: Any = None
        self.address = ("203.0.113.5", 49160)
        self.mapped = ("203.0.113.77", 40001)

    def send(self, data: bytes, address: Address) -> bool:
        self.sent.append((data, address))
        return True

    def send_burst(self, datagrams: Sequence[bytes], address: Address) -> int:
        self.sent += [(data, address) for data in datagrams]
        return len(datagrams)

    def is_congested(self) -> bool:
        return False

    def address_of(self, host: str) -> str | None:
        return host if ip_address(host).version == 4 else None

    def close(self) -> None:
        pass

    def to(self, address: Address) -> list[stun.Message]:
        return [stun.parse_message(data) for data, where in self.sent if where == address]


@pytest_asyncio.fixture
async def full(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[FullConnection, FakeLeg, FakeLeg]]:
    """A gathered connection on a socket and with a relay, neither of which is real."""
    udp, relay = FakeLeg(), FakeLeg()
    monkeypatch.setattr(UdpPort, "open", lambda host, low, high: udp)
    connection = FullConnection(IceSpec("0.0.0.0", advertised_hosts=("192.168.7.2",), mode=IceMode.FULL))
    await connection.gather_candidates()
    assert connection._port is not None
    assert connection._port.servers is not None
    connection._port.servers.mapped = ("203.0.113.77", 40000)
    connection._port.servers._relay = cast(Any, relay)
    connection.remote_username, connection.remote_password = "page", PAGE_PASSWORD
    yield connection, udp, relay
    await connection.close()


def candidate(host: str, port: int = 51000, transport: str = "udp") -> Candidate:
    return Candidate("1", 1, transport, 1, host, port, "host")


def check(connection: FullConnection, **attributes: Any) -> bytes:
    return binding_request(f"{connection.local_username}:page", connection.local_password, PRIORITY=1, **attributes)


Full = tuple[FullConnection, FakeLeg, FakeLeg]


async def test_it_names_its_own_address_that_of_the_nat_and_the_relay(full: Full) -> None:
    connection, _, _ = full
    told = [(each.type, each.host, each.port) for each in connection.local_candidates]
    assert told == [
        ("host", "192.168.7.2", 40000),
        ("srflx", "203.0.113.77", 40000),
        ("relay", "203.0.113.5", 49160),
    ]
    priorities = [each.priority for each in connection.local_candidates]
    assert priorities == sorted(priorities, reverse=True), "the relay comes last"


async def test_an_address_that_the_outside_sees_unchanged_is_named_once(full: Full) -> None:
    connection, udp, _ = full
    assert connection._port is not None
    assert connection._port.servers is not None
    connection._port.servers.mapped = ("192.168.7.2", udp.port)
    assert [each.type for each in connection.local_candidates] == ["host", "relay"]


async def test_it_checks_a_named_address_by_both_legs_until_a_way_is_nominated(full: Full) -> None:
    connection, udp, relay = full
    await connection.add_remote_candidate(candidate(*PAGE))
    connecting = asyncio.create_task(connection.connect())

    async def repeated() -> bool:
        return len(udp.to(PAGE)) >= 2 and len(relay.to(PAGE)) >= 2

    await until(repeated, 5, "a second check by each leg")
    for message in (*udp.to(PAGE), *relay.to(PAGE)):
        assert message.message_class is stun.Class.REQUEST
        assert message.attributes["USERNAME"] == f"page:{connection.local_username}"
        assert message.attributes["ICE-CONTROLLED"] == 0
        assert message.check_message_integrity(PAGE_PASSWORD.encode())
    connection.check_received(check(connection, ICE_CONTROLLING=7, USE_CANDIDATE=None), Route(relay, PAGE))
    await connecting
    assert connection.heard_us is not None
    answer = relay.to(PAGE)[-1]
    assert answer.message_class is stun.Class.RESPONSE
    udp.sent.clear()
    relay.sent.clear()
    await connection.send(b"media")
    assert relay.sent == [(b"media", PAGE)]
    assert connection._timer is None, "no more checks"


async def test_a_better_way_is_taken_once_our_packets_are_known_to_arrive_there(full: Full) -> None:
    connection, udp, relay = full
    by_relay, direct = Route(relay, PAGE), Route(udp, ("198.51.100.9", 52000))
    connection.check_received(check(connection, ICE_CONTROLLING=7, USE_CANDIDATE=None), by_relay)
    assert connection._nominated == by_relay
    for _ in range(3):
        connection.check_received(check(connection, ICE_CONTROLLING=7, USE_CANDIDATE=None), direct)
    assert connection._nominated == by_relay, "the browser wants another one, which may lead out nowhere"
    requests = [each for each in udp.to(direct.address) if each.message_class is stun.Class.REQUEST]
    assert len(requests) == 1, "asked once, then at its pace"
    connection.answer_received(success(requests[0], "not the page's password"), direct)
    assert connection._nominated == by_relay
    assert connection._port is not None
    connection._port._received(success(requests[0], PAGE_PASSWORD), direct)
    assert connection._nominated == direct
    connection.check_received(check(connection, ICE_CONTROLLING=7, USE_CANDIDATE=None), direct)
    assert connection._nominated == direct


def success(request: stun.Message, password: str) -> bytes:
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = ("203.0.113.77", 40000)
    response.add_message_integrity(password.encode())
    return bytes(response)


async def test_who_is_controlled_as_well_becomes_controlling(full: Full) -> None:
    connection, udp, _ = full
    connection.check_received(check(connection, ICE_CONTROLLED=2**63), Route(udp, PAGE))
    (answer,) = udp.to(PAGE)
    assert answer.error_code == 487
    assert answer.check_message_integrity(connection.local_password.encode())


@pytest.mark.parametrize(
    "target",
    [
        candidate("198.51.100.9", 53),
        candidate("198.51.100.9", 0),
        candidate("198.51.100.9", 65536),
        candidate("198.51.100.9", 51000, "tcp"),
        candidate("127.0.0.1"),
        candidate("224.0.0.251"),
        candidate("255.255.255.255"),
        candidate("0.0.0.0"),
        candidate("169.254.169.254"),
        candidate("5b1f.local"),
        candidate("2001:db8::1"),
    ],
)
async def test_nobody_makes_it_talk_to_what_is_no_browser(full: Full, target: Candidate) -> None:
    connection, udp, relay = full
    await connection.add_remote_candidate(target)
    connecting = asyncio.create_task(connection.connect())
    await asyncio.sleep(0.03)
    assert not udp.sent
    assert not relay.sent
    await connection.close()
    with pytest.raises(ConnectionError):
        await connecting


async def test_one_peer_has_so_many_relayed_addresses_and_no_more(full: Full) -> None:
    connection, udp, relay = full
    for number in range(3 * RELAYED_MAX):
        route = Route(relay, ("198.51.100.9", 50000 + number))
        connection.check_received(check(connection, ICE_CONTROLLING=7), route)
    assert len({where for _, where in relay.sent}) == RELAYED_MAX
    connection.check_received(check(connection, ICE_CONTROLLING=7), Route(udp, PAGE))
    assert udp.to(PAGE), "other ways are not counted"
