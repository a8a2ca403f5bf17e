"""Who got a node beside who did not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping

from session_broker.core.queue import Waiting
from session_broker.core.regions import Line
from wire.ids import PlayerId, TitleId


def overtakes(
    placed: Collection[Waiting],
    waiting: Collection[Waiting],
    others: Mapping[PlayerId, int],
    line_of: Callable[[Waiting], Line],
) -> int:
    """Count in how many ways somebody got a node before others who had come before and wanted the same.

    Those want the same who wait for a title of one class in the same regions. Accounts with several sessions, which
    wait longer by design, are left out.

    Args:
        placed: Who got a node in this step.
        waiting: Who still waits.
        others: Sessions of an account that do not wait.
        line_of: In which regions somebody waits.
    """
    per_account = Counter(each.player_id for each in (*placed, *waiting))
    alone = {who for who, count in per_account.items() if count == 1 and not others.get(who)}
    came: dict[tuple[TitleId, Line], list[int]] = defaultdict(list)
    left: dict[tuple[TitleId, Line], list[int]] = defaultdict(list)
    for entries, times in ((placed, came), (waiting, left)):
        for each in entries:
            if each.player_id in alone:
                times[each.title_id, line_of(each)].append(each.queued_at_ms)
    return sum(max(came[want]) > min(left[want]) for want in came.keys() & left.keys())
