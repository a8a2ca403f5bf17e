"""Which frames a peer can decode, given those that we did not send it."""

from __future__ import annotations

PATIENCE_US = 500_000
"""How long a peer waits for a frame that does without what it lacks, before it gets a keyframe."""


class FrameChain:
    """One peer's view of the rung's frames. A new peer needs a keyframe first.

    Args:
        recovers: Whether the encoder can predict a frame from one further back.
    """

    def __init__(self, *, recovers: bool) -> None:
        self._recovers = recovers
        self._missing: tuple[int, int] | None = None
        self._missing_since_us = 0
        self._needs_keyframe = True

    @property
    def needs_keyframe(self) -> bool:
        """Whether nothing else helps the peer."""
        return self._needs_keyframe

    @property
    def is_broken(self) -> bool:
        """Whether the next frame will probably be of no use to the peer."""
        return self._needs_keyframe or self._missing is not None

    def decodes(self, frame_id: int, reference_id: int | None) -> bool:
        """Tell whether a frame is of use to the peer.

        Args:
            frame_id: The rung's count.
            reference_id: The frame that it is predicted from; None for a keyframe.
        """
        if reference_id is None:
            return True
        if self._needs_keyframe:
            return False
        return self._missing is None or reference_id < self._missing[0]

    def sent(self) -> None:
        """A frame that it decodes was sent; those after it build on that."""
        self._needs_keyframe = False
        self._missing = None

    def skipped(self, frame_id: int, now_us: int) -> None:
        """A frame was not sent."""
        if self._needs_keyframe:
            return
        if self._missing is None:
            self._missing_since_us = now_us
        first_id = self._missing[0] if self._missing is not None else frame_id
        self._missing = first_id, frame_id
        if not self._recovers or now_us - self._missing_since_us > PATIENCE_US:
            self._needs_keyframe = True

    def lost(self, first_id: int, newest_id: int, now_us: int, *, is_told: bool) -> None:
        """Frames that were sent are given up.

        Args:
            first_id: The first of them.
            newest_id: The newest one sent.
            now_us: Monotonic clock.
            is_told: Whether the peer is told which frames depend on which; else only a keyframe helps.
        """
        if self._needs_keyframe:
            return
        if self._missing is None:
            self._missing_since_us = now_us
        else:
            first_id = min(first_id, self._missing[0])
        self._missing = first_id, newest_id
        self._needs_keyframe = not (self._recovers and is_told)

    @property
    def missing(self) -> tuple[int, int] | None:
        """First and newest frame that it lacks, if a frame without them would help; None if only a keyframe does."""
        return None if self._needs_keyframe else self._missing
