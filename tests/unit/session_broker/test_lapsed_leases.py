"""Tabs between two replicas whose leases lapsed: they stay attached, and what they say is heard once by somebody."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

import session_broker.io.replicas
from session_broker.core.bus_messages import TabDetached, TabJoined, TabSaid
from session_broker.core.effects import ReplicaId, TabKey
from session_broker.core.sign_in import Caller
from session_broker.core.steadiness import Renewal
from session_broker.io.bus import Handler, Post
from session_broker.io.distant_rows import Whereabouts
from session_broker.io.edge import Edge
from session_broker.io.edge_tab import EdgeTab
from session_broker.io.holdings import Held
from session_broker.io.leases import Roll
from session_broker.io.outbox import Outbox
from session_broker.io.replicas import Replicas
from tests.support.deadlines import until
from tests.support.replica_model import TENANT, ModelReplica, Rows
from wire.errors import Reason
from wire.ids import PlayerId, SessionId
from wire.schema import Message, decode, encode
from wire.session_control import TO_TAB, Answer, Leave, OpenPeer, Refusal, Role, SessionState

PLAYER = PlayerId("plr_a")
OTHER, THIRD = ReplicaId("rep_other"), ReplicaId("rep_third")
LEAVE, STAND_UP = encode(Leave(end=True)), encode(Leave())


class ModelBus:
    """Keeps what is posted, and gives what it is told to."""

    def __init__(self) -> None:
        self.posted: list[tuple[ReplicaId, Message]] = []
        self.handle: asyncio.Future[Handler] = asyncio.get_running_loop().create_future()

    async def post(self, posts: Sequence[Post]) -> None:
        self.posted += [(post.to, post.message) for post in posts]

    async def run(self, handle: Handler) -> None:
        self.handle.set_result(handle)
        await asyncio.Event().wait()


class ModelLeases:
    """Says of the leases what the test wants."""

    def __init__(self, me: ReplicaId) -> None:
        self.me = me
        self.renewal = Renewal.HELD
        self.roll_is = Roll(frozenset({me, OTHER, THIRD}), frozenset({me, OTHER, THIRD}))
        self.renewals = self.burials = 0

    async def renew(self, _lease_s: float) -> Renewal:
        self.renewals += 1
        return self.renewal

    async def roll(self) -> Roll:
        return self.roll_is

    async def bury(self) -> None:
        self.burials += 1

    async def clock_ms(self) -> int:
        return 0


class ModelRows:
    """Counts the looks; the session is where the test says."""

    def __init__(self) -> None:
        self.looks = 0
        self.owner = THIRD

    async def whereabouts(self, _session_id: str) -> Whereabouts:
        return Whereabouts(self.owner, ended=False)

    async def distant_sessions(self) -> tuple[list[object], dict[PlayerId, int]]:
        return [], {}

    async def distant_nodes(self) -> list[object]:
        self.looks += 1
        return []


class NothingHeld:
    """There is nothing to take over."""

    async def take_orphans(self) -> Held:
        return Held([], [])

    async def my_sessions(self) -> list[SessionId]:
        return []


class Life:
    """One replica with everything around it a model."""

    def __init__(self, lease_s: float) -> None:
        self.model = ModelReplica(Rows(), 1, itertools.count(1))
        self.me, runner = self.model.me, self.model.runner
        self.bus, self.leases, self.rows = ModelBus(), ModelLeases(self.me), ModelRows()
        self.replicas = Replicas(
            self.me, runner, self.leases, NothingHeld(), self.rows, self.bus, lease_s, alone=False  # type: ignore[arg-type]
        )  # fmt: skip
        living = {self.me, OTHER, THIRD}
        self.edge = Edge(self.me, runner, None, self.rows, self.bus, lambda: living)  # type: ignore[arg-type]

    async def look(self) -> None:
        """Wait until a look that begins from now on is over."""
        enough = self.rows.looks + 2

        async def looked() -> bool:
            return self.rows.looks >= enough

        await until(looked, 10.0, "two looks")

    async def hear(self, sender: ReplicaId, message: Message) -> None:
        await (await self.bus.handle)(sender, message)


@contextlib.asynccontextmanager
async def living(monkeypatch: pytest.MonkeyPatch, lease_s: float = 60.0) -> AsyncIterator[Life]:
    monkeypatch.setattr(session_broker.io.replicas, "LOOK_S", 0.0)
    life = Life(lease_s)
    task = asyncio.create_task(life.replicas.run(life.edge))
    try:
        yield life
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await life.edge.close()


async def a_session_with_a_tab_of(life: Life, edge: ReplicaId) -> SessionId:
    coordinator = life.model.coordinator
    made, _ = await life.model.runner.run(lambda now: coordinator.create_session(PLAYER, "testcard", now))
    joined = TabJoined(7, made.session_id, PLAYER, TENANT, ("player",), None, None, "dev_a", Role.PLAYER, 3)
    await life.hear(edge, joined)
    return made.session_id


async def test_a_tab_stays_while_its_edge_has_not_renewed_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    async with living(monkeypatch) as life:
        session_id = await a_session_with_a_tab_of(life, OTHER)
        life.leases.renewal = Renewal.LAPSED
        life.leases.roll_is = Roll(frozenset({life.me}), frozenset({life.me, OTHER}))
        await life.look()
        await life.hear(OTHER, TabSaid(7, LEAVE))
        assert life.model.rows.sessions[session_id].state is SessionState.ENDED


async def test_words_of_a_tab_whose_edge_was_buried_come_back_unheard(monkeypatch: pytest.MonkeyPatch) -> None:
    async with living(monkeypatch) as life:
        session_id = await a_session_with_a_tab_of(life, OTHER)
        life.leases.roll_is = Roll(frozenset({life.me}), frozenset({life.me}))
        await life.look()
        await life.hear(OTHER, TabSaid(7, LEAVE))
        assert life.model.rows.sessions[session_id].state is not SessionState.ENDED
        assert life.bus.posted[-1] == (OTHER, TabDetached(7, LEAVE))


async def test_whoever_stood_still_for_a_lease_judges_nobody_for_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(session_broker.io.replicas, "monotonic_s", lambda: clock[0])
    async with living(monkeypatch, lease_s=5.0) as life:
        await life.look()
        clock[0], life.leases.renewal = 10.0, Renewal.LAPSED
        await life.look()
        life.leases.renewal = Renewal.HELD
        clock[0] = 14.9
        await life.look()
        assert life.leases.burials == 0
        clock[0] = 15.0
        await life.look()
        assert life.leases.burials > 0


async def test_the_lease_is_renewed_while_a_take_over_takes_long(monkeypatch: pytest.MonkeyPatch) -> None:
    taking = asyncio.Event()

    async def take_long(_held: NothingHeld) -> Held:
        taking.set()
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(NothingHeld, "take_orphans", take_long)
    async with living(monkeypatch) as life:
        await taking.wait()
        enough = life.leases.renewals + 3

        async def renewed() -> bool:
            return life.leases.renewals >= enough

        await until(renewed, 5.0, "the lease is renewed")


def a_tab(life: Life, owner: ReplicaId | None) -> EdgeTab:
    caller = Caller(PLAYER, TENANT, ("player",))
    tab = EdgeTab("ses_a", caller, Role.PLAYER, 3, Outbox(4, lambda: None), owner)
    life.edge._tabs[TabKey(7)] = tab
    return tab


def said(life: Life) -> Callable[[], list[str]]:
    return lambda: [m.body for to, m in life.bus.posted if to == THIRD and isinstance(m, TabSaid)]


async def test_what_came_back_unheard_is_said_to_the_new_owner_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    async with living(monkeypatch) as life:
        tab, heard = a_tab(life, OTHER), said(life)
        tab.note(OpenPeer(("H264",)))
        await life.hear(OTHER, TabDetached(7, encode(OpenPeer(("H264",)))))
        await life.hear(OTHER, TabDetached(7, STAND_UP))
        await life.hear(OTHER, TabDetached(7, LEAVE))

        async def both() -> bool:
            return len(heard()) == 2

        await until(both, 10.0, "the new owner is told")
        assert (heard(), tab.owner) == ([STAND_UP, LEAVE], THIRD)
        joined = life.bus.posted[0][1]
        assert isinstance(joined, TabJoined)
        assert joined.wanted_codecs == ("H264",), "said by joining, and not once more"


async def test_a_kept_word_that_is_refused_costs_the_tab_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with living(monkeypatch) as life:
        tab, coordinator = a_tab(life, None), life.model.coordinator
        made, _ = await life.model.runner.run(lambda now: coordinator.create_session(PLAYER, "testcard", now))
        tab.session_id = made.session_id
        tab.keep(Answer("peer_a", "ticket", "v=0"))
        tab.keep(Leave(end=True))
        life.edge.detach(TabKey(7))

        async def heard() -> bool:
            return life.model.rows.sessions[made.session_id].state is SessionState.ENDED

        await until(heard, 10.0, "what was said after the refused word is heard")
        (refusal,) = (decode(text, TO_TAB) for text in tab.outbox._waiting)
        assert isinstance(refusal, Refusal)
        assert (refusal.reason, tab.outbox.closing) == (Reason.BAD_STATE, False)


async def test_what_comes_back_late_goes_to_whom_the_tab_is_attached_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async with living(monkeypatch) as life:
        tab = a_tab(life, THIRD)
        await life.hear(OTHER, TabDetached(7, LEAVE))
        assert life.bus.posted == [(THIRD, TabSaid(7, LEAVE))]
        assert tab.owner == THIRD


async def test_a_tab_that_is_closing_is_not_attached_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with living(monkeypatch) as life:
        tab = a_tab(life, OTHER)
        tab.outbox.close(4000)
        await life.hear(OTHER, TabDetached(7, LEAVE))
        assert (tab.owner, tuple(tab.held), life.bus.posted) == (OTHER, (), [])
