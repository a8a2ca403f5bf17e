"""Whether anybody still plays: a warning, then a pause without media, then the session's end. Sans-IO.

Only input counts, since a tab that is left open connects as well as one that is played in.
"""

from __future__ import annotations

from dataclasses import dataclass

from wire.frame_story import Absence, Presence

WARNING_MAX_S = 60.0
"""The player is warned this long before a pause, or half of its time where that is less."""


@dataclass(slots=True)
class AbsenceClock:
    """Counts the time since the last input of a seated player."""

    pause_s: float
    """Seconds without input after which nothing is sent any more."""
    end_s: float
    """Seconds of pause after which the session ends."""
    seen_s: float
    """When input came last, monotonic seconds."""

    def seen(self, now_s: float) -> None:
        """Somebody played, or came back."""
        self.seen_s = now_s

    def presence(self, now_s: float) -> Presence:
        """Return where the session is."""
        idle_s = now_s - self.seen_s
        if idle_s >= self.pause_s:
            return Presence.AWAY
        warned_s = self.pause_s - min(WARNING_MAX_S, self.pause_s / 2)
        return Presence.WARNED if idle_s >= warned_s else Presence.HERE

    def is_over(self, now_s: float) -> bool:
        """Return whether the pause has lasted too long."""
        return now_s - self.seen_s >= self.pause_s + self.end_s

    def story(self, now_s: float) -> Absence:
        """Return what a page is told: the state, and the seconds to the next one."""
        presence = self.presence(now_s)
        next_s = self.pause_s + (self.end_s if presence is Presence.AWAY else 0.0)
        return Absence(presence, max(0, round(self.seen_s + next_s - now_s)))
