"""Pools carried out by real brokers: the lease, a node's way from the wish to its end, what is told meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncEngine

import session_broker.io.fleet.loop
import session_broker.io.fleet.rows
from session_broker.core.effects import ReplicaId
from session_broker.core.pools.pool import Adapter, FleetConfig, Pool
from session_broker.core.pools.records import Machine, NodeName, Phase, Trouble, Want
from session_broker.io import tables
from session_broker.io.accounts import Accounts
from session_broker.io.database import open_database
from session_broker.io.fleet.rows import FleetRows, LeaseLost
from session_broker.io.leases import Leases
from session_broker.io.runner import StoreUnavailable
from tests.support.deadlines import patient, until
from tests.support.fake_pool import FakePool
from tests.support.live_broker import FakeTab, broker_config, live_broker, signed_in
from wire.ids import TenantId
from wire.session_control import Coming, SessionState, StateNews

pytestmark = pytest.mark.process

OWN = Pool("own", Adapter.LOCAL, max_nodes=2, idle_s=0.0, price_per_hour=0.25)
ONE, TWO = ReplicaId("rep_one"), ReplicaId("rep_two")


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_broker.io.fleet.loop, "LOOK_S", 0.05)
    monkeypatch.setattr(session_broker.io.fleet.rows, "PATIENCE_MS", 0)


@contextlib.asynccontextmanager
async def pool_place(
    folder: Path, pool: Pool = OWN, **changes: Any
) -> AsyncIterator[tuple[FakePool, httpx.AsyncClient]]:
    nodes = FakePool()
    config = broker_config(folder, fleet=FleetConfig((pool,), UTC), **changes)
    async with live_broker(config, nodes.start) as ready, signed_in(ready) as client:
        yield nodes, client


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncEngine]:
    engine = await open_database(url)
    try:
        yield engine
    finally:
        await engine.dispose()


async def pools(client: httpx.AsyncClient) -> dict[str, Any]:
    (row,) = (await client.get("/api/v1/operator/pools")).json()["pools"]
    return dict(row)


async def play(client: httpx.AsyncClient) -> str:
    made = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
    return str(made.json()["session_id"])


async def state(client: httpx.AsyncClient, session_id: str) -> str:
    return str((await client.get(f"/api/v1/sessions/{session_id}")).json()["state"])


async def test_a_pool_grows_from_nothing_for_who_waits_and_goes_back_to_nothing(tmp_path: Path) -> None:
    async with pool_place(tmp_path) as (nodes, client):
        titles = (await client.get("/api/v1/titles")).json()["titles"]
        assert {each["availability"]["reason"] for each in titles} == {"no_room"}, "the library lets them wait"
        session_id = await play(client)

        async def runs() -> bool:
            return await state(client, session_id) == "running"

        await until(runs, 10, "the session runs on a node that was started for it")
        (wish,) = nodes.wishes
        assert (wish.berth, wish.slots) == (0, 1)
        row = await pools(client)
        assert (row["states"], row["slots"], row["slots_used"]) == ({"ready": 1}, 1, 1)
        assert (row["cost_per_hour"], row["nodes"][0]["name"]) == (0.25, wish.name)
        told = (await client.get("/metrics", headers={"Authorization": "Bearer m"})).text
        assert 'farplay_pool_nodes{pool="own",state="ready"} 1.0' in told
        assert 'farplay_pool_cost_per_hour{pool="own"} 0.25' in told
        await client.delete(f"/api/v1/sessions/{session_id}")

        async def nothing() -> bool:
            return not (await pools(client))["nodes"]

        await until(nothing, 10, "the node was drained, retired, stopped and forgotten")
        assert not nodes.nodes
        overview = (await client.get("/api/v1/operator/overview")).json()
        assert overview["nodes"] == [], "a retired node is no longer shown"
        second = await play(client)
        assert second != session_id
        await until(lambda: _is(client, second, "running"), 10, "and from zero again")
        assert nodes.wishes[1].name != wish.name
        assert nodes.wishes[1].berth == 0, "in the folder of the former, so that saves are found again"


async def _is(client: httpx.AsyncClient, session_id: str, wanted: str) -> bool:
    return await state(client, session_id) == wanted


async def test_who_waits_is_told_that_a_machine_is_coming_or_that_there_is_none(tmp_path: Path) -> None:
    async with pool_place(tmp_path) as (nodes, client):
        nodes.mute = True
        session_id = await play(client)
        async with FakeTab.open(client, session_id) as tab:
            while (news := await tab.next(StateNews)).coming is None:
                assert news.state is SessionState.QUEUED
            assert (news.coming, news.place) == (Coming.STARTING, 1)
    async with pool_place(tmp_path / "other") as (nodes, client):
        nodes.refused = True
        session_id = await play(client)
        async with FakeTab.open(client, session_id) as tab:
            while (news := await tab.next(StateNews)).coming is not Coming.NONE_FREE:
                assert news.state is SessionState.QUEUED
        assert "Cannot allocate memory" in (await pools(client))["trouble"]


async def test_a_drained_node_plays_on_and_then_exactly_it_is_ended(tmp_path: Path) -> None:
    async with pool_place(tmp_path) as (nodes, client):
        first = await play(client)
        await until(lambda: _is(client, first, "running"), 10, "the first plays")
        second = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        assert second == first, "a title once per player"
        ((name, node),) = nodes.nodes.items()
        drained = await client.put(f"/api/v1/operator/nodes/{node.node_id}/drain", json={})
        assert drained.status_code == 204

        async def draining() -> bool:
            return bool((await pools(client))["states"] == {"draining": 1})

        await until(draining, 5, "the operator sees it drain")
        assert await state(client, first) == "running"
        assert name in nodes.nodes
        await client.delete(f"/api/v1/sessions/{first}")

        async def ended() -> bool:
            return not nodes.nodes

        await until(ended, 10, "it is ended when its last session has")


async def test_in_the_place_of_an_upgraded_node_another_is_made_and_exactly_the_old_one_is_ended(
    tmp_path: Path,
) -> None:
    async with pool_place(tmp_path, replace(OWN, idle_s=3600.0)) as (nodes, client):
        session_id = await play(client)
        await until(lambda: _is(client, session_id, "running"), 10, "it plays")
        ((name, node),) = nodes.nodes.items()
        path = f"/api/v1/operator/nodes/{node.node_id}/upgrade"
        asked = await client.put(path, json={"deadline_s": 3600})
        assert (asked.status_code, asked.json()["pool"], asked.json()["drained"]) == (202, "own", True)

        async def look() -> dict[str, Any]:
            return dict((await client.get(path)).json())

        async def come() -> bool:
            return bool(((await look())["successor"] or {}).get("ready"))

        await until(come, 10, "its successor is here beside it")
        assert ((await look())["sessions"], len(nodes.nodes)) == (1, 2)
        assert (await look())["ends_in_ms"] > 3_500_000, "the old one's deadline holds"
        again = (await client.put(path, json={})).json()
        assert (again["ends_in_ms"], again["awaited"]) == (None, False), "the deadline is lifted, no third one comes"
        await client.delete(f"/api/v1/sessions/{session_id}")

        async def gone() -> bool:
            return name not in nodes.nodes

        await until(gone, 10, "the old one is ended")
        assert ((await look())["ended"], len(nodes.wishes)) == (True, 2)
        assert (await client.put(path, json={})).status_code == 409
        assert (await client.get("/api/v1/operator/nodes/node_x/upgrade")).status_code == 404


async def test_a_node_on_which_somebody_plays_cannot_be_retired_and_on_a_retired_one_nobody_can_play(
    tmp_path: Path, database_url: str | None
) -> None:
    pool = replace(OWN, idle_s=3600.0)
    async with pool_place(tmp_path, pool, database_url=database_url) as (nodes, client):
        first = await play(client)
        await until(lambda: _is(client, first, "running"), 15, "it plays")
        async with opened(database_url or f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite3'}") as engine:
            tenant = (await Accounts(engine).owner()).tenant_id
            (name,) = nodes.nodes
            lease = tables.fleet_lease.c
            async with engine.connect() as connection:
                holder, epoch = (await connection.execute(select(lease.holder, lease.epoch))).one()
            rows = FleetRows(engine, ReplicaId(holder), tenant)

            async def retire(**row: object) -> bool:
                async with engine.begin() as connection:
                    await connection.execute(update(tables.node).values(row))
                return await rows.retire(epoch, NodeName(name))

            assert not await retire(ready=False), "somebody plays there"
            await client.delete(f"/api/v1/sessions/{first}")
            await until(lambda: _is(client, first, "ended"), 5, "nobody plays")
            assert not await retire(ready=True), "it takes sessions"
            # Only the row says that it is out of use: its home would still place sessions there.
            assert await retire(ready=False)
            second = await until(lambda: _started(client), 5, "a session is made")
            await until(lambda: _is(client, second, "running"), 15, "it plays elsewhere")
            assert name not in nodes.nodes


async def _started(client: httpx.AsyncClient) -> str | None:
    # Refused where its step was about the retired node; it may have been made all the same, and then it is resumed.
    made = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
    return str(made.json()["session_id"]) if made.is_success else None


async def test_one_replica_at_a_time_acts(database_url: str | None, tmp_path: Path) -> None:
    url = database_url or f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite3'}"
    async with opened(url) as engine:
        tenant = (await Accounts(engine).ensure_owner()).tenant_id
        for me in (ONE, TWO):
            await Leases(engine, me).register(60, alone=False)
        one, two = FleetRows(engine, ONE, tenant), FleetRows(engine, TWO, tenant)
        assert [await one.hold(60), await two.hold(60), await one.hold(60)] == [1, None, 1]
        await one.add(1, "own", NodeName("own-a"), "token")
        await one.note(1, [Machine(NodeName("own-a"), Phase.PENDING, Trouble.IMAGE, "no such image")])
        await one.tell(1, {Want(): Coming.STARTING}, {"own": "trouble"})
        assert await two.news() == ({Want(): Coming.STARTING}, {"own": "trouble"})
        await Leases(engine, ONE).leave()
        assert await two.news() == ({}, {}), "nobody brings what a dead holder has promised"
        assert [await two.hold(60), await one.hold(60)] == [2, None], "a dead holder is replaced at once"
        for write in (
            one.add(1, "own", NodeName("own-b"), "other"),
            one.retire(1, NodeName("own-a")),
            one.forget(1, NodeName("own-a")),
            one.note(1, []),
            one.tell(1, {}, {}),
        ):
            with pytest.raises(LeaseLost):
                await write
        (listed,) = await two.nodes()
        assert (listed.node.name, listed.node.retired, listed.trouble, listed.words) == (
            "own-a", False, "image", "no such image",
        )  # fmt: skip
        assert await two.retire(2, NodeName("own-a"))
        with pytest.raises(Exception, match="enrolment token"):
            await Accounts(engine).enrol_node("token", "late")
        await two.forget(2, NodeName("own-a"))
        assert await two.nodes() == []
        await two.leave()
        await Leases(engine, ONE).register(60, alone=False)
        assert await one.hold(60) == 3


async def test_a_database_that_hangs_is_waited_for_only_so_long(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_broker.io.fleet.rows, "ANSWER_TIMEOUT_S", 0.5)
    async with opened(postgres_url) as engine:
        tenant = (await Accounts(engine).ensure_owner()).tenant_id
        await Leases(engine, ONE).register(60, alone=False)
        rows = FleetRows(engine, ONE, tenant)
        assert await rows.hold(60) == 1
        async with engine.connect() as connection:
            pid = await connection.scalar(text("SELECT pg_backend_pid()"))
        os.kill(pid, signal.SIGSTOP)
        try:
            async with asyncio.timeout(patient(10)):
                with pytest.raises(StoreUnavailable):
                    await rows.hold(60)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert await rows.hold(60) == 1


async def test_only_sessions_that_wait_for_a_node_are_counted(tmp_path: Path) -> None:
    async with (
        live_broker(broker_config(tmp_path)) as ready,
        signed_in(ready) as client,
        opened(f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite3'}") as engine,
    ):
        rows = FleetRows(engine, ONE, TenantId((await Accounts(engine).owner()).tenant_id))
        assert await rows.waiting() == []
        session_id = await play(client)
        (waiting,) = await rows.waiting()
        assert (waiting.title_id, waiting.round_trips_ms) == ("testcard", {})
        assert waiting.waited_s >= 0.0
        await client.delete(f"/api/v1/sessions/{session_id}")
        assert await rows.waiting() == []


async def test_one_of_two_brokers_acts_for_nodes_of_both_and_the_other_goes_on_after_it(
    tmp_path: Path, postgres_url: str
) -> None:
    nodes = FakePool()
    config = broker_config(tmp_path, database_url=postgres_url, fleet=FleetConfig((OWN,), UTC))
    async with opened(postgres_url) as engine:

        async def holder() -> str | None:
            async with engine.connect() as connection:
                found: str | None = await connection.scalar(select(tables.fleet_lease.c.holder))
            return found

        async with contextlib.AsyncExitStack() as leader:
            await leader.enter_async_context(live_broker(config, nodes.start))
            first = await until(holder, 5, "the first broker leads")
            async with live_broker(config, nodes.start) as follower, signed_in(follower) as client:
                nodes.broker_url = follower.url
                session_id = await play(client)
                await until(lambda: _is(client, session_id, "running"), 15, "it plays")
                await client.delete(f"/api/v1/sessions/{session_id}")

                async def nothing() -> bool:
                    return not (await pools(client))["nodes"]

                await until(nothing, 15, "its node was drained where it was at home, and is gone")
                assert (len(nodes.wishes), await holder()) == (1, first)
                await leader.aclose()
                session_id = await play(client)
                await until(lambda: _is(client, session_id, "running"), 15, "it plays again")
                assert (len(nodes.wishes), await holder() == first) == (2, False)
