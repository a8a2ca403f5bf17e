"""When a supervised process that died is started again: at once, then with growing pauses, for ever."""

from __future__ import annotations

STEADY_S = 30.0
"""A process that lived this long counts as healthy again."""

PAUSES_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Pause before each restart in a row; the last one repeats."""


class RestartPolicy:
    """Counts restarts in a row of one process."""

    def __init__(self) -> None:
        self._row = 0

    def pause_s(self, lived_s: float) -> float:
        """Return the seconds to wait before starting it again.

        Args:
            lived_s: Seconds that it ran this time.
        """
        if lived_s >= STEADY_S:
            self._row = 0
        pause = PAUSES_S[min(self._row, len(PAUSES_S) - 1)]
        self._row += 1
        return pause
