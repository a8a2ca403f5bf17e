"""The bus on a real PostgreSQL: everything once and in order, with and without its bell; and what fences writes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.core.bus_messages import BUS_MESSAGE_MAX_BYTES, BUS_MESSAGES, HttpAnswered, TabGone, TabTold
from session_broker.core.effects import AppendEvent, ReplicaId, SavePlacement, SaveSession
from session_broker.core.steadiness import Renewal
from session_broker.io import tables
from session_broker.io.accounts import Accounts
from session_broker.io.bus import LocalBus, Post, PostgresBus
from session_broker.io.database import open_database
from session_broker.io.effect_writes import Overtaken
from session_broker.io.holdings import Holdings
from session_broker.io.leases import Leases, Roll
from session_broker.io.session_rows import catalogue_title
from session_broker.io.store import Store
from tests.support.deadlines import until
from tests.support.live_broker import TITLES
from wire.ids import PlayerId, SessionId, TenantId, TitleId
from wire.schema import Message, decode, encode
from wire.session_control import SessionState
from wire.worker_control import PlacementState

pytestmark = pytest.mark.process

ME, OTHER = ReplicaId("rep_me"), ReplicaId("rep_other")


@pytest.fixture
async def engine(postgres_url: str) -> AsyncIterator[AsyncEngine]:
    opened = await open_database(postgres_url)
    yield opened
    await opened.dispose()


@contextlib.asynccontextmanager
async def listening(bus: PostgresBus, fault_at: int = -1) -> AsyncIterator[list[tuple[ReplicaId, int]]]:
    heard: list[tuple[ReplicaId, int]] = []

    async def handle(sender: ReplicaId, message: Message) -> None:
        assert isinstance(message, TabGone)
        if message.key == fault_at:
            raise ValueError("a fault of the handler")
        heard.append((sender, message.key))

    task = asyncio.create_task(bus.run(handle))
    try:
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def heard_of(heard: list[tuple[ReplicaId, int]], count: int) -> list[int]:
    async def enough() -> bool:
        return len(heard) >= count

    await until(enough, 10.0, f"{count} messages are heard")
    return [key for _, key in heard]


@pytest.mark.parametrize("notified", [True, False])
async def test_each_message_comes_once_and_in_order(postgres_url: str, engine: AsyncEngine, notified: bool) -> None:
    sender = PostgresBus(engine, make_url(postgres_url), OTHER)
    await sender.post([Post(ME, TabGone(1)), Post(OTHER, TabGone(99)), Post(ME, TabGone(2))])
    async with listening(PostgresBus(engine, make_url(postgres_url), ME, notified=notified)) as heard:
        for key in range(3, 30):
            await sender.post([Post(ME, TabGone(key))])
        assert await heard_of(heard, 29) == list(range(1, 30))
        assert {sender for sender, _ in heard} == {OTHER}

        async def only_the_others() -> bool:
            # What was heard goes with the commit that follows.
            async with engine.connect() as connection:
                left = await connection.execute(select(tables.bus_message.c.to_replica))
                return [row.to_replica for row in left] == [OTHER]

        await until(only_the_others, 5.0, "what was heard lies there no more")


async def test_a_message_that_cannot_be_handled_holds_up_nobody(postgres_url: str, engine: AsyncEngine) -> None:
    bus = PostgresBus(engine, make_url(postgres_url), ME)
    async with listening(bus, fault_at=2) as heard:
        await bus.post([Post(ME, TabGone(key)) for key in (1, 2, 3)])
        assert await heard_of(heard, 2) == [1, 3]


async def test_whoever_is_alone_talks_to_nobody() -> None:
    await LocalBus().post([Post(OTHER, TabGone(1))])


def test_the_longest_answer_fits() -> None:
    told = TabTold(1, "\N{PILE OF POO}" * 60_000)
    assert decode(encode(told), BUS_MESSAGES, max_bytes=BUS_MESSAGE_MAX_BYTES) == told
    answer = HttpAnswered(1, 200, ("content-type", "application/json"), "x" * 500_000)
    assert decode(encode(answer), BUS_MESSAGES, max_bytes=BUS_MESSAGE_MAX_BYTES) == answer


async def a_session(store: Store, engine: AsyncEngine) -> SaveSession:
    owner = await Accounts(engine).ensure_owner()
    manifest = TITLES[0].manifest
    await store.sync_titles(owner.tenant_id, [manifest])
    return SaveSession(
        SessionId("ses_" + "a" * 24), TenantId(owner.tenant_id), PlayerId(owner.player_id), TitleId(manifest.id),
        manifest.version, SessionState.QUEUED, None, "", 0, 1, 0,
    )  # fmt: skip


async def test_what_another_replica_owns_is_not_written(engine: AsyncEngine) -> None:
    store = Store(engine, ME)
    row = await a_session(store, engine)
    await store.apply([row], [])
    async with engine.begin() as connection:
        await connection.execute(update(tables.session).values(owner=OTHER))
    event = AppendEvent(row.session_id, row.tenant_id, "created")
    with pytest.raises(Overtaken) as refused:
        await store.apply([event], [Post(OTHER, TabGone(1))])
    assert refused.value.sessions == {row.session_id}
    async with engine.connect() as connection:
        assert (await connection.execute(select(tables.session_event))).first() is None
        assert (await connection.execute(select(tables.bus_message))).first() is None


async def test_a_second_live_session_of_a_title_is_not_written(engine: AsyncEngine) -> None:
    store = Store(engine, ME)
    row = await a_session(store, engine)
    await store.apply([row], [])
    again = SaveSession(
        SessionId("ses_" + "b" * 24), row.tenant_id, row.player_id, row.title_id, row.title_version, row.state, None,
        "", 0, 2, 0,
    )  # fmt: skip
    with pytest.raises(Overtaken) as refused:
        await store.apply([again], [])
    assert refused.value.sessions == {again.session_id}


async def test_leases_run_out_on_the_databases_clock_and_orphans_are_shared(engine: AsyncEngine) -> None:
    mine, theirs = Leases(engine, ME), Leases(engine, OTHER)
    await mine.register(60.0, alone=False)
    await theirs.register(-1.0, alone=False)
    assert await mine.roll() == Roll(frozenset({ME}), frozenset({ME, OTHER}))
    assert await theirs.renew(60.0) is Renewal.LAPSED
    assert await mine.roll() == Roll(frozenset({ME, OTHER}), frozenset({ME, OTHER}))
    assert await theirs.renew(-1.0) is Renewal.HELD
    await mine.bury()
    assert await mine.roll() == Roll(frozenset({ME}), frozenset({ME}))
    assert await theirs.renew(60.0) is Renewal.BURIED, "whoever was buried learns it"


async def test_what_the_dead_owned_is_claimed_once(engine: AsyncEngine) -> None:
    dead = Store(engine, ReplicaId("rep_dead"))
    first = await a_session(dead, engine)
    people = [f"plr_{number}" for number in range(20)]
    rows = [
        replace(first, session_id=SessionId(f"ses_{chr(97 + n) * 24}"), player_id=PlayerId(player), queued_at_ms=n)
        for n, player in enumerate(people)
    ]
    async with engine.begin() as connection:
        who = {"tenant_id": first.tenant_id, "roles": ["player"], "created_at_ms": 0}
        await connection.execute(insert(tables.player), [{"id": player, **who} for player in people])
    await dead.apply(rows, [])
    title = catalogue_title(TITLES[0].manifest)
    for replica in (ME, OTHER):
        await Leases(engine, replica).register(60.0, alone=False)
    claims = [Holdings(engine, replica, {title.title_id: title}).take_orphans() for replica in (ME, OTHER)]
    mine, theirs = await asyncio.gather(*claims)
    taken = [session.session_id for held in (mine, theirs) for session in held.sessions]
    assert sorted(taken) == [row.session_id for row in rows]
    again = await Holdings(engine, ME, {title.title_id: title}).take_orphans()
    assert again.sessions == []


async def test_a_node_that_comes_home_brings_what_runs_on_it_whoever_has_it(engine: AsyncEngine) -> None:
    store, accounts = Store(engine, ME), Accounts(engine)
    row = await a_session(store, engine)
    await accounts.add_enrolment(row.tenant_id, "token")
    node_id = (await accounts.enrol_node("token", "attic")).node_id
    title = catalogue_title(TITLES[0].manifest)
    mine = Holdings(engine, ME, {title.title_id: title})
    await Leases(engine, ME).register(60.0, alone=False)
    await mine.bring_home(node_id)
    placed = SavePlacement(row.session_id, 1, row.tenant_id, node_id, PlacementState.SERVING)
    await store.apply([replace(row, epoch=1, state=SessionState.RUNNING), placed], [])
    for owner in (ME, OTHER, None):
        async with engine.begin() as connection:
            await connection.execute(update(tables.session).values(owner=owner))
        held = await mine.bring_home(node_id)
        assert [session.session_id for session in held.sessions] == [row.session_id]
        assert await mine.load_mine(row.session_id) is not None
    taken = Holdings(engine, OTHER, {title.title_id: title})
    assert [node.node_id for node in (await taken.bring_home(node_id)).nodes] == [node_id]
    with pytest.raises(Overtaken) as refused:
        await store.apply([placed], [])
    assert set(refused.value.nodes) == {node_id}
    assert set(refused.value.sessions) == {row.session_id}
