"""Steps and their writes: those that come while the store is busy go together; news follows what is written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest
from sqlalchemy.exc import OperationalError

from session_broker.core.bus_messages import TabDetached, TabJoined
from session_broker.core.effects import ReplicaId, SaveNode, SaveSession, TabKey, Write
from session_broker.core.records import Session
from session_broker.core.sign_in import Caller
from session_broker.io.bus import Handler, LocalBus, Post
from session_broker.io.distant_rows import DistantRows
from session_broker.io.edge import Edge
from session_broker.io.edge_tab import EdgeTab
from session_broker.io.effect_writes import Overtaken
from session_broker.io.holdings import Holdings
from session_broker.io.leases import Leases
from session_broker.io.metrics import Metrics
from session_broker.io.outbox import Outbox
from session_broker.io.replicas import Replicas
from session_broker.io.runner import STEPS_AT_ONCE, MovedOn, Runner, StoreUnavailable
from session_broker.io.store import Store
from tests.support.coordinator_bench import Bench
from tests.support.deadlines import patient
from wire.errors import Reason
from wire.ids import PlayerId, SessionId, TenantId
from wire.schema import Message
from wire.session_control import Role

ME, OTHER = ReplicaId("rep_me"), ReplicaId("rep_other")


class BusyStore:
    """A store that takes each batch when it is let to, and knows whose sessions are another's."""

    def __init__(self) -> None:
        self.batches: list[list[Write]] = []
        self.foreign: set[SessionId] = set()
        self.play_elsewhere: set[PlayerId] = set()
        self.free = asyncio.Event()
        self.free.set()
        self.fails = False

    async def apply(self, writes: Sequence[Write], _posts: Sequence[Post]) -> None:
        """Take a batch, or refuse it whole."""
        await self.free.wait()
        if self.fails:
            raise OperationalError("away", None, Exception())
        foreign = {write.session_id for write in writes if hasattr(write, "session_id")} & self.foreign
        foreign |= {w.session_id for w in writes if isinstance(w, SaveSession) and w.player_id in self.play_elsewhere}
        if foreign:
            raise Overtaken(frozenset(foreign), frozenset())
        self.batches.append(list(writes))

    def sessions(self) -> list[list[SessionId]]:
        """Return the sessions of each batch, each once."""
        return [list(dict.fromkeys(w.session_id for w in b if hasattr(w, "session_id"))) for b in self.batches]


class Broker:
    """A runner on such a store."""

    def __init__(self) -> None:
        self.store = BusyStore()
        self.bench = Bench()
        self.coordinator = self.bench.coordinator
        self.runner = Runner(self.coordinator, self.store, Metrics())  # type: ignore[arg-type]

    async def click(self, player: int) -> Session:
        """Start a session."""
        return (await self.runner.run(lambda now: self.coordinator.create_session(_player(player), "testcard", now)))[
            0
        ]


def _player(number: int) -> PlayerId:
    return PlayerId(f"plr_{number}")


async def test_steps_that_come_while_the_store_is_busy_are_written_together_in_their_order() -> None:
    broker = Broker()
    broker.store.free.clear()
    clicks = [asyncio.create_task(broker.click(number)) for number in range(STEPS_AT_ONCE + 3)]
    await asyncio.sleep(0)
    broker.store.free.set()
    made = [session.session_id for session in await asyncio.gather(*clicks)]
    written = broker.store.sessions()
    assert [session_id for batch in written for session_id in batch] == made
    assert max(map(len, written)) == STEPS_AT_ONCE
    assert len(written) <= 3


async def test_nobody_hears_of_a_step_before_it_is_written() -> None:
    broker = Broker()
    broker.store.free.clear()
    click = asyncio.create_task(broker.click(1))
    await asyncio.sleep(0)
    assert not click.done()
    assert broker.coordinator.live_sessions_of(_player(1)), "the step itself is done"
    broker.store.free.set()
    await click
    assert len(broker.store.batches) == 1


async def test_what_is_anothers_is_left_out_and_the_rest_of_the_batch_is_written() -> None:
    broker = Broker()
    taken = await broker.click(1)
    broker.store.foreign.add(taken.session_id)
    broker.store.free.clear()
    steps = [
        asyncio.create_task(broker.click(2)),
        asyncio.create_task(broker.runner.run(lambda now: broker.coordinator.set_priority(taken.session_id, 1, now))),
        asyncio.create_task(broker.click(3)),
    ]
    await asyncio.sleep(0)
    broker.store.free.set()
    outcomes = await asyncio.gather(*steps, return_exceptions=True)
    assert isinstance(outcomes[1], MovedOn)
    assert broker.coordinator.session(taken.session_id) is None, "it was let go of"
    live = {session.player_id for session in broker.coordinator.live_sessions()}
    assert live == {_player(2), _player(3)}
    assert {session_id for batch in broker.store.sessions()[1:] for session_id in batch} == {
        session.session_id for session in broker.coordinator.live_sessions()
    }


async def test_the_slot_of_a_session_that_was_refused_is_free_in_the_nodes_row_too() -> None:
    broker = Broker()
    broker.bench.node(slots=4)
    broker.store.play_elsewhere.add(_player(1))
    broker.store.free.clear()
    clicks = [asyncio.create_task(broker.click(number)) for number in (1, 2)]
    await asyncio.sleep(0)
    broker.store.free.set()
    refused, _ = await asyncio.gather(*clicks, return_exceptions=True)
    assert isinstance(refused, MovedOn)
    saved = [write.claims for batch in broker.store.batches for write in batch if isinstance(write, SaveNode)]
    assert saved[-1] == broker.coordinator.slots()[1] == 1


async def test_a_tab_that_joins_while_another_players_session_is_let_go_of_has_joined() -> None:
    broker = Broker()
    taken, kept = await broker.click(1), await broker.click(2)
    broker.store.foreign.add(taken.session_id)
    broker.store.free.clear()
    rows = cast(DistantRows, None)
    edge = Edge(ME, broker.runner, cast(Store, broker.store), rows, LocalBus(), lambda: {ME})
    key, caller = TabKey(broker.runner.new_key()), Caller(_player(2), TenantId("ten_a"), ("player",))
    outbox = broker.runner.tabs[key] = Outbox(9, lambda: None)
    tab = EdgeTab(kept.session_id, caller, Role.PLAYER, 1, outbox)
    steps = [
        asyncio.create_task(broker.runner.run(lambda now: broker.coordinator.set_priority(taken.session_id, 1, now))),
        asyncio.create_task(edge.join(key, tab)),
    ]
    await asyncio.sleep(0)
    broker.store.free.set()
    outcomes = await asyncio.gather(*steps, return_exceptions=True)
    await edge.close()
    assert isinstance(outcomes[0], MovedOn)
    assert (outcomes[1], tab.owner) == (None, ME)
    assert broker.coordinator.session_of_tab(key) == kept.session_id


async def test_a_tab_follows_a_session_whose_end_here_was_refused() -> None:
    broker = Broker()
    session = await broker.click(1)
    key, caller = TabKey(broker.runner.new_key()), Caller(_player(1), TenantId("ten_a"), ("player",))
    outbox, detached = Outbox(9, lambda: None), list[TabKey]()
    broker.runner.tabs[key], broker.runner.on_detached = outbox, detached.append

    def join(now: float) -> None:
        broker.coordinator.tab_joined(key, session.session_id, caller, Role.PLAYER, 1, now)

    await broker.runner.run(join)
    broker.store.foreign.add(session.session_id)
    with pytest.raises(MovedOn):
        await broker.runner.run(
            lambda now: broker.coordinator.end_session(session.session_id, Reason.ENDED_BY_PLAYER, now)
        )
    assert not outbox.closing
    assert detached == [key]


class OneMessage(LocalBus):
    """A bus on which one message lies."""

    def __init__(self, message: Message) -> None:
        self.message = message
        self.posted: asyncio.Queue[Post] = asyncio.Queue()

    async def post(self, posts: Sequence[Post]) -> None:
        for post in posts:
            self.posted.put_nowait(post)

    async def run(self, handle: Handler) -> None:
        await handle(OTHER, self.message)


async def test_a_distant_tab_that_is_refused_meanwhile_looks_again() -> None:
    broker = Broker()
    taken = await broker.click(1)
    broker.store.foreign.add(taken.session_id)
    broker.store.free.clear()
    bus = OneMessage(TabJoined(7, "ses_none", "plr_9", "ten_a", (), None, None, "dev_a", Role.PLAYER, 1, None, None))
    leases, holdings, rows = cast(Leases, None), cast(Holdings, None), cast(DistantRows, None)
    replicas = Replicas(ME, broker.runner, leases, holdings, rows, bus, 15.0, alone=False)
    moving = asyncio.create_task(
        broker.runner.run(lambda now: broker.coordinator.set_priority(taken.session_id, 1, now))
    )
    await asyncio.sleep(0)
    living = asyncio.create_task(replicas.run(cast(Edge, None)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    broker.store.free.set()
    async with asyncio.timeout(patient(10.0)):
        assert await bus.posted.get() == Post(OTHER, TabDetached(7))
    living.cancel()
    await asyncio.gather(moving, living, return_exceptions=True)


async def test_what_the_store_did_not_take_is_written_with_the_next_step() -> None:
    broker = Broker()
    broker.store.fails = True
    with pytest.raises(StoreUnavailable):
        await broker.click(1)
    broker.store.fails = False
    await broker.click(2)
    assert broker.store.sessions() == [[s.session_id for s in broker.coordinator.live_sessions()]]
