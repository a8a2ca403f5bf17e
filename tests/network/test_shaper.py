"""The shaper with real packets: it delays, loses and limits as the model says, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.network.link_model import Fate, LinkConfig, LinkModel
from tests.network.packet_log import Direction, PacketLog, delivered, read_log
from tests.network.packet_loss import UniformLoss
from tests.network.rate_schedule import RateStep
from tests.network.shaped_link import ShapedLink, shaped_link
from tests.network.shaper import CLIENT_ADDRESS
from tests.network.shaper_messages import ShaperTotals
from tests.support.deadlines import patient
from tests.support.farplay_process import ROOT

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"), reason="needs root and /dev/net/tun"),
]

PORT = 9000
PAYLOAD_BYTES = 1172
"""With its headers a packet of 1200 bytes."""
SEED = 5
CLEAN = LinkConfig(delay_us=10_000)
LATE_P50_US = 5_000
"""Later than the model that packets may come on a machine that is busy with other tests."""
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35
"""Of Linux; Python has no names for them."""


@dataclass
class Passed:
    """Datagrams from one namespace to the other."""

    sent_us: dict[int, int] = field(default_factory=dict)
    received_us: dict[int, int] = field(default_factory=dict)
    log: PacketLog | None = None
    totals: ShaperTotals | None = None

    def link_log(self) -> PacketLog:
        assert self.log is not None
        down: PacketLog = self.log[self.log["direction"] == Direction.DOWN]
        return down


def now_us() -> int:
    return time.monotonic_ns() // 1000


@contextmanager
def receiving(link: ShapedLink, passed: Passed) -> Iterator[Callable[[], None]]:
    """Give what notes when the kernel got numbered datagrams, by its own time stamps: nobody has to be quick here."""
    with link.client():
        taker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with taker:
        taker.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 24)
        taker.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        taker.setblocking(False)
        taker.bind((CLIENT_ADDRESS, PORT))
        wall_ns = time.clock_gettime_ns(time.CLOCK_REALTIME) - time.monotonic_ns()

        def take() -> None:
            with contextlib.suppress(BlockingIOError):
                while True:
                    data, ((_, _, stamp),), _, _ = taker.recvmsg(2048, 64)
                    seconds, nanoseconds = struct.unpack("ll", stamp)
                    number = struct.unpack_from("!I", data, 1)[0]
                    passed.received_us[number] = (seconds * 10**9 + nanoseconds - wall_ns) // 1000

        yield take


def send_through(config: LinkConfig, path: Path, *, count: int, every_us: int) -> Passed:
    """Send numbered datagrams at a steady pace from server to client."""
    passed = Passed()
    with shaped_link(path, SEED) as link, receiving(link, passed) as take, link.server():
        link.shape(config, CLEAN)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as giver:
            begun_us = now_us()
            for number in range(count):
                time.sleep(max(0, begun_us + number * every_us - now_us()) / 1e6)
                passed.sent_us[number] = now_us()
                giver.sendto(struct.pack("!cI", b"P", number).ljust(PAYLOAD_BYTES), (CLIENT_ADDRESS, PORT))
        passed.totals = link.shape(CLEAN, CLEAN).before
        passed.log = read_log(path)
        deadline = time.monotonic() + patient(2.0)
        while len(passed.received_us) < len(delivered(passed.log, Direction.DOWN)) and time.monotonic() < deadline:
            time.sleep(0.01)
            take()
    return passed


def check_against_model(passed: Passed, config: LinkConfig) -> None:
    """Offer the model the same packets at the same times: the same must happen, and arrive when it says."""
    log, model = passed.link_log(), LinkModel(LinkConfig(), 2 * SEED)
    assert len(log) == len(passed.sent_us)
    model.reshape(config, 0)
    late_us = []
    for number, record in enumerate(log):
        passage = model.offer(int(record["size_bytes"]), int(record["offered_us"]))
        assert (passage.fate, passage.waited_us) == (record["fate"], record["waited_us"])
        assert (passage.deliver_us is not None) == (number in passed.received_us)
        if passage.deliver_us is not None:
            late_us.append(passed.received_us[number] - passage.deliver_us)
    assert min(late_us) >= -100  # the wall clock may be slewed
    assert np.percentile(late_us, 50) < LATE_P50_US
    assert passed.totals is not None
    assert passed.totals.late_p50_us < LATE_P50_US
    assert passed.totals.refused == 0


def test_it_delays(tmp_path: Path) -> None:
    config = LinkConfig(delay_us=25_000)
    passed = send_through(config, tmp_path / "log", count=300, every_us=2_000)
    check_against_model(passed, config)
    delays_us = [passed.received_us[number] - sent_us for number, sent_us in passed.sent_us.items()]
    assert min(delays_us) >= 25_000
    assert np.percentile(delays_us, 50) < 25_000 + 2 * LATE_P50_US


def test_it_loses(tmp_path: Path) -> None:
    config = LinkConfig(delay_us=1_000, loss=UniformLoss(0.1))
    passed = send_through(config, tmp_path / "log", count=1500, every_us=400)
    check_against_model(passed, config)
    assert 0.06 < 1 - len(passed.received_us) / len(passed.sent_us) < 0.14


def test_it_limits_the_rate_and_the_queue(tmp_path: Path) -> None:
    config = LinkConfig(rates=(RateStep(0, 4_000_000),), queue_us=50_000)
    passed = send_through(config, tmp_path / "log", count=1000, every_us=1_200)  # 8 Mbit/s
    check_against_model(passed, config)
    log = passed.link_log()
    queued = (log["fate"] == Fate.DELIVERED) & (log["waited_us"] > 0)
    # A packet that waited for the one before it comes the time later that it takes itself, 1200 bytes at 4 Mbit/s; a
    # sender that is held up may let the queue run empty.
    times_us = [passed.received_us[int(number)] for number in np.flatnonzero(log["fate"] == Fate.DELIVERED)]
    gaps_us = np.diff(times_us)[queued[log["fate"] == Fate.DELIVERED][1:]]
    assert len(gaps_us) > 100
    assert np.median(gaps_us) == pytest.approx(2_400, rel=0.05)
    assert 40_000 < max(log["waited_us"][queued]) <= 50_000


OWNER = """
import sys, time
from pathlib import Path
from tests.network.shaped_link import shaped_link
with shaped_link(Path(sys.argv[1]), 0) as link:
    print(link.pid, flush=True)
    time.sleep(60)
"""


def test_it_ends_with_an_owner_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path / "log")]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=-1, text=True
    ) as owner:
        assert owner.stdout is not None
        shaper = psutil.Process(int(owner.stdout.readline()))
        assert shaper.is_running()
        owner.send_signal(signal.SIGKILL)
    shaper.wait(patient(5.0))
