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
    per_account = got_one + Counter(each.player_id for each, _ in waiting)
    alone = {who for who, count in per_account.items() if count == 1 and playing(who) == got_one[who]}
    came: dict[tuple[TitleId, Line], int] = {}
    left: dict[tuple[TitleId, Line], int] = {}
    for entries, times, choose in ((placed, came, max), (waiting, left, min)):
        for each, line in entries:
            if each.player_id in alone:
                want = (each.title_id, line)
                times[want] = choose(times.get(want, each.queued_at_ms), each.queued_at_ms)
    return sum(came[want] > left[want] for want in came.keys() & left.keys())
