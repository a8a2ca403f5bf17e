"""Sent packets kept for retransmission, and when one may be sent again."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from render_node.session.core.rate_limit import TokenBucket

HISTORY_US = 1_500_000
"""Age up to which a packet is repeated; a picture later than this helps nobody."""

HISTORY_MAX_PACKETS = 8192
"""Packets kept: 1.5 s at 50 Mbit/s."""

HISTORY_MAX_BYTES = 10 * 1024 * 1024
"""Bytes kept, so that one peer's memory is bounded whatever is sent."""

REPEAT_MIN_US = 5_000
"""Shortest time between two repeats of one packet, used until the round trip is known."""

STUCK_US = 200_000
"""Time from the first request for a packet to another one after which repeating it is given up, at short round trips.
Chrome waits for 300 ms until it asks for a keyframe by itself, Firefox for 3 s."""

STUCK_ROUND_TRIPS = 3

REPEATS_PER_S = 1500
"""Sustained repeats: as much again as an 8 Mbit/s stream has packets, and half of that."""

REPEATS_BURST = 750
"""Repeats at once: what a radio link loses in half a second."""


@dataclass(slots=True)
class _Sent:
    packet: bytes
    sent_us: int
    repeated_us: int
    asked_us: int | None = None


class SendHistory:
    """One stream's sent packets by sequence number, oldest dropped first."""

    def __init__(self) -> None:
        self._sent: dict[int, _Sent] = {}
        self._bytes = 0
        self._repeats = TokenBucket(REPEATS_PER_S, REPEATS_BURST)
        self.refused = 0
        """Requests not served: unknown, too old, just repeated or over the rate."""

    def __len__(self) -> int:
        return len(self._sent)

    def add(self, seq: int, packet: bytes, now_us: int) -> None:
        """Keep a packet that was just sent."""
        replaced = self._sent.pop(seq, None)
        if replaced is not None:
            self._bytes -= len(replaced.packet)
        self._sent[seq] = _Sent(packet, now_us, -HISTORY_US)
        self._bytes += len(packet)
        oldest_us = now_us - HISTORY_US
        while self._sent:
            first = next(iter(self._sent))
            held = self._sent[first]
            full = len(self._sent) > HISTORY_MAX_PACKETS or self._bytes > HISTORY_MAX_BYTES
            if held.sent_us >= oldest_us and not full:
                break
            del self._sent[first]
            self._bytes -= len(held.packet)

    def clear(self) -> None:
        """Forget all packets: none of them is worth repeating any more."""
        self._sent.clear()
        self._bytes = 0

    def newest(self, count: int) -> list[bytes]:
        """Return the packets sent last, newest first."""
        return [held.packet for held in islice(reversed(self._sent.values()), count)]

    def is_stuck(self, seq: int, now_us: int, rtt_us: int) -> bool:
        """Note that a packet is asked for; tell whether that has gone on for too long."""
        held = self._sent.get(seq)
        if held is None:
            return False
        if held.asked_us is None:
            held.asked_us = now_us
        return now_us - held.asked_us > max(STUCK_US, STUCK_ROUND_TRIPS * rtt_us)

    def repeat(self, seq: int, now_us: int, rtt_us: int) -> bytes | None:
        """Return the packet to send again for a NACK, or None.

        A packet is repeated at most once per round trip: requests that arrive while the repeat is on its way are
        answered by it already.
        """
        held = self._sent.get(seq)
        if held is None or now_us - held.sent_us > HISTORY_US:
            self.refused += 1
            return None
        if now_us - held.repeated_us < max(REPEAT_MIN_US, rtt_us) or not self._repeats.take(now_us):
            self.refused += 1
            return None
        held.repeated_us = now_us
        return held.packet
