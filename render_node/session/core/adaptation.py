"""What is encoded at a given rate: first the picture gets coarser, then frames fewer, then pixels.

A ladder of operating points, best first, each with half the frames or fewer pixels than the one before, is taken one
step at a time: down when the rate no longer buys an acceptable picture there or the client cannot keep up, up when it
would clearly buy one on the step above. Down comes within a second, up after several, and later each time that it did
not last: every change of size costs a keyframe.

Up to ``NOMINAL_FPS`` a title's own rate is what is aimed at. More is for displays that show more, and only while
encoding leaves room for it: a node counts its slots for the nominal rate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

BITS_PER_PIXEL = 0.03
"""What hard content needs for an acceptable picture at 720p60: 1.7 Mbit/s; used while its quantiser is unknown."""

QUANTISER_MAX = 40.0
"""H.264 quantiser at which a picture is just acceptable; six steps more or less are half or twice the bits."""

FRAMES_EXPONENT = 0.6
"""Half the frames need 0.66 of the bits: each of them has moved further."""

PIXELS_EXPONENT = 0.85
"""Half the pixels need 0.55 of the bits."""

SIZES = ((1, 1), (3, 4), (1, 2))
"""Scale of width and height, as fractions."""

FPS_MIN = 30
"""Below this a game is no longer played."""

NOMINAL_FPS = 60
"""What every display and every slot is taken to manage."""

REFRESH_SLACK = 0.95
"""A rate that is a little below a display's refresh, as measured, is that display's rate."""

DOWN_SHARE, UP_SHARE = 0.9, 1.3
"""Rate over need below which a step is left, above which the one above is taken."""

DOWN_AFTER_US = 800_000
STARVED_SHARE, STARVED_AFTER_US = 0.5, 500_000
"""With half of the need or less it is left sooner, but not while a queue is only being drained."""

UP_AFTER_US, UP_AFTER_MAX_US = 5_000_000, 80_000_000
RELAPSE_US = 15_000_000
"""Going down within this time after going up doubles the wait for the next try."""

DECODED_SHARE_MIN = 0.9
"""The client is in trouble if it decodes less of what came."""

ENCODE_SHARE_UP, ENCODE_SHARE_MAX = 0.4, 0.6
"""Of a frame's interval, what converting and encoding one may take so that a step above the nominal rate is taken,
and so that it is kept. With 0.6 and 0.9 two busy cores took on 720p at 120 fps: 102 of them were decoded, sent 2 ms
later than at 60."""


@dataclass(frozen=True, slots=True)
class Caps:
    """What the title gives and the player allows."""

    width_px: int
    height_px: int
    fps: int
    max_height_px: int | None = None
    max_fps: int | None = None
    max_bps: int | None = None
    refresh_hz: int = NOMINAL_FPS
    """Of the players' slowest display; what it cannot show is not encoded."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A step of the ladder."""

    width_px: int
    """Even."""
    height_px: int
    """Even."""
    fps: int

    @property
    def pixels_per_s(self) -> float:
        """Pixels encoded per second."""
        return self.width_px * self.height_px * self.fps


@dataclass(frozen=True, slots=True)
class Encoding:
    """What the encoder is to do."""

    point: OperatingPoint
    bitrate_bps: int


@dataclass(frozen=True, slots=True)
class Sample:
    """What is seen at one moment, averaged over about half a second."""

    target_bps: int
    """Rate that the encoder may use."""
    used_bps: int
    """Rate that it used."""
    quantiser: float | None = None
    """Its mean quantiser on H.264's scale; None if it does not tell."""
    decoded_share: float = 1.0
    """Frames that the client decoded of those that came whole."""
    encode_ms: float = 0.0
    """Median time to convert and encode one; 0 before any."""


def ladder(caps: Caps) -> tuple[OperatingPoint, ...]:
    """Return the steps, best first; at least one."""
    rates = [caps.fps]
    while rates[-1] // 2 >= FPS_MIN:
        rates.append(rates[-1] // 2)
    steps = [(scale, fps) for scale in SIZES[:1] for fps in rates] + [(scale, rates[-1]) for scale in SIZES[1:]]
    points = [OperatingPoint(_even(caps.width_px, scale), _even(caps.height_px, scale), fps) for scale, fps in steps]
    shown = [fps for fps in rates if fps >= REFRESH_SLACK * max(caps.refresh_hz, NOMINAL_FPS)]
    max_fps = max(min(min(shown, default=caps.fps), caps.max_fps or caps.fps), rates[-1])
    allowed = [
        point
        for point in points
        if point.fps <= max_fps and (caps.max_height_px is None or point.height_px <= caps.max_height_px)
    ]
    return tuple(allowed) or (points[-1],)


def _even(size_px: int, scale: tuple[int, int]) -> int:
    over, under = scale
    return max(2, size_px * over // under & ~1)


class Adaptation:
    """Chooses the step for one rung of the encoder."""

    def __init__(self, caps: Caps) -> None:
        self._ladder = ladder(caps)
        self._max_bps = caps.max_bps
        self._step = 0
        self._poor_us: int | None = None
        self._rich_us: int | None = None
        self._raised_us: int | None = None
        self._up_after_us = UP_AFTER_US

    @property
    def point(self) -> OperatingPoint:
        """The step in force."""
        return self._ladder[self._step]

    def set_caps(self, caps: Caps) -> None:
        """Take other limits, and the step that comes nearest to the one in force."""
        pixels_per_s = self.point.pixels_per_s
        self._ladder = ladder(caps)
        self._max_bps = caps.max_bps
        nearest = min(self._ladder, key=lambda point: abs(point.pixels_per_s - pixels_per_s))
        self._step = self._ladder.index(nearest)
        self._poor_us = self._rich_us = None

    def take(self, sample: Sample, now_us: int) -> Encoding:
        """Return what to encode from now on; call a few times a second."""
        share = sample.target_bps / self._need_bps(sample, self.point)
        troubled = _is_troubled(sample, self.point)
        self._poor_us = _since(self._poor_us, troubled or share < DOWN_SHARE, now_us)
        self._rich_us = _since(self._rich_us, not troubled and self._may_rise(sample), now_us)
        starved = share < STARVED_SHARE and not troubled
        patience_us = STARVED_AFTER_US if starved else DOWN_AFTER_US
        if self._poor_us is not None and now_us - self._poor_us >= patience_us:
            self._lower(now_us)
        elif self._rich_us is not None and now_us - self._rich_us >= self._up_after_us:
            self._move(-1)
            self._raised_us = now_us
        return Encoding(self.point, min(sample.target_bps, self._max_bps or sample.target_bps))

    def _may_rise(self, sample: Sample) -> bool:
        if self._step == 0:
            return False
        above = self._ladder[self._step - 1]
        if _is_hard_to_encode(sample, above, ENCODE_SHARE_UP):
            return False
        return sample.target_bps >= UP_SHARE * self._need_bps(sample, above)

    def _lower(self, now_us: int) -> None:
        if self._step + 1 == len(self._ladder):
            return
        relapsed = self._raised_us is not None and now_us - self._raised_us < RELAPSE_US
        self._up_after_us = min(2 * self._up_after_us, UP_AFTER_MAX_US) if relapsed else UP_AFTER_US
        self._raised_us = None
        self._move(1)

    def _move(self, steps: int) -> None:
        self._step += steps
        self._poor_us = self._rich_us = None

    def _need_bps(self, sample: Sample, point: OperatingPoint) -> float:
        """Return the rate at which a step's picture is just acceptable."""
        here, full = self.point, self._ladder[0]
        if sample.quantiser is not None:
            need_bps = sample.used_bps * 2 ** ((sample.quantiser - QUANTISER_MAX) / 6)
            base = here
        else:
            need_bps = BITS_PER_PIXEL * full.pixels_per_s
            base = full
            if sample.used_bps < DOWN_SHARE * sample.target_bps:
                # The encoder leaves bits unused: the content is easy, whatever step it is encoded at.
                need_bps = min(need_bps, sample.used_bps * _cost(full) / _cost(here))
        return max(1.0, need_bps * _cost(point) / _cost(base))


def _cost(point: OperatingPoint) -> float:
    return math.pow(point.width_px * point.height_px, PIXELS_EXPONENT) * math.pow(point.fps, FRAMES_EXPONENT)


def _is_troubled(sample: Sample, point: OperatingPoint) -> bool:
    return sample.decoded_share < DECODED_SHARE_MIN or _is_hard_to_encode(sample, point, ENCODE_SHARE_MAX)


def _is_hard_to_encode(sample: Sample, point: OperatingPoint, share: float) -> bool:
    return point.fps > NOMINAL_FPS and sample.encode_ms > share * 1000 / point.fps


def _since(since_us: int | None, holds: bool, now_us: int) -> int | None:
    """Return since when something holds, given since when it did."""
    if not holds:
        return None
    return now_us if since_us is None else since_us
