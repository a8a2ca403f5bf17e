"""At which rate an encoder is opened that takes no new one while it is open: each opening costs a keyframe.

Between two openings such an encoder stays where it is while the network's rate goes up and down, so the rule cannot
be "open it at the target": a target that is low because a short queue drains is below what the network carries, and
one that is at its highest, where the queue is empty, is a little more than an encoder that cannot give way may use
all of the time. Opened at one after the other it swings, and uses less than either. So a small fall of the target
makes a small step down, and a rate that soon had to be left is not taken again for a while.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from wire.session_control import VideoCodec

LEFT_SOON_US = 15_000_000
"""A rate that had to be lowered within this time was too high for the network, not too high by a change of it."""

HOLD_US, HOLD_MAX_US = 20_000_000, 160_000_000
"""How long a rate that was too high is not taken again; doubles each time that it proves to be so."""

FAR_AT_ONCE, AT_ONCE_AFTER_US = 0.5, 400_000
"""A target that stays under this share is taken so soon after an opening already."""

FAR_ABOVE = 2.0
"""A target that stays above this share shows that the last step down was too long: it is taken sooner."""

ROOM_SHARE = 0.95
"""Part of a lasting target at which the encoder is opened higher: it cannot give way while its keyframe drains."""

FASTER = 1.25
"""A target that stays this much above a rate which was too high is news of another network."""

LOW_LASTS_US, HIGH_LASTS_US = 200_000, 300_000
"""How long a target must be low or high: a keyframe's own queue lowers it for a tenth of a second, and growth goes
beyond what the network carries for a moment."""

RECENT_MAX = 128
"""Targets remembered: more than ``HIGH_LASTS_US`` of them, asked for twice for each of 120 pictures a second."""


@dataclass(frozen=True, slots=True)
class StepSizes:
    """What is worth a keyframe. Shares are of the rate at which the encoder is open."""

    raise_above: float
    """A target that stays above this share opens it higher."""
    lower_below: float
    """A target that stays under this share opens it lower, by one small step."""
    small_step: float
    """Share at which it is opened then."""
    far_below: float
    """A target that stays under this share is taken: the network has become slower, rather than a queue drains."""
    settled_us: int
    """Until so long after an opening its own keyframe may stand in the queue: then only ``FAR_AT_ONCE`` counts."""
    raise_after_us: int
    """Least time between an opening and the next higher one."""
    raise_far_after_us: int
    """The same where the target is above ``FAR_ABOVE``."""

    @classmethod
    def of(cls, codec: VideoCodec) -> Self:
        """Return the steps for a codec: a keyframe of VP8 is ten times a frame, one of H.264 less than twice."""
        if codec is VideoCodec.H264:
            return cls(
                raise_above=1.08,
                lower_below=0.92,
                small_step=0.95,
                far_below=0.8,
                settled_us=1_000_000,
                raise_after_us=1_500_000,
                raise_far_after_us=400_000,
            )
        return cls(
            raise_above=1.2,
            lower_below=0.85,
            small_step=0.85,
            far_below=0.8,
            settled_us=2_000_000,
            raise_after_us=5_000_000,
            raise_far_after_us=2_000_000,
        )


class RateSteps:
    """Follows one encoder. Times in µs of any one clock.

    Args:
        sizes: What is worth a keyframe.
        limit_bps: Most that a target can be: there no network limits it, and no room is kept.
    """

    def __init__(self, sizes: StepSizes, limit_bps: int) -> None:
        self._sizes = sizes
        self._limit_bps = limit_bps
        self._opened_bps = 0
        self._opened_us = 0
        self._raised = False
        self._recent: deque[tuple[int, int]] = deque(maxlen=RECENT_MAX)
        self._low_since_us: int | None = None
        self._ceiling_bps = 0
        self._ceiling_until_us = 0
        self._hold_us = HOLD_US

    def opened(self, rate_bps: int, now_us: int) -> None:
        """The encoder was opened at this rate, whatever for."""
        self._raised = rate_bps >= self._opened_bps
        self._opened_bps, self._opened_us = rate_bps, now_us
        self._low_since_us = None

    def rate_bps(self, target_bps: int, now_us: int, *, is_free: bool = False) -> int:
        """Take the target and return the rate that the encoder should be open at; where it is, if it may stay.

        Only after ``opened``.

        Args:
            target_bps: What congestion control wants now.
            now_us: When; call this for each picture.
            is_free: The encoder is opened anyway, for another reason.
        """
        self._recent.append((now_us, target_bps))
        lasting_bps = min(self._since(now_us - HIGH_LASTS_US))
        room_share = ROOM_SHARE if lasting_bps < self._limit_bps else 1.0
        with_room_bps = self._bounded(round(room_share * lasting_bps), now_us)
        if is_free:
            return with_room_bps
        if target_bps < self._sizes.lower_below * self._opened_bps:
            if self._low_since_us is None:
                self._low_since_us = now_us
            if now_us - self._low_since_us >= LOW_LASTS_US:
                return self._lowered(max(self._since(now_us - LOW_LASTS_US)), now_us)
            return self._opened_bps
        self._low_since_us = None
        share, open_us = lasting_bps / self._opened_bps, now_us - self._opened_us
        after_us = self._sizes.raise_far_after_us if share >= FAR_ABOVE else self._sizes.raise_after_us
        if share < self._sizes.raise_above or open_us < after_us:
            return self._opened_bps
        return max(with_room_bps, self._opened_bps)

    def _since(self, begin_us: int) -> Iterator[int]:
        return (bps for at_us, bps in self._recent if at_us >= begin_us)

    def _lowered(self, lasting_bps: int, now_us: int) -> int:
        open_us = now_us - self._opened_us
        is_settled = open_us >= self._sizes.settled_us
        is_far = lasting_bps < (self._sizes.far_below if is_settled else FAR_AT_ONCE) * self._opened_bps
        if open_us < AT_ONCE_AFTER_US or not (is_far or is_settled):
            return self._opened_bps
        small_bps = round(self._sizes.small_step * self._opened_bps)
        if self._raised and open_us < LEFT_SOON_US:
            recurs = self._ceiling_bps and 1 / FASTER < small_bps / self._ceiling_bps < FASTER
            self._hold_us = min(2 * self._hold_us, HOLD_MAX_US) if recurs else HOLD_US
            self._ceiling_bps, self._ceiling_until_us = small_bps, now_us + self._hold_us
        return lasting_bps if is_far else small_bps

    def _bounded(self, lasting_bps: int, now_us: int) -> int:
        """Return a rate, or the one below that which was too high while that is remembered."""
        if lasting_bps > FASTER * self._ceiling_bps:
            self._ceiling_bps = 0
        is_held = self._ceiling_bps and now_us < self._ceiling_until_us
        return min(lasting_bps, self._ceiling_bps) if is_held else lasting_bps
