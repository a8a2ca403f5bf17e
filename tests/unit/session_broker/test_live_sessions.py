"""The indexes over live sessions say what a look at all of them would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from session_broker.core.live_sessions import LiveSessions
from session_broker.core.queue import Queue
from session_broker.core.records import Session
from session_broker.core.regions import RegionRules
from session_broker.io.session_rows import catalogue_title
from tests.support.live_broker import TITLES
from wire.ids import PlayerId, SessionId, TenantId
from wire.session_control import SessionState

TITLE = catalogue_title(TITLES[0].manifest)


@given(
    st.lists(st.tuples(st.sampled_from(["add", "start", "wait again", "drop"]), st.integers(0, 5), st.integers(0, 2)))
)
def test_the_indexes_agree_with_the_sessions(acts: list[tuple[str, int, int]]) -> None:
    queue = Queue(RegionRules(), lambda player: sum(s.state is not SessionState.QUEUED for s in live.of(player)))
    live = LiveSessions(queue)
    for act, number, player in acts:
        session_id = SessionId(f"ses_{number}")
        if act == "add" and session_id not in live:
            live[session_id] = Session(session_id, TenantId("ten_a"), PlayerId(f"plr_{player}"), TITLE)
        elif act in ("start", "wait again") and session_id in live:
            live[session_id].state = SessionState.STARTING if act == "start" else SessionState.QUEUED
            live.note(live[session_id])
        elif act == "drop":
            live.pop(session_id, None)
        everybody = list(live.values())
        waiting = {s.session_id for s in everybody if s.state is SessionState.QUEUED}
        assert sorted(s.session_id for s in live.waiting) == sorted(waiting)
        anew = Queue(RegionRules(), queue._others)
        for each in queue:
            anew.put(each)
        assert set(queue.ids()) == waiting
        assert list(queue) == list(anew), "it was told of everything that moves somebody"
        for who in (PlayerId(f"plr_{each}") for each in range(3)):
            assert list(live.of(who)) == [s for s in everybody if s.player_id == who]
