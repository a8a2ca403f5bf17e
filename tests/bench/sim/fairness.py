"""Who got a node beside who did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from session_broker.core.queue import Waiting
from session_broker.core.regions import Line
from wire.ids import PlayerId, TitleId


def overtakes(
    placed: Collection[tuple[Waiting, Line]],
    waiting: Collection[tuple[Waiting, Line]],
    playing: Callable[[PlayerId], int],
) -> int:
    """Count in how many ways somebody got a node before others who had come before and wanted the same.

    Those want the same who wait for a title of one class in the same regions. Accounts with several sessions, which
    wait longer by design, are left out.

    Args:
        placed: Who got a node in this step, and where they waited.
        waiting: Who still waits, and where.
        playing: Returns how many sessions of an account do not wait, after this step.
    """
    got_one = Counter(each.player_id for each, _ in placed)
    wait = Counter(each.player_id for each, _ in waiting)

    def is_alone(who: PlayerId) -> bool:
        return got_one[who] + wait[who] == 1 and playing(who) == got_one[who]

    came: dict[tuple[TitleId, Line], int] = {}
    for each, line in placed:
        if is_alone(each.player_id):
            want = (each.title_id, line)
            came[want] = max(came.get(want, 0), each.queued_at_ms)
    return len(
        {
            (each.title_id, line)
            for each, line in waiting
            if each.queued_at_ms < came.get((each.title_id, line), 0) and is_alone(each.player_id)
        }
    )
