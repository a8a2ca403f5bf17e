"""Bursts over a real loopback socket: order, sizes, and what a full or simple socket does."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator
from typing import cast

import pytest

from render_node.session.io import udp_port
from render_node.session.io.udp_port import Address, UdpPort


@contextlib.contextmanager
def receiver() -> Iterator[tuple[socket.socket, Address]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(2)
        yield sock, sock.getsockname()


def burst(sizes: list[int], *, segments: bool = True) -> tuple[int, list[bytes], list[bytes]]:
    """Send datagrams of these sizes; return how many were taken, what was sent and what came."""

    async def send(address: Address) -> int:
        port = UdpPort.open("127.0.0.1", 0, 0)
        port._segments = segments
        try:
            return port.send_burst(sent, address)
        finally:
            port.close()

    sent = [bytes([index % 256]) * size for index, size in enumerate(sizes)]
    with receiver() as (sock, address):
        taken = asyncio.run(send(address))
        return taken, sent, [sock.recv(2048) for _ in range(taken)]


@pytest.mark.parametrize("segments", [True, False])
@pytest.mark.parametrize(
    "sizes", [[1200] * 13 + [300], [300, 1200, 1200], [1200, 300, 1200, 1200, 1], [1500] * 100, [5], []]
)
def test_datagrams_arrive_whole_and_in_order(sizes: list[int], segments: bool) -> None:
    taken, sent, received = burst(sizes, segments=segments)
    assert taken == len(sizes)
    assert received == sent


def test_what_one_call_takes_is_of_one_size_but_the_last() -> None:
    sizes = [9, 9, 5, 9, 12, 12, 12, 3]
    datagrams = [bytes(size) for size in sizes]
    assert [udp_port._segments(datagrams, start) for start in (0, 2, 3, 4)] == [3, 1, 1, 4]
    assert udp_port._segments([bytes(9)] * 80, 0) == udp_port._SEGMENTS_MAX


class Sockets:
    """Stands in for a socket: takes so many calls, knows segments or not."""

    def __init__(self, room: int, *, segments: bool) -> None:
        self.room, self.segments, self.sent = room, segments, 0
        self.failure = 0

    def _take(self, count: int) -> None:
        if self.room < count:
            raise BlockingIOError
        self.room -= count
        self.sent += count

    def sendto(self, data: bytes, address: Address) -> None:
        self._take(1)

    def sendmsg(self, datagrams: list[bytes], *_: object) -> None:
        if self.failure:
            raise OSError(self.failure, "for now")
        if not self.segments:
            raise OSError(errno.EINVAL, "no segments here")
        self._take(len(datagrams))


@pytest.mark.parametrize(("room", "segments", "taken"), [(9, True, 6), (4, True, 3), (4, False, 4), (0, False, 0)])
async def test_what_a_full_or_simple_socket_does_not_take_is_counted(room: int, segments: bool, taken: int) -> None:
    port = UdpPort.open("127.0.0.1", 0, 0)
    real, fake = port._sock, Sockets(room, segments=segments)
    port._sock = cast(socket.socket, fake)
    try:
        assert port.send_burst([bytes(9)] * 3 + [bytes(12)] * 3, ("127.0.0.1", 9)) == taken == fake.sent
        assert (port.dropped > 0) is (taken < 6)
    finally:
        port._sock = real
        port.close()


@pytest.mark.parametrize("code", [errno.ENETUNREACH, errno.EPERM, errno.ENOBUFS])
async def test_what_fails_for_now_does_not_turn_segments_off(code: int) -> None:
    port = UdpPort.open("127.0.0.1", 0, 0)
    real, fake = port._sock, Sockets(9, segments=True)
    port._sock = cast(socket.socket, fake)
    try:
        fake.failure = code
        assert port.send_burst([bytes(9)] * 3, ("127.0.0.1", 9)) == 0
        assert port.dropped == 3
        fake.failure = 0
        assert port.send_burst([bytes(9)] * 3, ("127.0.0.1", 9)) == 3
        assert port._segments
    finally:
        port._sock = real
        port.close()
