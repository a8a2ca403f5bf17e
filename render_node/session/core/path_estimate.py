"""What is known of the path to one peer: everything that reports tell, estimated in one place."""

from __future__ import annotations

from dataclasses import dataclass

from render_node.session.core.capacity_estimate import Capacity, CapacityEstimate
from render_node.session.core.delay_trend import DelayTrend, Usage
from render_node.session.core.delivered_rate import DeliveredRate
from render_node.session.core.frame_reports import FrameReports
from render_node.session.core.in_flight_limit import InFlightLimit
from render_node.session.core.loss_estimate import LossEstimate
from render_node.session.core.queue_delay import QueueDelay
from render_node.session.core.sent_packets import PacketKind, SentPacket, SentPackets
from render_node.session.core.sent_rates import SentRates
from render_node.session.core.transport_feedback import TransportFeedback
from render_node.session.core.windowed_min import WindowedMin

QUEUE_IDLE_US = 4_000
"""Standing delay that is noise rather than a queue."""

RTT_BUCKET_US, RTT_BUCKETS = 2_000_000, 5
"""Round trips of the last ten seconds count."""


@dataclass(frozen=True, slots=True)
class PathSignals:
    """What one report shows of the path."""

    queue_us: int
    """Standing queue."""
    queue_change_us: int
    """Since the report before."""
    newest_sent_us: int
    """When the newest packet that arrived was sent."""
    elapsed_us: int
    """Since the same of the report before."""
    sent_bytes: int
    """Sent in that time."""
    lost_us: int | None
    """When the newest packet was sent that the report calls missing; None if there is none."""
    capacity: Capacity | None
    delivered_bps: float | None
    usage: Usage
    loss: float
    """Share lost in the last second, 0..1."""
    rtt_us: int
    """Least round trip, without queue."""


class PathEstimate:
    """Owns the history of what was sent and every estimate made of it."""

    def __init__(self) -> None:
        self.sent = SentPackets()
        self.rates = SentRates()
        self.loss = LossEstimate()
        self.in_flight = InFlightLimit()
        self.queue_us = 0
        """Standing queue."""
        self.was_heard = False
        """A report told of an arrival at some time."""
        self.unheard_us: int | None = None
        """Since when news of arrivals is awaited; None while nothing is under way. Losses alone are no news: without
        an arrival a receiver cannot know of them."""
        self._queue = QueueDelay()
        self._trend = DelayTrend()
        self._capacity = CapacityEstimate()
        self._delivered = DeliveredRate()
        self._frames = FrameReports()
        self._rtt = WindowedMin(RTT_BUCKET_US, RTT_BUCKETS)
        self._newest_sent_us: int | None = None

    @property
    def capacity(self) -> Capacity | None:
        """The link's capacity as last measured."""
        return self._capacity.capacity

    @property
    def delivered_bps(self) -> float | None:
        """Rate at which packets arrive."""
        return self._delivered.bps

    @property
    def rtt_us(self) -> int:
        """Least time between sending a packet and hearing of it over the last seconds; 0 before any."""
        return self._rtt.value or 0

    def on_packet_sent(self, packet: SentPacket) -> None:
        """A packet left; ``sent`` has it already."""
        self.rates.add(packet)
        if self.unheard_us is None:
            self.unheard_us = packet.sent_us
        if packet.frame_id is not None and packet.kind is PacketKind.VIDEO:
            self._frames.sent(packet)

    def on_frame_report(self, frame_id: int, now_us: int) -> None:
        """The page has a frame."""
        last_seq = self._frames.take(frame_id)
        if last_seq is not None:
            self._news(self.sent.land_until(last_seq), now_us)

    def on_feedback(self, feedback: TransportFeedback, now_us: int) -> PathSignals | None:
        """Take a report; return what it shows, None if no packet arrived that we did not know of."""
        results = self.sent.take(feedback)
        self.loss.add(arrived=len(results.arrived), lost=results.lost, late=len(results.late), now_us=now_us)
        arrived = results.arrived
        if not arrived:
            return None
        self.was_heard = True
        self.unheard_us = now_us if self.sent.oldest_waiting_us is not None else None
        newest_us = arrived[-1].sent_us
        queue_before_us = self.queue_us
        self._queue.add(arrived)
        self.queue_us = self._queue.standing_us
        self._capacity.add(arrived)
        self._delivered.add(arrived)
        for packet in arrived:
            self._trend.add(packet)
        self._rtt.add(now_us - newest_us, now_us)
        self._news(results.landed, now_us)
        elapsed_us = newest_us - self._newest_sent_us if self._newest_sent_us is not None else 0
        self._newest_sent_us = newest_us
        return PathSignals(
            queue_us=self.queue_us,
            queue_change_us=self.queue_us - queue_before_us,
            newest_sent_us=newest_us,
            elapsed_us=max(0, elapsed_us),
            sent_bytes=sum(packet.size_bytes for packet in arrived),
            lost_us=results.lost[-1].sent_us if results.lost else None,
            capacity=self._capacity.capacity,
            delivered_bps=self._delivered.bps,
            usage=self._trend.usage,
            loss=self.loss.fraction,
            rtt_us=self.rtt_us,
        )

    def _news(self, packets: list[SentPacket], now_us: int) -> None:
        """Learn how long news takes, while no queue delays it."""
        if self.queue_us < QUEUE_IDLE_US:
            self.in_flight.heard(packets, now_us)
