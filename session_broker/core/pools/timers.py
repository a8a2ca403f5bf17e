"""Since when something holds, look after look."""

from __future__ import annotations

from collections.abc import Hashable


class Timers:
    """Seconds for which each condition has held without a break."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}
        self._seen: set[Hashable] = set()

    def held_s(self, condition: Hashable, holds: bool, now: float) -> float:
        """Say whether a condition holds now; returns for how long it has, 0 if it does not."""
        if not holds:
            self._since.pop(condition, None)
            return 0.0
        self._seen.add(condition)
        return now - self._since.setdefault(condition, now)

    def forget_unseen(self) -> None:
        """Forget what nobody has asked about, or what did not hold, since this was last called."""
        self._since = {each: since for each, since in self._since.items() if each in self._seen}
        self._seen.clear()
