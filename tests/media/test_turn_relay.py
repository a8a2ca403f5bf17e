"""A relay at a real coturn: what passes, what is refused and how that is said, and what is left behind."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest

from farplay.certificates import HostNames
from farplay.local_ca import ServingCertificate, keep_local_certificate
from render_node.agent.io.ice_probe import probe_ice
from render_node.session.io import ice_servers, turn_relay
from render_node.session.io.ice_servers import IceServers
from render_node.session.io.turn_relay import TurnRelay
from render_node.session.io.udp_port import UdpPort
from tests.media.peer_pair import poll
from tests.support.coturn import Coturn, coturn
from tests.support.deadlines import patient
from tests.support.free_port import free_port
from wire.worker_control import IceMode, IceSpec, StunServer, TurnServer, TurnTransport

pytestmark = [pytest.mark.media, pytest.mark.usefixtures("unhurried")]

HOST = "127.0.0.1"
STRANGER_HOST = "127.0.0.2"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> ServingCertificate:
    names = HostNames(("localhost",), (ip_address(HOST),))
    return keep_local_certificate(tmp_path_factory.mktemp("turn") / "tls", names, ip_address(HOST), datetime.now(UTC))


@pytest.fixture(scope="module")
def server(certificate: ServingCertificate) -> Iterator[Coturn]:
    with coturn(certificate=(certificate.certificate_file, certificate.key_file)) as running:
        yield running


class Gathered:
    """What a port's servers gave it, and what came by the relay."""

    def __init__(self, turn: TurnServer | None, stun: StunServer | None, bind_host: str) -> None:
        self.udp = UdpPort.open(bind_host, 0, 0)
        self.heard: list[tuple[bytes, Any]] = []
        spec = IceSpec(HOST, 0, 0, (HOST,), IceMode.FULL, stun, turn)
        self.servers = IceServers(spec, self.udp, lambda relay, data, peer: self.heard.append((data, peer)))
        self.udp.on_datagram = self.servers.take

    @property
    def relay(self) -> TurnRelay:
        assert self.servers.relay is not None, self.servers.turn_failure
        return self.servers.relay


@asynccontextmanager
async def gathered(
    turn: TurnServer | None, stun: StunServer | None = None, *, bind_host: str = HOST
) -> AsyncIterator[Gathered]:
    made = Gathered(turn, stun, bind_host)
    try:
        assert await made.servers.gather()
        yield made
    finally:
        made.servers.close()
        made.udp.close()
        await poll(lambda: asyncio.all_tasks() == {asyncio.current_task()}, 3)


@pytest.fixture
def page() -> Iterator[socket.socket]:
    """A socket somewhere else, as a browser's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind((HOST, 0))
        made.setblocking(False)
        yield made


async def received(page: socket.socket, count: int) -> list[tuple[bytes, Any]]:
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(patient(5.0)):
        return [await loop.sock_recvfrom(page, 2048) for _ in range(count)]


@pytest.mark.parametrize("transport", list(TurnTransport))
async def test_datagrams_pass_both_ways_in_bursts(
    server: Coturn, page: socket.socket, transport: TurnTransport, certificate: ServingCertificate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.ca_file))
    async with gathered(replace(server.server(transport), host="localhost")) as made:
        relay = made.relay
        assert relay.send(b"first", page.getsockname()), "binds a channel, then leaves"
        assert await received(page, 1) == [(b"first", relay.address)]
        burst = [bytes([number]) * 1150 for number in range(20)] + [b"odd"]
        assert relay.send_burst(burst, page.getsockname()) == len(burst)
        assert [data for data, _ in await received(page, len(burst))] == burst
        assert not relay.is_congested()
        page.sendto(b"back", relay.address)
        await poll(lambda: bool(made.heard), 5)
        assert made.heard == [(b"back", page.getsockname())]


async def test_nobody_else_gets_in_and_unbound_addresses_are_dropped(server: Coturn, page: socket.socket) -> None:
    async with gathered(server.server()) as made:
        assert made.relay.send_burst([b"media"], page.getsockname()) == 0
        assert made.relay.dropped == 1
        made.relay.send(b"now bound", page.getsockname())
        assert (await received(page, 1))[0][0] == b"now bound"
        # From an address that nothing was ever sent to: what binding allows is an address, and holds for what still
        # waits in the server's socket too.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((STRANGER_HOST, 0))
            stranger.sendto(b"stranger", made.relay.address)
        page.sendto(b"known", made.relay.address)
        await poll(lambda: bool(made.heard), 5)
        assert [data for data, _ in made.heard] == [b"known"]


async def test_the_outside_address_comes_with_the_relay_or_from_a_stun_server(server: Coturn) -> None:
    async with gathered(server.server()) as made:
        assert made.servers.mapped == (HOST, made.udp.port)
    stun = StunServer(server.host, server.port)
    async with gathered(None, stun) as made:
        assert made.servers.mapped == (HOST, made.udp.port)
        assert made.servers.relay is None
    async with gathered(server.server(), stun) as made:
        assert made.servers.mapped == (HOST, made.udp.port)
        assert made.relay.is_open
        assert not await made.servers.gather(), "what is fresh is not asked for again"


async def test_a_socket_of_both_families_asks_by_ipv4_too(server: Coturn, page: socket.socket) -> None:
    stun = StunServer("localhost", server.port)
    async with gathered(server.server(), stun, bind_host="::") as made:
        assert made.servers.mapped == (HOST, made.udp.port)
        assert made.relay.send(b"by relay", page.getsockname())
        assert made.udp.address_of(HOST) == f"::ffff:{HOST}"
        assert made.udp.address_of("::1") == "::1"
        assert made.udp.send(b"direct", (f"::ffff:{HOST}", page.getsockname()[1]))
        assert {data for data, _ in await received(page, 2)} == {b"by relay", b"direct"}
    async with gathered(server.server()) as made:
        assert made.udp.address_of("::1") is None


async def test_a_port_whose_relay_still_stands_there_gets_one_by_another_port(
    server: Coturn, page: socket.socket
) -> None:
    async with gathered(server.server()) as before:
        spec = IceSpec(HOST, 0, 0, (HOST,), IceMode.FULL, None, server.server())
        heard: list[tuple[bytes, Any]] = []
        again = IceServers(spec, before.udp, lambda relay, data, peer: heard.append((data, peer)))
        before.udp.on_datagram = again.take
        assert await again.gather()
        assert again.relay is not None, again.turn_failure
        assert again.relay.address != before.relay.address
        again.relay.send(b"by the new one", page.getsockname())
        assert await received(page, 1) == [(b"by the new one", again.relay.address)]
        page.sendto(b"back", again.relay.address)
        await poll(lambda: bool(heard), 5)
        assert heard == [(b"back", page.getsockname())]
        again.close()


async def test_names_made_from_a_secret_are_taken() -> None:
    with coturn(secret=True) as server:
        async with gathered(server.server(secret=True)) as made:
            assert made.relay.is_open
        async with gathered(replace(server.server(secret=True), secret="another")) as made:
            assert made.servers.relay is None
            assert made.servers.turn_failure.endswith("refused the user name, the password or the secret")


async def test_an_end_gives_the_relay_back() -> None:
    with coturn() as server:
        async with gathered(server.server()):
            assert "lifetime=0" not in server.log()
        await poll(lambda: server.log().count("lifetime=0") == 1, 5)


async def test_a_wrong_password_a_wrong_name_and_silence_are_said_in_time(
    server: Coturn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ice_servers, "GATHER_S", 1.5)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind((HOST, free_port(HOST)))
        dead = TurnServer(HOST, silent.getsockname()[1], username="a", password="b")
        begun = time.monotonic()
        reach = await probe_ice(IceSpec(HOST, 0, 0, (), IceMode.FULL, StunServer(HOST, dead.port), dead))
        assert time.monotonic() - begun < patient(ice_servers.GATHER_S)
    assert (reach.mapped, reach.relay) == (None, None)
    assert reach.stun_failure == f"stun:{HOST}:{dead.port} did not answer within 1.5 s"
    assert reach.turn_failure == f"turn:{HOST}:{dead.port} did not answer within 1.5 s"
    monkeypatch.undo()
    async with gathered(replace(server.server(), password="wrong")) as made:
        assert made.servers.failures == (f"{server.server().uri} refused the user name, the password or the secret",)
    unknown = TurnServer("no-such-host.invalid", 3478, username="a", password="b")
    reach = await probe_ice(IceSpec(HOST, 0, 0, (), IceMode.FULL, StunServer("::1", 3478), unknown))
    assert reach.stun_failure.startswith("stun:[::1]:3478 is of no use: it has IPv6 addresses alone")
    assert reach.turn_failure == "turn:no-such-host.invalid:3478 is a name that is not known"
    refused = replace(dead, transport=TurnTransport.TCP)
    reach = await probe_ice(IceSpec(HOST, 0, 0, (), IceMode.FULL, None, refused))
    assert "is of no use" in reach.turn_failure


async def test_a_certificate_that_is_not_trusted_is_said(server: Coturn) -> None:
    async with gathered(replace(server.server(TurnTransport.TLS), host="localhost")) as made:
        assert made.servers.relay is None
        assert "certificate that is not trusted" in made.servers.turn_failure


async def test_channels_in_use_are_kept_and_the_way_to_the_server_too(
    page: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn_relay, "KEEPALIVE_S", 0.2)
    monkeypatch.setattr(turn_relay, "CHANNEL_KEEP_S", 0.4)
    with coturn() as server:
        async with gathered(server.server()) as made:
            made.relay.send(b"bound", page.getsockname())
            await received(page, 1)
            assert made.relay.send_burst([b"used"], page.getsockname()) == 1
            await poll(lambda: server.log().count("CHANNEL_BIND processed, success") >= 2, 5)
            await poll(lambda: not made.relay._channels, 5)
            assert made.relay.send(b"bound anew", page.getsockname()), "after it had fallen out of use"
            assert [data for data, _ in await received(page, 2)] == [b"used", b"bound anew"]


async def test_a_server_that_dies_costs_the_relay_and_the_next_peer_gets_another(
    page: socket.socket,
) -> None:
    with coturn() as server:
        async with gathered(server.server(TurnTransport.TCP)) as made:
            first = made.relay
            server.process.kill()
            server.process.wait(5)
            await poll(lambda: not first.is_open, 5)
            assert first.send_burst([b"media"], page.getsockname()) == 0
            assert made.servers.relay is None
            assert await made.servers.gather(), "a lost relay is asked for again at once"
            assert made.servers.relay is None
            assert made.servers.failures
