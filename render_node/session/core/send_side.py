"""Sender-side congestion control of one peer, behind one door.

It is told what was sent and what came back, and says how fast to send. It owns the history of sent packets, the
estimates made of it and the controller that decides; it does not own the pacer or the packets.

Use::

    control = SendSide(RateLimits(min_bps=300_000, start_bps=4_000_000, max_bps=8_000_000))
    pacer = Pacer(...)

    # before each picture is encoded
    if control.may_send_frame(now_us) and not pacer.is_late(now_us):
        encoder.set_bitrate(control.target_bps)      # then encode, packetise, pacer.enqueue(...)

    # for each packet that the pacer lets go
    seq = control.next_seq()                          # stamp it into the header extension, send, and if it was taken:
    control.on_packet_sent(seq, len(udp_payload), PacketKind.VIDEO, now_us, frame_id=frame_id)

    # for each TransportFeedback that ``parse_rtcp`` returns, and each frame report of the page
    control.on_feedback(feedback, now_us)
    control.on_frame_report(frame_id, received_us, now_us)

    # after each of these, and at ``next_timeout_us``
    control.handle_timeout(now_us)
    pacer.set_rate(control.pacing_bps)
    if (probe := control.take_probe(now_us)) is not None:
        pacer.enqueue_padding(probe)                  # padding-only or repeated packets

Times are integers in microseconds of one monotonic clock, except those that a receiver reports, which are on its own.
Rates are bits per second. Nothing raises on what a peer reports.
"""

from __future__ import annotations

from dataclasses import dataclass

from render_node.session.core.capacity_estimate import CapacityEstimate
from render_node.session.core.delay_trend import DelayTrend
from render_node.session.core.delivered_rate import DeliveredRate
from render_node.session.core.in_flight_limit import InFlightLimit
from render_node.session.core.loss_estimate import LossEstimate
from render_node.session.core.queue_delay import QueueDelay
from render_node.session.core.rate_controller import PathSignals, RateController, RateReason
from render_node.session.core.sent_packets import PacketKind, PacketResults, SentPacket, SentPackets
from render_node.session.core.transport_feedback import TransportFeedback

IP_UDP_BYTES = 28
"""Added to each packet: links carry IP packets. 20 more with IPv6, which the share that is left free covers."""

VIDEO_SHARE = 0.92
"""Part of a video packet, IP header included, that is the encoder's."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Bounds of the encoder's target."""

    min_bps: int
    start_bps: int
    max_bps: int


@dataclass(frozen=True, slots=True)
class ProbeCluster:
    """Packets to send at once at a given rate, to see whether the link carries it."""

    rate_bps: int
    packets: int
    """Of about 1200 bytes each."""


@dataclass(frozen=True, slots=True)
class PathState:
    """For the overlay, metrics and logs."""

    reason: RateReason
    total_bps: int
    """All that is sent, IP headers included."""
    delivered_bps: int
    """0 while unknown."""
    capacity_bps: int
    """0 while unknown."""
    capacity_at_least: bool
    rtt_us: int
    queue_us: int
    loss: float
    burst_packets: float
    in_flight_bytes: int
    in_flight_limit_bytes: int


class SendSide:
    """See the module."""

    def __init__(self, limits: RateLimits) -> None:
        self.limits = limits
        self.rtt_us = 0
        """Least time between sending and hearing of it over the last reports; 0 before any."""
        self._sent = SentPackets()
        self._queue = QueueDelay()
        self._trend = DelayTrend()
        self._capacity = CapacityEstimate()
        self._delivered = DeliveredRate()
        self._loss = LossEstimate()
        self._in_flight = InFlightLimit()
        self._controller = RateController(limits.start_bps / VIDEO_SHARE)

    def next_seq(self) -> int:
        """Return the transport-wide sequence number that the next packet must carry."""
        return self._sent.next_seq()

    @property
    def target_bps(self) -> int:
        """What the encoder should make."""
        wanted_bps = self._controller.total_bps * VIDEO_SHARE
        return round(min(max(wanted_bps, self.limits.min_bps), self.limits.max_bps))

    @property
    def pacing_bps(self) -> int:
        """How fast packets may leave, IP headers included: a mean frame takes half its interval or less."""
        capacity = self._capacity.capacity
        return round(max(2 * self._controller.total_bps, 1.25 * capacity.bps if capacity else 0))

    @property
    def in_flight_limit_bytes(self) -> int:
        """Bytes that may be under way, IP headers included."""
        return self._in_flight.limit_bytes(self._controller.total_bps)

    @property
    def state(self) -> PathState:
        """How the path looks now."""
        capacity = self._capacity.capacity
        return PathState(
            reason=self._controller.reason,
            total_bps=round(self._controller.total_bps),
            delivered_bps=round(self._delivered.bps or 0),
            capacity_bps=round(capacity.bps) if capacity else 0,
            capacity_at_least=capacity.at_least if capacity else False,
            rtt_us=self.rtt_us,
            queue_us=self._queue.standing_us,
            loss=self._loss.fraction,
            burst_packets=self._loss.burst_packets,
            in_flight_bytes=self._sent.in_flight_bytes,
            in_flight_limit_bytes=self.in_flight_limit_bytes,
        )

    def may_send_frame(self, now_us: int) -> bool:
        """Tell whether a frame may be encoded and sent now; if not, skip it rather than queue it."""
        self._sent.forget(now_us)
        return self._sent.in_flight_bytes < self.in_flight_limit_bytes

    def on_packet_sent(
        self, transport_seq: int, size_bytes: int, kind: PacketKind, now_us: int, *, frame_id: int | None = None
    ) -> None:
        """A packet was handed to the socket.

        Args:
            transport_seq: From ``next_seq``.
            size_bytes: UDP payload.
            kind: What it carries.
            now_us: When.
            frame_id: Of the frame that it is a part of, or in whose burst it leaves.
        """
        self._sent.add(transport_seq, size_bytes + IP_UDP_BYTES, kind, now_us, frame_id)

    def on_feedback(self, feedback: TransportFeedback, now_us: int) -> None:
        """A transport-wide report came."""
        results = self._sent.take(feedback)
        if not results.arrived and not results.lost:
            return
        self._queue.add(results.arrived)
        for packet in results.arrived:
            self._trend.add(packet)
        self._capacity.add(results.arrived)
        self._delivered.add(results.arrived)
        self._note_loss(results, now_us)
        if results.arrived:
            self.rtt_us = now_us - results.arrived[-1].sent_us
            self._in_flight.heard(results.arrived, now_us)
        self._controller.on_report(
            self._signals(), now_us, min_bps=self.limits.min_bps, max_bps=self.limits.max_bps / VIDEO_SHARE
        )

    def on_frame_report(self, frame_id: int, received_us: int, now_us: int) -> None:
        """The page has a frame whole: all its packets, and by then all before it, have come or are given up.

        Args:
            frame_id: As given to ``on_packet_sent``.
            received_us: When, on any clock of the page that does not jump.
            now_us: When the report came.
        """

    @property
    def next_timeout_us(self) -> int | None:
        """When to call ``handle_timeout`` at the latest; None if nothing is awaited."""
        return None

    def handle_timeout(self, now_us: int) -> None:
        """Time passed: reports that are overdue make the sender careful."""
        self._sent.forget(now_us)

    def take_probe(self, now_us: int) -> ProbeCluster | None:
        """Return a probe that should be sent now, behind the frame that is being sent if there is one."""
        return None

    def _note_loss(self, results: PacketResults, now_us: int) -> None:
        self._loss.add(
            arrived=len(results.arrived),
            lost=len(results.lost),
            bursts=_runs(results.lost),
            late=len(results.late),
            now_us=now_us,
        )

    def _signals(self) -> PathSignals:
        return PathSignals(
            queue_us=self._queue.standing_us,
            capacity=self._capacity.capacity,
            delivered_bps=self._delivered.bps,
            usage=self._trend.usage,
            loss=self._loss.fraction,
            rtt_us=self.rtt_us,
        )


def _runs(packets: list[SentPacket]) -> int:
    return sum(index == 0 or packet.seq != packets[index - 1].seq + 1 for index, packet in enumerate(packets))
