"""How many slices a frame is encoded in, each by a thread of its own: two where a second core is free for them.

Two halves of a frame are ready sooner than one whole: 2.3 instead of 2.8 ms for 720p of the hard test card. But a
frame waits for the later of them, so that on a busy machine two take longer than one: that shows in times that
scatter, which those of one thread hardly do. Where these have been calm for a while two are tried, and again later
each time that it did not last, since every change costs a keyframe.

Where a network limits the rate it is one slice: there an encoder is opened anew with every rate, unless its rate
changes in place, and the sizes of the first frames after that vary more with two (on a link of 4 Mbit/s packets wait
22 instead of 10 ms at p95).
"""

from __future__ import annotations

SCATTER_MAX, CALM_MAX = 2.0, 1.5
"""90th over 25th percentile of the time to convert and encode: more than the first is a machine without room for two,
less than the second one that may have it."""

HARMLESS_SHARE = 0.25
"""Of a frame's interval: as long as the 90th percentile stays below, it does not matter how times scatter."""

CROWDED_AFTER_US = 700_000
CALM_AFTER_US = 3_000_000
AGAIN_AFTER_US, AGAIN_AFTER_MAX_US = 30_000_000, 960_000_000


class Slicing:
    """Chooses the number of slices of one rung.

    Args:
        most: Never more, at least 1.
        now_us: Monotonic clock.
    """

    def __init__(self, most: int, now_us: int) -> None:
        self._most = most
        self.slices = 1
        """What is to be encoded with. One at first, while a title starts and perhaps a browser beside it."""
        self._since_us: int | None = None
        self._again_after_us = AGAIN_AFTER_US
        self._changed_us = now_us - AGAIN_AFTER_US

    def limit(self, now_us: int) -> int:
        """The network carries less than the encoder may use; return the slices from now on."""
        self._since_us = None
        if self.slices > 1:
            self._change(now_us)
        return self.slices

    def take(self, quick_ms: float, slow_ms: float, interval_ms: float, now_us: int) -> int:
        """Return the slices from now on; call a few times a second while pictures are encoded.

        Args:
            quick_ms: What a quarter of the last second's pictures took at most to be converted and encoded; 0 before
                any.
            slow_ms: What nine in ten of them took at most.
            interval_ms: From one picture to the next.
            now_us: Monotonic clock.
        """
        if self._most == 1 or not quick_ms:
            return self.slices
        scatter = slow_ms / quick_ms
        if self.slices > 1:
            leaves, patience_us = scatter > SCATTER_MAX and slow_ms > HARMLESS_SHARE * interval_ms, CROWDED_AFTER_US
        else:
            rested = now_us - self._changed_us >= self._again_after_us
            leaves, patience_us = rested and scatter < CALM_MAX, CALM_AFTER_US
        if not leaves:
            self._since_us = None
        elif self._since_us is None:
            self._since_us = now_us
        elif now_us - self._since_us >= patience_us:
            self._change(now_us)
        return self.slices

    def _change(self, now_us: int) -> None:
        if self.slices > 1:
            lasted = now_us - self._changed_us > self._again_after_us
            self._again_after_us = AGAIN_AFTER_US if lasted else min(2 * self._again_after_us, AGAIN_AFTER_MAX_US)
        self.slices = self._most if self.slices == 1 else 1
        self._changed_us, self._since_us = now_us, None
