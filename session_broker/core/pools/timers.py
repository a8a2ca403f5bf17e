"""Since when something holds, look after look."""

from __future__ import annotations

from collections.abc import Hashable


class Timers:
    """Seconds for which each condition has held without a break."""

    def __init__(self) -> None:
        self._since: dict[Hashable, float] = {}
        self._seen: set[Hashable] = set()

    def held_s(self, condition: Hashable, now: float) -> float:
        """Say that a condition holds now; returns for how long it has."""
        self._seen.add(condition)
        return now - self._since.setdefault(condition, now)

    def forget_unseen(self) -> None:
        """Forget what did not hold since this was last called: nobody has said that it did."""
        self._since = {each: since for each, since in self._since.items() if each in self._seen}
        self._seen.clear()
