"""A link of one's own choice between a peer session's senders and their socket: delay, and packets that are lost."""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from render_node.session.core.rtcp import KeyframeRequest, Nack, parse_rtcp
from render_node.session.io.peer_session import PeerSession
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath

QUEUE_US = 300_000
"""What waits longer than this for a link of limited rate is lost."""

_RTP_HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class WirePacket:
    """The part of an RTP packet that SRTP leaves legible."""

    sent_us: int
    ssrc: int
    payload_type: int
    seq: int
    rtp_ts: int
    marker: bool
    size_bytes: int


Loses: TypeAlias = Callable[[WirePacket], bool]


def now_us() -> int:
    return time.monotonic_ns() // 1000


def random_loss(share: float, seed: int, *, ssrcs: Callable[[int], bool] = lambda ssrc: True) -> Loses:
    """Lose this share of the packets, each by itself."""
    rng = random.Random(seed)
    return lambda packet: ssrcs(packet.ssrc) and rng.random() < share


def burst_loss(share: float, mean_burst: float, seed: int) -> Loses:
    """Lose this share of the packets in bursts of a geometric length (Gilbert's model)."""
    rng = random.Random(seed)
    leave = 1 / mean_burst
    enter = leave * share / (1 - share)
    bad = False

    def loses(packet: WirePacket) -> bool:
        nonlocal bad
        bad = rng.random() < (1 - leave if bad else enter)
        return bad

    return loses


class LossyLink:
    """Delays all that a session sends and loses what it is told to; writes down what passes.

    Args:
        peer: A session with a description.
        delay_s: Added to the way out, so that it is the round trip.
    """

    def __init__(self, peer: PeerSession, delay_s: float) -> None:
        self._ice = peer._parts().ice
        self._put = self._ice.send_burst
        self._ice.send_burst = self._send  # type: ignore[method-assign]
        self._receive = peer.feedback.receive
        peer.feedback.receive = self._feedback  # type: ignore[method-assign]
        self._delay_s = delay_s
        self._loop = asyncio.get_running_loop()
        self._free_us = 0
        self.loses: Loses = lambda packet: False
        self.rate_bps: int | None = None
        """Of the link; None for any."""
        self.sent: list[WirePacket] = []
        self.lost: list[WirePacket] = []
        self.nacks: list[tuple[int, tuple[int, ...]]] = []
        """When, and the sequence numbers."""
        self.keyframe_requests: list[int] = []
        """When."""

    def _send(self, datagrams: Sequence[bytes]) -> int:
        kept = [data for data in datagrams if not self._is_lost(data)]
        if kept:
            self._loop.call_later(self._delay_s + max(0, self._free_us - now_us()) / 1e6, self._put, kept)
        return len(datagrams)

    def _is_lost(self, data: bytes) -> bool:
        first, second, seq, rtp_ts, ssrc = _RTP_HEADER.unpack_from(data)
        if 128 <= first < 192 and not 192 <= second <= 223:
            packet = WirePacket(now_us(), ssrc, second & 0x7F, seq, rtp_ts, bool(second & 0x80), len(data))
            self.sent.append(packet)
            if self.loses(packet) or self._waits_us(len(data)) > QUEUE_US:
                self.lost.append(packet)
                return True
        return False

    def _waits_us(self, size_bytes: int) -> int:
        """Let a packet queue; return how long it waits for those before it."""
        if self.rate_bps is None:
            return 0
        waits_us = max(0, self._free_us - now_us())
        if waits_us <= QUEUE_US:
            self._free_us = now_us() + waits_us + size_bytes * 8_000_000 // self.rate_bps
        return waits_us

    def _feedback(self, data: bytes, video: RtpSender, path: SendPath, *, now_us: int, now_ntp: int) -> bool:
        for item in parse_rtcp(data):
            if isinstance(item, Nack) and item.ssrc == video.ssrc:
                self.nacks.append((now_us, item.seqs))
            elif isinstance(item, KeyframeRequest) and item.ssrc == video.ssrc:
                self.keyframe_requests.append(now_us)
        return self._receive(data, video, path, now_us=now_us, now_ntp=now_ntp)
