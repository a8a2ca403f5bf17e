"""How much is sent beside a frame so that a lost packet need not be asked for. Pure; times in µs.

A repeat that is asked for comes a round trip late; parity comes with the frame. What parity costs is worth it only
where packets are really lost, so it follows the measured loss: up at once, down slowly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from render_node.session.media import OPUS_BPS

PARITY_FROM = 0.005
"""Loss from which parity is sent. Below, a frame of 14 packets is hit less than once a second at 60 fps, and repeats
are cheaper."""

PARITY_UNTIL = 0.003
"""Loss below which it ends again."""

PARITY_SHARES = ((0.01, 0.07), (0.02, 0.14), (0.05, 0.28), (0.10, 0.35))
"""Parity packets per media packet by loss, linear in between. Of frames of 14 packets 1.0% are left to repeats at 1%
random loss, 1.4% at 2% and 2.0% at 5%; without parity it would be 13%, 25% and 51%."""

SHORT_ROUND_TRIP_US = 10_000
"""Up to here a repeat comes within the frame's own interval; one parity packet for every 15 is enough, for the losses
that nothing else would show before the next frame."""

SHORT_ROUND_TRIP_SHARE = 1 / 15

WAIT_UNTIL = 0.02
"""Loss up to which a repeat that parity should have made unnecessary waits until it is asked for again. At 1% loss
0.1% of the frames wait longer for that; at 5% it would be 3%, more than the repeats saved are worth."""

SOUND_ONCE_UNTIL = 0.02
"""Loss up to which one earlier packet of sound in each is enough: of all packets 0.04% are then lost with both
chances. With two it is 0.01% at 5%."""

SOUND_SHARE_MAX = 0.15
"""Of the video's rate, that earlier sound may take beside it: two packets from 1.7 Mbit/s on, none below 0.9."""

FAST_US = 1_000_000
SLOW_US = 5_000_000
"""Time constants of the two estimates, the higher of which counts."""

REPORT_MAX_PACKETS = 100_000


class LossEstimate:
    """Share of packets lost, from reports of lost and expected packets; quick to rise, slow to fall."""

    def __init__(self) -> None:
        self._counts = {FAST_US: [0.0, 0.0], SLOW_US: [0.0, 0.0]}
        self._reported_us: int | None = None

    def report(self, lost: int, expected: int, now_us: int) -> None:
        """Take a report; one that makes no sense is bounded, not refused.

        Args:
            lost: Packets lost since the report before; negative where duplicates came.
            expected: Packets sent since then.
            now_us: When it came.
        """
        expected = min(max(expected, 0), REPORT_MAX_PACKETS)
        lost = min(max(lost, 0), expected)
        elapsed_us = max(0, now_us - self._reported_us) if self._reported_us is not None else 0
        self._reported_us = now_us
        for time_us, counts in self._counts.items():
            kept = math.exp(-elapsed_us / time_us)
            counts[0] = counts[0] * kept + lost
            counts[1] = counts[1] * kept + expected

    @property
    def share(self) -> float:
        """The estimate, 0..1."""
        return max(lost / expected if expected else 0.0 for lost, expected in self._counts.values())


@dataclass(frozen=True, slots=True)
class Protection:
    """What goes out with one frame."""

    parities: int = 0
    """Parity packets."""
    repeats_wait: bool = False
    """A packet that parity may repair is repeated only when it is asked for a second time."""
    repeat_tail: bool = False
    """The last packet goes out twice: that it is lost would show only with the next frame."""


NOTHING = Protection()


class ProtectionPolicy:
    """Decides for each frame of one peer.

    Args:
        has_parity: Whether the peer takes parity.
    """

    def __init__(self, *, has_parity: bool) -> None:
        self._has_parity = has_parity
        self._estimate = LossEstimate()
        self._rtt_us = 0
        self._is_on = False
        self.asks_again_soon = False
        """Whether the peer, which knows the round trip, asks again after that; others wait for 110 ms."""

    @property
    def doubles_repeats(self) -> bool:
        """Whether repeats go out twice: where they are all there is, and often lost too or slowly asked for again."""
        return self._is_on and not self._has_parity and (self.loss > WAIT_UNTIL or not self.asks_again_soon)

    def sound_depth(self, rate_bps: int) -> int:
        """Return how many earlier packets of sound each new one carries.

        Args:
            rate_bps: What the peer's network carries of video.
        """
        if not self._is_on:
            return 0
        wanted = 1 if self.loss <= SOUND_ONCE_UNTIL else 2
        return min(wanted, int(rate_bps * SOUND_SHARE_MAX / OPUS_BPS))

    @property
    def loss(self) -> float:
        """Estimated share of packets lost, 0..1."""
        return self._estimate.share

    def report(self, lost: int, expected: int, *, rtt_us: int, now_us: int) -> None:
        """Take what the peer reports.

        Args:
            lost: As ``LossEstimate.report``.
            expected: Likewise.
            rtt_us: Smoothed round trip; 0 if unknown.
            now_us: When it came.
        """
        self._estimate.report(lost, expected, now_us)
        self._rtt_us = rtt_us
        self._is_on = self.loss >= (PARITY_UNTIL if self._is_on else PARITY_FROM)

    def for_frame(self, packets: int) -> Protection:
        """Return what goes out with a frame of so many packets."""
        if not self._is_on:
            return NOTHING
        if not self._has_parity:
            return Protection(repeat_tail=True)
        share = parity_share(self.loss)
        if 0 < self._rtt_us <= SHORT_ROUND_TRIP_US:
            share = min(share, SHORT_ROUND_TRIP_SHARE)
        return Protection(max(1, round(packets * share)), repeats_wait=self.loss <= WAIT_UNTIL)


def parity_share(loss: float) -> float:
    """Return how many parity packets a media packet gets at this loss."""
    below, low = PARITY_SHARES[0]
    for above, high in PARITY_SHARES:
        if loss <= above:
            part = (loss - below) / (above - below) if above > below and loss > below else 0.0
            return low + part * (high - low)
        below, low = above, high
    return low
