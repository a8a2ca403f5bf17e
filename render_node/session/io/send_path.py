"""Where all packets of one peer leave: paced, numbered, protected, in bursts; and what is known of their way.

Congestion control and pacer are sans-IO (``core/send_side.py``, ``core/pacer.py``); here they meet the clock, the
socket and SRTP. A packet gets its send time and transport-wide number, and is protected, at the moment at which it
leaves. Without transport-wide feedback, which a browser may decline, packets leave at once and the rate stays as set.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from render_node.session.core.ntp import ntp_from_unix_us
from render_node.session.core.pacer import Paced, Pacer
from render_node.session.core.probing import ProbeCluster
from render_node.session.core.rtp_packets import ExtensionBlock
from render_node.session.core.send_side import RateLimits, SendSide
from render_node.session.core.sent_packets import SEQ_MODULUS, PacketKind
from render_node.session.core.transport_feedback import TransportFeedback
from render_node.session.io.ice_transport import IceConnection
from render_node.session.io.monotonic import now_us, unix_offset_us

UNPACED_BPS = 1e12
"""Pace before feedback is expected: everything leaves at once."""

REPEAT_DELAY_S = 0.004
"""Between a packet and its repetition, which one loss should not take both."""

BEHIND_US = 500_000
"""A peer whose network has had no room for so long is left behind: a queue that had to drain is empty by then."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A packet that waits to leave."""

    packet: bytes
    extensions: ExtensionBlock
    """Stamps it."""
    on_left: Callable[[int], None] | None = None
    """Called with the time (µs) when it was handed to the socket; must not raise."""
    repeat: bool = False
    """Send the very same bytes again a little later: a receiver that has them takes these for a replay."""


class SendPath:
    """One peer's way out; owned by its ``PeerSession``, which calls ``close``.

    Args:
        limits: Bounds of the video's rate.
        on_rate: The target changed; must not raise.
        on_room: A frame may be sent again after one was refused; must not raise.
    """

    def __init__(self, limits: RateLimits, *, on_rate: Callable[[], None], on_room: Callable[[], None]) -> None:
        self.wire_bytes = 0
        """Bytes of UDP payload handed to the socket, repeats included."""
        self._max_bps = limits.max_bps
        self._control = SendSide(limits)
        self._pacer: Pacer[Outgoing] = Pacer(UNPACED_BPS)
        self._on_rate = on_rate
        self._on_room = on_room
        self._loop = asyncio.get_running_loop()
        self._unix_offset_us = unix_offset_us()
        self._timer: asyncio.TimerHandle | None = None
        self._wake_us = 0
        self._refused_us: int | None = None
        self._told_bps = limits.start_bps
        self._has_feedback = False
        self._ice: IceConnection | None = None
        self._protect: Callable[[bytes], bytes]

    @property
    def target_bps(self) -> int:
        """What the encoder should make."""
        return self._control.target_bps if self._has_feedback else self._max_bps

    def expect_feedback(self) -> None:
        """The peer will report by transport-wide number: pace, and follow what it reports."""
        self._has_feedback = True
        self._pacer.set_rate(self._control.pacing_bps)

    def open(self, ice: IceConnection, protect: Callable[[bytes], bytes]) -> None:
        """Begin to send.

        Args:
            ice: The connected path.
            protect: SRTP.
        """
        self._ice, self._protect = ice, protect

    def close(self) -> None:
        """Send nothing any more; what waits is dropped."""
        self._ice = None
        if self._timer is not None:
            self._timer.cancel()

    def takes_frame(self) -> bool:
        """Tell whether a frame may be sent now; if not, ``on_room`` says when one may again."""
        now = now_us()
        if self._has_room():
            self._refused_us = None
            return True
        if self._refused_us is None:
            self._refused_us = now
        return not self._is_full() and self._control.may_send_frame(now)

    def is_behind(self) -> bool:
        """Tell whether there has been no room for so long that frames made for others should be dropped for it."""
        return not self.takes_frame() and self._refused_us is not None and now_us() - self._refused_us >= BEHIND_US

    def filled_queue_since(self, since_us: int) -> bool:
        """Tell whether what we sent has stood in a long queue of the network since then."""
        return self._has_feedback and self._control.filled_queue_since(since_us)

    def is_congested(self) -> bool:
        """Tell whether the socket would not take a frame at this moment; that says nothing of the next one."""
        return self._ice is None or self._ice.is_congested()

    def send(self, packets: Sequence[Outgoing], kind: PacketKind, *, frame_id: int | None = None) -> None:
        """Let packets leave in their turn."""
        now = now_us()
        self._pacer.enqueue([(each, len(each.packet)) for each in packets], kind, now, frame_id=frame_id)
        self._pump(now)

    def take_probe(self) -> ProbeCluster | None:
        """Return what to send behind the frame that was just sent, to learn what the network carries."""
        return self._control.take_probe(now_us()) if self._has_feedback else None

    def send_probe(self, packets: Sequence[Outgoing], rate_bps: int) -> None:
        """Let packets leave at a rate of their own once nothing else waits."""
        now = now_us()
        self._pacer.enqueue_probe([(each, len(each.packet)) for each in packets], rate_bps, now)
        self._pump(now)

    def send_protected(self, protected: bytes) -> None:
        """Send a packet that is encrypted already, before all that waits."""
        if self._ice is not None and self._ice.send_burst((protected,)):
            self.wire_bytes += len(protected)

    def feedback(self, report: TransportFeedback) -> None:
        """Take a transport-wide report."""
        now = now_us()
        self._control.on_feedback(report, now)
        self._after(now)

    def frame_report(self, frame_id: int) -> None:
        """The page has a frame whole."""
        now = now_us()
        self._control.on_frame_report(frame_id, now)
        self._after(now)

    def _is_full(self) -> bool:
        """Tell whether the socket or the pacer holds as much as it should already."""
        return self.is_congested() or (self._has_feedback and self._pacer.is_late())

    def _has_room(self) -> bool:
        """Tell whether neither these nor the network hold as much as they should."""
        return not self._is_full() and (not self._has_feedback or self._control.has_room)

    def _after(self, now: int) -> None:
        """Act on news of the path, or on time that passed without any."""
        if self._has_feedback:
            self._control.handle_timeout(now)
            self._pacer.set_rate(self._control.pacing_bps)
        self._pump(now)
        if self.target_bps != self._told_bps:
            self._told_bps = self.target_bps
            self._on_rate()
        if self._refused_us is not None and self._has_room():
            self._refused_us = None
            self._on_room()

    def _pump(self, now: int) -> None:
        if self._ice is None:
            return
        due = self._pacer.due(now)
        if due:
            self._leave(self._ice, due, now)
        timeout_us = self._control.next_timeout_us if self._has_feedback else None
        wakes = [at for at in (self._pacer.next_wake_us(now), timeout_us) if at is not None]
        if wakes:
            self._wake_at(min(wakes), now)

    def _wake_at(self, wake_us: int, now: int) -> None:
        """Look again then. A timer that comes sooner stays: it costs less than a new one with each packet."""
        if self._timer is not None:
            if self._wake_us <= wake_us:
                return
            self._timer.cancel()
        self._wake_us = wake_us
        self._timer = self._loop.call_later(max(0, wake_us - now) / 1e6, self._wake)

    def _wake(self) -> None:
        self._timer = None
        self._after(now_us())

    def _leave(self, ice: IceConnection, due: Sequence[Paced[Outgoing]], now: int) -> None:
        now_ntp = ntp_from_unix_us(now + self._unix_offset_us)
        seq = self._control.next_seq()
        leaving: list[tuple[bytes, int | None]] = []
        for each in due:
            numbered = each.item.extensions.is_numbered
            packet = each.item.extensions.stamp(each.item.packet, now_ntp, seq)
            leaving.append((self._protect(packet), seq if numbered else None))
            seq = (seq + numbered) % SEQ_MODULUS
        # What the socket does not take is left to repair.
        taken = ice.send_burst([packet for packet, _ in leaving])
        left_us = now_us()
        for (packet, transport_seq), paced in zip(leaving[:taken], due, strict=False):
            self.wire_bytes += len(packet)
            if transport_seq is not None:
                self._control.on_packet_sent(transport_seq, len(packet), paced.kind, left_us, frame_id=paced.frame_id)
            if paced.item.repeat:
                self._loop.call_later(REPEAT_DELAY_S, self.send_protected, packet)
            if paced.item.on_left is not None:
                paced.item.on_left(left_us)
