"""``python -m tests.network.shaper SOCKET LOG SEED``: a link between two new network namespaces, in user space.

Each namespace has one TUN device. What the kernel sends into one is read here, put to the `LinkModel` of its
direction, and written to the other when the model says. The namespaces are held by this process alone: they end with
it, and it ends with its owner, whose end of the socket it watches.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import gc
import heapq
import os
import selectors
import struct
import sys
import time
from array import array
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tests.network.link_model import LinkConfig, LinkModel
from tests.network.packet_log import RECORD, Direction, traffic_of
from tests.network.shaper_messages import Ready, Shape, Shaped, ShaperTotals
from tests.support.network_namespace import ip, this_network, unshare_network

SERVER_ADDRESS, CLIENT_ADDRESS = "10.98.0.1", "10.98.0.2"
DEVICE = "link0"
"""Not ``tun…``: Chromium takes devices of that name for tunnels and says that it is offline."""
MTU_BYTES = 1500
BATCH = 8
"""Packets read in a row before others are handed on."""

_TUNSETIFF, _IFF_TUN, _IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
_PR_SET_TIMERSLACK = 29


def open_link_end(own: str, peer: str) -> tuple[int, int]:
    """Move to a new namespace with a TUN device in it; return descriptors of the namespace and the device."""
    unshare_network()
    tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", DEVICE.encode(), _IFF_TUN | _IFF_NO_PI))
    ip("link", "set", DEVICE, "addrgenmode", "none")
    ip("address", "add", own, "peer", peer, "dev", DEVICE)
    ip("link", "set", DEVICE, "mtu", str(MTU_BYTES), "txqueuelen", "1000", "up")
    ip("route", "add", "default", "dev", DEVICE)
    return this_network(), tun


class Shaper:
    """The loop; ends when its owner is gone."""

    def __init__(self, tuns: tuple[int, int], owner: Connection, log: BinaryIO, seed: int) -> None:
        now_us = _now_us()
        self._tuns = tuns
        self._owner = owner
        self._log = log
        self._links = [LinkModel(LinkConfig(), 2 * seed + direction, now_us) for direction in Direction]
        self._flying: list[tuple[int, int, int, bytes]] = []
        """Due time, number, where to, packet."""
        self._count = 0
        self._late_us = array("L")
        self._refused = 0
        self._since_s = time.monotonic(), time.process_time()
        self._running = True

    def run(self) -> None:
        """Keep the link."""
        with selectors.SelectSelector() as selector:  # epoll would round the wait up to a millisecond
            selector.register(self._tuns[0], selectors.EVENT_READ, lambda: self._take(Direction.DOWN))
            selector.register(self._tuns[1], selectors.EVENT_READ, lambda: self._take(Direction.UP))
            selector.register(self._owner, selectors.EVENT_READ, self._obey)
            while self._running:
                for key, _ in selector.select(self._wait_s()):
                    key.data()
                self._hand_on()

    def _wait_s(self) -> float | None:
        return max(0, self._flying[0][0] - _now_us()) / 1e6 if self._flying else None

    def _take(self, direction: Direction) -> None:
        for _ in range(BATCH):
            try:
                packet = os.read(self._tuns[direction], MTU_BYTES)
            except BlockingIOError:
                return
            now_us = _now_us()
            passage = self._links[direction].offer(len(packet), now_us)
            traffic, payload_type, ssrc, seq = traffic_of(packet)
            self._log.write(
                RECORD.pack(
                    now_us, passage.deliver_us or 0, passage.waited_us, ssrc, len(packet), seq, direction,
                    passage.fate, traffic, payload_type,
                )
            )  # fmt: skip
            if passage.deliver_us is not None:
                self._count += 1
                heapq.heappush(self._flying, (passage.deliver_us, self._count, self._tuns[1 - direction], packet))

    def _hand_on(self) -> None:
        while self._flying and self._flying[0][0] <= (now_us := _now_us()):
            due_us, _, tun, packet = heapq.heappop(self._flying)
            self._late_us.append(now_us - due_us)
            try:
                os.write(tun, packet)
            except OSError:
                self._refused += 1

    def _obey(self) -> None:
        try:
            order: Shape = self._owner.recv()
        except (EOFError, ConnectionError):
            self._running = False
            return
        self._log.flush()
        before = self._totals()
        at_us = _now_us()
        for link, config in zip(self._links, (order.down, order.up), strict=True):
            link.reshape(config, at_us)
        self._owner.send(Shaped(at_us, before))

    def _totals(self) -> ShaperTotals:
        """Return how it went since the last call."""
        late_us, self._late_us = self._late_us or array("L", [0]), array("L")
        refused, self._refused = self._refused, 0
        (wall_s, cpu_s), self._since_s = self._since_s, (time.monotonic(), time.process_time())
        cores = (self._since_s[1] - cpu_s) / (self._since_s[0] - wall_s)
        p50, p99 = np.percentile(late_us, (50, 99))
        return ShaperTotals(len(late_us), float(p50), float(p99), float(max(late_us)), refused, cores)


def _now_us() -> int:
    return time.monotonic_ns() // 1000


def _be_punctual() -> None:
    """Run before everything else, where that is allowed, with exact timers and no pauses for garbage."""
    ctypes.CDLL(None).prctl(_PR_SET_TIMERSLACK, ctypes.c_ulong(1), 0, 0, 0)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    gc.disable()


def main() -> None:
    """Make the namespaces and keep the link between them."""
    socket_fd, log_path, seed = sys.argv[1:]
    owner = Connection(int(socket_fd))
    server_network, server_tun = open_link_end(SERVER_ADDRESS, CLIENT_ADDRESS)
    client_network, client_tun = open_link_end(CLIENT_ADDRESS, SERVER_ADDRESS)
    with Path(log_path).open("wb", buffering=1 << 20) as log:
        shaper = Shaper((server_tun, client_tun), owner, log, int(seed))
        _be_punctual()
        owner.send(Ready(server_network, client_network))
        shaper.run()


if __name__ == "__main__":
    main()
