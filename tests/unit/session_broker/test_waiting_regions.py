"""Sessions that wait for near nodes: who holds up whom, what they are told, and when far ones will do."""

from __future__ import annotations

from datetime import UTC

from session_broker.core.effects import AppendEvent, SaveSession
from session_broker.core.pools.pool import Adapter, FleetConfig, Pool
from session_broker.core.pools.records import Want
from session_broker.core.queue import Waiting
from session_broker.core.records import Limits, Session
from session_broker.core.regions import RegionRules
from tests.support.coordinator_bench import Bench
from wire.errors import Reason
from wire.ids import NodeId, PlayerId, SessionId, TitleId
from wire.session_control import Coming, SessionState, StateNews
from wire.worker_control import PlacementState

RULES = RegionRules({"eu": "https://eu/", "us": "https://us/"}, rtt_max_ms=80.0, far_after_s=60.0)
IN_EU, IN_US = {"eu": 20.0, "us": 110.0}, {"eu": 110.0, "us": 20.0}


def bench_of(*pools: Pool) -> Bench:
    fleet = FleetConfig(pools, UTC) if pools else None
    return Bench(
        Limits(
            regions=RULES,
            fleet=fleet,
            abandon_s=1e6,
            node_lost_s=1e6,
            start_timeout_s=1e6,
            session_starts_per_min=1e6,
        )
    )


def come(bench: Bench, player: str, far: dict[str, float], title: str = "testcard") -> Session:
    return bench.session(title, PlayerId(f"plr_{player}"), far)


def decided(bench: Bench) -> list[dict[str, object]]:
    return [dict(e.data) for e in bench.effects if isinstance(e, AppendEvent) and e.event == "placement"]


def node_of(session: Session) -> str | None:
    return session.placement.node_id if session.placement else None


def test_each_goes_where_they_are_near_and_history_says_so() -> None:
    bench = bench_of()
    bench.node("n_us", slots=3, region="us")
    bench.node("n_eu", slots=1, region="eu")
    made, _ = bench.coordinator.create_session(PlayerId("plr_a"), "testcard", bench.now, round_trips_ms=IN_EU)
    bench.drain()
    assert node_of(made) == "n_eu"
    (data,) = decided(bench)
    assert (data["region"], data["round_trip_ms"]) == ("eu", 20.0)
    assert data["refused"] == {"too_far": 1}
    (saved, *_) = (e for e in bench.effects if isinstance(e, SaveSession))
    assert saved.round_trips_ms == IN_EU
    assert node_of(come(bench, "b", IN_US)) == "n_us"


def test_who_waits_for_one_region_does_not_hold_up_another_and_places_count_their_own() -> None:
    bench = bench_of()
    eu, us = bench.node("n_eu", slots=1, region="eu"), bench.node("n_us", slots=1, region="us")
    first = {name: come(bench, name, far) for name, far in (("e0", IN_EU), ("u0", IN_US))}
    waiting = [come(bench, name, IN_EU if name[0] == "e" else IN_US) for name in ("e1", "u1", "e2", "u2", "u3")]
    assert [(s.state, s.reason, s.place) for s in waiting] == [
        (SessionState.QUEUED, Reason.NO_ROOM, place) for place in (1, 1, 2, 2, 3)
    ]
    standings = [standing.place for _, standing in bench.coordinator.queue(bench.now)]
    assert standings == [1, 1, 2, 2, 3]
    bench.node_reports(us, first["u0"], PlacementState.RELEASED)
    assert [node_of(s) for s in waiting] == [None, "n_us", None, None, None], "the first of those who want it"
    assert [s.place for s in waiting if s.place] == [1, 2, 1, 2]
    bench.node_reports(eu, first["e0"], PlacementState.RELEASED)
    assert [node_of(s) for s in waiting] == ["n_eu", "n_us", None, None, None]


def test_who_has_waited_long_goes_anywhere_and_stands_before_those_who_came_later() -> None:
    bench = bench_of()
    bench.node("n_eu", slots=1, region="eu")
    us = bench.node("n_us", slots=1, region="us")
    come(bench, "e0", IN_EU)
    american = come(bench, "u0", IN_US)
    patient = come(bench, "e1", IN_EU)
    bench.node_reports(us, american, PlacementState.SERVING)
    bench.wait(RULES.far_after_s - 1.0)
    late = come(bench, "u1", IN_US)
    assert (patient.place, late.place) == (1, 1)
    bench.wait(1.5)
    assert (patient.place, late.place) == (1, 2), "both want the same node now"
    bench.node_reports(us, american, PlacementState.RELEASED)
    assert (node_of(patient), node_of(late)) == ("n_us", None)
    assert [data["far_because"] for data in decided(bench) if data["node_id"]] == ["waited"]


def test_where_nothing_is_near_anything_will_do_at_once() -> None:
    bench = bench_of()
    bench.node("n_us", slots=1, region="us")
    bench.coordinator.create_session(PlayerId("plr_a"), "testcard", bench.now, round_trips_ms=IN_EU)
    bench.drain()
    (data,) = decided(bench)
    assert (data["node_id"], data["far_because"]) == ("n_us", "alone")


def test_a_pool_that_can_bring_a_near_node_is_waited_for_and_only_its_players_are_told() -> None:
    bench = bench_of(Pool("burst", Adapter.KUBERNETES, 2, regions=("eu",)))
    bench.node("n_us", slots=1, region="us")
    american = come(bench, "u0", IN_US)
    assert node_of(american) == "n_us"
    european, other = come(bench, "e0", IN_EU), come(bench, "u1", IN_US)
    assert (european.state, european.reason) == (SessionState.QUEUED, Reason.NO_ROOM)
    bench.coordinator.see_outlook({Want(line=frozenset({"eu"})): Coming.STARTING}, bench.now)
    bench.drain()
    assert (european.coming, other.coming) == (Coming.STARTING, None)
    bench.node("burst-1", slots=1, region="eu")
    assert (node_of(european), node_of(other)) == ("burst-1", None)


def test_a_near_node_is_not_waited_for_where_none_is_there_and_none_can_be_had() -> None:
    bench = bench_of(Pool("burst", Adapter.KUBERNETES, 2, regions=("eu",)))
    bench.node("n_us", slots=2, region="us")
    first = come(bench, "e0", IN_EU)
    assert first.state is SessionState.QUEUED
    bench.coordinator.see_outlook({Want(line=frozenset({"eu"})): Coming.NONE_FREE}, bench.now)
    bench.wait(0.25)
    assert node_of(first) == "n_us"
    assert [data["far_because"] for data in decided(bench)] == ["alone"]
    bench.node("burst-1", slots=1, region="eu")
    near, later = come(bench, "e1", IN_EU), come(bench, "e2", IN_EU)
    assert (node_of(near), node_of(later)) == ("burst-1", None), "one that is there is waited for, though it is full"


def test_a_page_is_told_the_region_that_it_plays_in_once_it_is_known() -> None:
    bench = bench_of()
    session = come(bench, "a", IN_EU)
    tab = bench.tab(session)
    assert bench.to_tab(StateNews, tab)[-1].region is None
    bench.node("n_eu", region="eu")
    assert bench.to_tab(StateNews, tab)[-1].region == "eu"


def test_a_nodes_own_words_are_no_region() -> None:
    bench = bench_of()
    bench.node("n_x", region="<b>\x00")
    bench.node("n_eu", slots=1, region="eu")
    session = come(bench, "a", IN_EU)
    assert node_of(session) == "n_eu"
    other = come(bench, "b", IN_EU)
    assert node_of(other) == "n_x"
    assert other.told is not None
    assert other.told.region is None


def test_two_sessions_of_an_account_come_to_different_nodes() -> None:
    bench = bench_of()
    for name in ("n_a", "n_b"):
        bench.node(name, slots=8)
    player = PlayerId("plr_a")
    nodes = [node_of(bench.session(title, player)) for title in ("testcard", "duel")]
    assert sorted(map(str, nodes)) == ["n_a", "n_b"]


def test_sessions_that_other_replicas_have_count_by_their_nodes() -> None:
    for taken, free in (("n_a", "n_b"), ("n_b", "n_a")):
        bench = bench_of()
        for name in ("n_a", "n_b"):
            bench.node(name, slots=8)
        elsewhere = [NodeId(taken), None]
        made, _ = bench.coordinator.create_session(PlayerId("plr_a"), "duel", bench.now, elsewhere=elsewhere)
        bench.drain()
        assert node_of(made) == free
        (data,) = decided(bench)
        assert data["behind"] == {"same_account": 1}


def test_room_is_kept_for_who_comes_before_at_another_replica_only_where_they_wait() -> None:
    bench = bench_of()
    eu, us = bench.node("n_eu", slots=1, region="eu"), bench.node("n_us", slots=1, region="us")
    first = [come(bench, name, far) for name, far in (("e0", IN_EU), ("u0", IN_US))]
    mine = [come(bench, name, far) for name, far in (("e1", IN_EU), ("u1", IN_US))]
    theirs = Waiting(SessionId("ses_z"), PlayerId("plr_z"), TitleId("testcard"), mine[0].queued_at_ms - 1, 0, IN_EU)
    bench.coordinator.see_queue([theirs], {}, bench.now)
    bench.drain()
    assert [s.place for s in mine] == [2, 1]
    for link, session in zip((eu, us), first, strict=True):
        bench.node_reports(link, session, PlacementState.RELEASED)
    assert [node_of(s) for s in mine] == [None, "n_us"]
