"""Sender-side congestion control of one peer, behind one door.

It is told what was sent and what came back, and says how fast to send. It owns the history of sent packets, the
estimates made of it and the controller that decides; it does not own the pacer or the packets.

Use::

    control = SendSide(RateLimits(min_bps=300_000, start_bps=4_000_000, max_bps=8_000_000))
    pacer = Pacer(control.pacing_bps)

    # before each picture is encoded
    if control.may_send_frame(now_us) and not pacer.is_late():
        encoder.set_bitrate(control.target_bps)       # then encode, packetise, pacer.enqueue(...)

    # for each packet that the pacer lets go
    seq = control.next_seq()                          # stamp it into the header extension, send, and if it was taken:
    control.on_packet_sent(seq, len(udp_payload), PacketKind.VIDEO, now_us, frame_id=frame_id)

    # for each TransportFeedback that ``parse_rtcp`` returns, and each frame report of the page
    control.on_feedback(feedback, now_us)
    control.on_frame_report(frame_id, now_us)

    # after each of these, and at ``next_timeout_us``
    control.handle_timeout(now_us)
    pacer.set_rate(control.pacing_bps)
    if (probe := control.take_probe(now_us)) is not None:
        pacer.enqueue_probe(packets, probe.rate_bps, now_us)     # padding-only or repeated packets

Times are integers in microseconds of one monotonic clock, except those that a receiver reports, which are on its own.
Rates are bits per second. Nothing raises on what a peer reports.
"""

from __future__ import annotations

from dataclasses import dataclass

from render_node.session.core.path_estimate import PathEstimate
from render_node.session.core.probing import ProbeCluster, Prober
from render_node.session.core.rate_controller import QUEUE_LONG_US, RateController, RateReason
from render_node.session.core.sent_packets import PacketKind
from render_node.session.core.sent_rates import HEADERS_SHARE
from render_node.session.core.transport_feedback import TransportFeedback

IP_UDP_BYTES = 28
"""Added to each packet: links carry IP packets. 20 more with IPv6, which the share that is left free covers."""

PACE_FACTOR = 2.0
"""Pace over mean rate while the link's capacity is not known: a mean frame takes half its interval."""

FASTER_FACTOR = 1.5
"""Pace over the capacity that is known: enough to see whether the link has become faster. A frame loses nothing by
it, since the link is slower; and where it is much faster than the rate, a frame leaves almost at once."""

BURST_LOSS_MAX = 0.03
"""With more loss than this frames are spread even where the link seems fast: bursts may be what is lost."""

OTHERS_SHARE_MAX = 0.5
"""Most that sound, repeats and repair may take from the encoder's part."""

TARGET_STEP = 0.01
"""Least change of the encoder's target; the rate itself moves a little with every report."""

SILENCE_US = 400_000
"""Without a report for this long, though packets are under way, we grow careful: browsers send one every 250 ms or
more often."""

KEEPALIVE_US = 250_000
"""While the limit of bytes in flight holds frames back, one in this time is let through, or nothing would ever tell
that the path works again."""


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Bounds of the encoder's target."""

    min_bps: int
    start_bps: int
    max_bps: int


@dataclass(frozen=True, slots=True)
class PathState:
    """For the overlay, metrics, logs, and the choice of repair."""

    reason: RateReason
    total_bps: int
    """All that may be sent, IP headers included."""
    delivered_bps: int
    """0 while unknown."""
    capacity_bps: int
    """0 while unknown."""
    capacity_at_least: bool
    """The link is this fast or faster."""
    rtt_us: int
    queue_us: int
    loss: float
    """Share lost in the last second, 0..1."""
    burst_packets: float
    """Mean number of packets lost in a row."""
    in_flight_bytes: int
    in_flight_limit_bytes: int


class SendSide:
    """See the module."""

    def __init__(self, limits: RateLimits) -> None:
        self.target_bps = limits.start_bps
        """What the encoder should make: the total without headers, sound, repeats and repair. Changes with reports
        and timeouts, by no less than ``TARGET_STEP`` at a time."""
        self._limits = limits
        self._path = PathEstimate()
        self._controller = RateController(limits.start_bps / (1 - HEADERS_SHARE))
        self._silent_us: int | None = None
        self._frame_us: int | None = None
        self._filled_us: int | None = None
        self._prober = Prober()

    def next_seq(self) -> int:
        """Return the transport-wide sequence number that the next packet must carry."""
        return self._path.sent.next_seq()

    @property
    def pacing_bps(self) -> int:
        """How fast packets may leave, IP headers included."""
        capacity = self._path.capacity
        total_bps = self._controller.total_bps
        if capacity is None:
            return round(PACE_FACTOR * total_bps)
        mean_bps = (PACE_FACTOR if capacity.at_least else FASTER_FACTOR) * total_bps
        if capacity.at_least and self._path.loss.fraction > BURST_LOSS_MAX:
            return round(mean_bps)
        return round(max(mean_bps, FASTER_FACTOR * capacity.bps))

    @property
    def in_flight_limit_bytes(self) -> int:
        """Bytes that may be under way, IP headers included."""
        path, total_bps = self._path, self._controller.total_bps
        capacity_bps = path.capacity.bps if path.capacity is not None else total_bps
        foreign_us = 2 * path.queue_us if self._controller.is_competing else 0
        return path.in_flight.limit_bytes(total_bps, capacity_bps, foreign_us)

    @property
    def state(self) -> PathState:
        """How the path looks now."""
        path, capacity = self._path, self._path.capacity
        return PathState(
            reason=self._controller.reason,
            total_bps=round(self._controller.total_bps),
            delivered_bps=round(path.delivered_bps or 0),
            capacity_bps=round(capacity.bps) if capacity is not None else 0,
            capacity_at_least=capacity is not None and capacity.at_least,
            rtt_us=path.rtt_us,
            queue_us=path.queue_us,
            loss=path.loss.fraction,
            burst_packets=path.loss.burst_packets,
            in_flight_bytes=path.sent.in_flight_bytes,
            in_flight_limit_bytes=self.in_flight_limit_bytes,
        )

    @property
    def has_room(self) -> bool:
        """Whether less is under way than may be."""
        return self._path.sent.in_flight_bytes < self.in_flight_limit_bytes

    def filled_queue_since(self, since_us: int) -> bool:
        """Tell whether a report since then told of a long queue of our own making: losses beside it are its."""
        return self._filled_us is not None and self._filled_us >= since_us

    def may_send_frame(self, now_us: int) -> bool:
        """Tell whether a frame may be encoded and sent now; if not, skip it rather than queue it."""
        return self.has_room or self._frame_us is None or now_us - self._frame_us >= KEEPALIVE_US

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
        packet = self._path.sent.add(transport_seq, size_bytes + IP_UDP_BYTES, kind, now_us, frame_id)
        self._path.on_packet_sent(packet)
        if kind is PacketKind.VIDEO:
            self._frame_us = now_us

    def on_feedback(self, feedback: TransportFeedback, now_us: int) -> None:
        """A transport-wide report came."""
        signals = self._path.on_feedback(feedback, now_us)
        if signals is not None:
            max_bps = self._limits.max_bps / self._path.rates.payload_share + self._others_bps
            self._controller.on_report(signals, now_us, min_bps=self._limits.min_bps, max_bps=max_bps)
            if self._path.queue_us > QUEUE_LONG_US and not self._controller.is_competing:
                self._filled_us = now_us
            self._retarget()

    def on_frame_report(self, frame_id: int, now_us: int) -> None:
        """The page has a frame whole: all its packets, and by then all before it, have come or are given up.

        Args:
            frame_id: As given to ``on_packet_sent``.
            now_us: When the report came.
        """
        self._path.on_frame_report(frame_id, now_us)

    @property
    def next_timeout_us(self) -> int | None:
        """When to call ``handle_timeout`` at the latest; None while nothing is under way."""
        unheard_us = self._path.unheard_us
        if unheard_us is None:
            return None
        if self._silent_us is not None:
            unheard_us = max(unheard_us, self._silent_us)
        return unheard_us + SILENCE_US + self._path.rtt_us

    def handle_timeout(self, now_us: int) -> None:
        """Time passed: reports that are overdue make the sender careful."""
        timeout_us = self.next_timeout_us
        if timeout_us is not None and now_us >= timeout_us:
            self._silent_us = now_us
            self._controller.on_silence(min_bps=self._limits.min_bps)
        self._path.sent.forget(now_us)
        self._retarget()

    def take_probe(self, now_us: int) -> ProbeCluster | None:
        """Return a probe that should follow the frame being queued now, if one is due and may tell something."""
        path = self._path
        if self.target_bps >= self._limits.max_bps or not path.was_heard or self._controller.is_competing:
            return None
        measured_us = path.capacity.measured_us if path.capacity is not None else None
        return self._prober.take(self._controller.total_bps, measured_us, now_us)

    def _retarget(self) -> None:
        limits, total_bps = self._limits, self._controller.total_bps
        video_bps = max(total_bps - self._others_bps, (1 - OTHERS_SHARE_MAX) * total_bps)
        wanted_bps = min(max(video_bps * self._path.rates.payload_share, limits.min_bps), limits.max_bps)
        if wanted_bps > (1 - TARGET_STEP) * limits.max_bps:
            wanted_bps = limits.max_bps
        at_edge = wanted_bps in (limits.min_bps, limits.max_bps)
        if at_edge or abs(wanted_bps - self.target_bps) > TARGET_STEP * self.target_bps:
            self.target_bps = round(wanted_bps)

    @property
    def _others_bps(self) -> float:
        return self._path.rates.bps(PacketKind.AUDIO, PacketKind.RTX, PacketKind.FEC)
