"""What is entered into the ledger: play alone, each stretch once, whoever writes it and however often."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import httpx

from session_broker.core.effects import ReplicaId, SaveInterval, SaveSession
from session_broker.io.accounts import Accounts
from session_broker.io.database import open_database
from session_broker.io.ledger import Cursor, Ledger
from session_broker.io.store import Store
from tests.support.coordinator_bench import Bench
from tests.support.deadlines import until
from tests.support.fake_node import FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, TITLES, broker_config, live_broker, signed_in
from wire.errors import Reason
from wire.ids import NodeId, PlayerId, SessionId, TitleId
from wire.node_control import PlacementNews
from wire.session_control import SessionState
from wire.worker_control import PlacementState

SERVING, RELEASED = PlacementState.SERVING, PlacementState.RELEASED
ALL = (0, 2**53, None, 1000)


class LedgerBench(Bench):
    """A bench that keeps what is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.entered: list[SaveInterval] = []

    def drain(self) -> list:  # type: ignore[type-arg]
        effects = super().drain()
        self.entered += [effect for effect in effects if isinstance(effect, SaveInterval)]
        return effects

    def stretches(self) -> list[tuple[int, SessionState]]:
        return [(each.ended_at_ms - each.began_at_ms, each.ended_by) for each in self.entered]


def test_play_is_entered_and_pauses_and_waiting_are_not() -> None:
    bench = LedgerBench()
    session = bench.session()
    bench.now += 7.0
    link = bench.node()
    bench.now += 1.0
    bench.node_reports(link, session, SERVING)
    bench.tab(session)
    bench.now += 30.0
    bench.node_says(link, PlacementNews(session.session_id, 1, SERVING, paused=True))
    bench.now += 600.0
    bench.node_says(link, PlacementNews(session.session_id, 1, SERVING))
    bench.now += 5.0
    bench.node_says(link, PlacementNews(session.session_id, 1, SERVING))
    bench.coordinator.end_session(session.session_id, Reason.ENDED_BY_PLAYER, bench.now)
    bench.drain()
    bench.now += 2.0
    bench.node_says(link, PlacementNews(session.session_id, 1, RELEASED, Reason.ENDED_BY_PLAYER))
    assert bench.stretches() == [(30_000, SessionState.PAUSED), (5_000, SessionState.ENDING)]
    first, last = bench.entered
    assert (first.node_id, first.epoch, first.title_id) == (NodeId("node_a"), 1, "testcard")
    assert (first.began_at_ms, last.reason) == (108_000, Reason.ENDED_BY_PLAYER)


def test_a_node_that_is_lost_ends_a_stretch_and_another_begins_elsewhere() -> None:
    bench = LedgerBench()
    link = bench.node("node_a")
    session = bench.session()
    bench.node_reports(link, session, SERVING)
    bench.tab(session)
    bench.now += 10.0
    bench.coordinator.node_gone(link, bench.now)
    other = bench.node("node_b")
    while not bench.entered:
        bench.wait(0.5)
    bench.node_reports(other, session, SERVING)
    bench.now += 3.0
    bench.node_reports(other, session, RELEASED)
    assert [(each.node_id, each.epoch, each.ended_by) for each in bench.entered] == [
        ("node_a", 1, SessionState.QUEUED), ("node_b", 2, SessionState.ENDED),
    ]  # fmt: skip
    assert bench.entered[1].ended_at_ms - bench.entered[1].began_at_ms == 3_000


def test_a_clock_that_is_set_back_makes_no_negative_time() -> None:
    bench = LedgerBench()
    link = bench.node()
    session = bench.session()
    bench.node_reports(link, session, SERVING)
    bench.coordinator.set_clock(0, bench.now)
    bench.node_reports(link, session, RELEASED)
    assert bench.stretches() == [(0, SessionState.ENDED)]


async def test_a_stretch_that_is_written_again_or_by_a_successor_is_one_row(
    tmp_path: Path, database_url: str | None
) -> None:
    engine = await open_database(database_url or f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    accounts = Accounts(engine)
    owner = await accounts.ensure_owner()
    await accounts.add_enrolment(owner.tenant_id, "token")
    node = await accounts.enrol_node("token", "attic")
    store, manifest, session_id = Store(engine, ReplicaId("rep_me")), TITLES[0].manifest, SessionId(f"ses_{'a' * 24}")
    await store.sync_titles(owner.tenant_id, [manifest])
    title = (TitleId(manifest.id), manifest.version)
    saved = SaveSession(
        session_id, owner.tenant_id, owner.player_id, *title, SessionState.RUNNING, None, "", 1, 1, 0,
        running_since_ms=1_000,
    )  # fmt: skip

    def interval(ended_at_ms: int, began_at_ms: int = 1_000) -> SaveInterval:
        return SaveInterval(
            session_id, began_at_ms, ended_at_ms, owner.tenant_id, PlayerId(owner.player_id), *title, node.node_id, 1,
            SessionState.PAUSED, None,
        )  # fmt: skip

    await store.apply([saved], [])
    for written in (interval(4_000), interval(4_000), interval(9_000), interval(8_000, 5_000)):
        await store.apply([written], [])
    ledger = Ledger(engine)
    whole = await ledger.page(owner.tenant_id, *ALL)
    assert [(each.began_at_ms, each.ended_at_ms, each.pool) for each in whole] == [
        (1_000, 4_000, None), (5_000, 8_000, None),
    ]  # fmt: skip
    assert [each.ended_at_ms for each in await ledger.page(owner.tenant_id, 4_000, 8_000, None, 9)] == [4_000]
    assert await ledger.page(owner.tenant_id, 0, 2**53, None, 1) == whole[:1]
    assert await ledger.page(owner.tenant_id, 0, 2**53, Cursor(4_000, session_id, 1_000), 1) == whole[1:]
    await engine.dispose()


async def test_an_operator_reads_what_was_played_page_by_page(tmp_path: Path, database_url: str | None) -> None:
    config = broker_config(tmp_path, database_url=database_url)
    async with live_broker(config) as ready, signed_in(ready) as client:
        async with FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node:
            sessions = [await play(client) for _ in range(3)]
        read: list[str] = []
        after: dict[str, str] = {}
        while True:
            page = (await client.get("/api/v1/operator/ledger", params={"limit": "2", **after})).json()
            read += [entry["session_id"] for entry in page["entries"]]
            assert all(entry["node_id"] == node.node_id and entry["seconds"] >= 0 for entry in page["entries"])
            if page["after"] is None:
                break
            after = {"after": page["after"]}
        assert read == sessions
        for wrong in ({"after": "1-x-1"}, {"limit": "1001"}, {"since_ms": "-1"}):
            assert (await client.get("/api/v1/operator/ledger", params=wrong)).status_code == 400


async def play(client: httpx.AsyncClient) -> str:
    made = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
    path = made.headers["location"]

    async def has_become(state: str) -> bool:
        return bool((await client.get(path)).json()["state"] == state)

    await until(partial(has_become, "running"), 5.0, "the game runs")
    await client.delete(path)
    await until(partial(has_become, "ended"), 5.0, "the game has ended")
    return str(made.json()["session_id"])
