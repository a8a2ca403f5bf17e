"""This replica among the others: its lease, what it takes over, what the others tell it.

Every second it renews its lease and buries the dead. Beside that, since it may take longer than a lease, it looks
every second who else lives and takes what is nobody's, and reads where the others' nodes are. A replica whose own
lease lapsed, as after an outage of the database, first gives the others as long to renew theirs, and until then holds
on to what it has of them. One that finds itself buried stops: its work is others' by then.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from functools import partial

import structlog
from sqlalchemy.exc import SQLAlchemyError

from session_broker.core.bus_messages import (
    DeviceSignedOut,
    HttpAnswered,
    HttpAsked,
    NodeMoved,
    NodeUnneeded,
    SessionHandedOver,
    TabDetached,
    TabGone,
    TabJoined,
    TabRefused,
    TabSaid,
)
from session_broker.core.effects import CLOSE_REFUSED, ReplicaId, TabKey
from session_broker.core.sign_in import Caller
from session_broker.core.steadiness import Renewal, Steadiness
from session_broker.io.bus import Bus, Post
from session_broker.io.clock import monotonic_s
from session_broker.io.distant_rows import DistantRows
from session_broker.io.edge import Edge
from session_broker.io.holdings import Holdings
from session_broker.io.leases import Leases
from session_broker.io.runner import MovedOn, Runner, StoreUnavailable
from wire.errors import WireError
from wire.ids import NodeId, PlayerId, SessionId, TenantId
from wire.schema import Message, decode
from wire.session_control import FROM_TAB

LOOK_S = 1.0
"""Seconds between renewals of the lease, and between looks at the others."""

LOOK_TIMEOUT_S = 10.0
"""Seconds after which a look is given up and begun anew."""

LOOKS_PER_COUNT = 5
"""Looks from one comparison of the sessions in memory with those in the database to the next."""

_log = structlog.get_logger()


class Replicas:
    """Owns the loop over the leases and the one that takes messages from the bus."""

    def __init__(
        self,
        me: ReplicaId,
        runner: Runner,
        leases: Leases,
        holdings: Holdings,
        rows: DistantRows,
        bus: Bus,
        lease_s: float,
        *,
        alone: bool,
    ) -> None:
        self.me = me
        self.alone = alone
        """Whether nobody else may use the database."""
        self.members: frozenset[ReplicaId] = frozenset({me})
        """Those whose leases held at the last look; this one always."""
        self.buried = asyncio.Event()
        """Set when the others have taken this replica for dead."""
        self.on_device_signed_out: Callable[[str], Awaitable[None]] = _nobody_cares
        self.on_http: Callable[[ReplicaId, HttpAsked | HttpAnswered], None] = lambda _sender, _message: None
        self._runner = runner
        self._leases = leases
        self._holdings = holdings
        self._rows = rows
        self._bus = bus
        self._lease_s = lease_s
        self._steadiness = Steadiness(lease_s)
        self._moving = asyncio.Lock()
        """Held while a node comes or goes, so that late news of a move cannot undo the next one."""
        self._looks_until_count = LOOKS_PER_COUNT
        self._missing: set[SessionId] = set()
        """Sessions that are ours and were not here at the last count."""
        runner.on_overtaken = self._on_overtaken

    async def begin(self) -> None:
        """Begin to live; what is nobody's is taken at once, and so is everything where nobody else may be."""
        await self._leases.register(self._lease_s, alone=self.alone)
        await self._set_clock()
        if not self.alone:
            self.members = (await self._leases.roll()).living | {self.me}
        async with self._lease_kept():
            while await self._take_orphans():
                pass

    async def run(self, edge: Edge) -> None:
        """Live until cancelled or buried."""
        taking = asyncio.create_task(self._bus.run(partial(self._take, edge)), name="bus")
        try:
            async with self._lease_kept():
                while not self.buried.is_set():
                    try:
                        async with asyncio.timeout(LOOK_TIMEOUT_S):
                            await self._look(edge)
                    except (SQLAlchemyError, OSError, WireError) as error:
                        _log.warning("replicas_unseen", error=type(error).__name__)
                        self._steadiness.interrupted()
                    except Exception:
                        # One session's fault must not keep this replica from looking again.
                        _log.exception("replica_look_failed")
                    await asyncio.sleep(LOOK_S)
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _lease_kept(self) -> AsyncIterator[None]:
        keeping = asyncio.create_task(self._keep_lease(), name="lease")
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _keep_lease(self) -> None:
        while not self.buried.is_set():
            await asyncio.sleep(LOOK_S)
            try:
                async with asyncio.timeout(self._lease_s):
                    await self._renew()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("lease_not_renewed", error=type(error).__name__)
                self._steadiness.interrupted()
            except Exception:
                # Without renewing, the others would take this replica for dead.
                _log.exception("lease_renewal_failed")
                self._steadiness.interrupted()

    async def _renew(self) -> None:
        now = monotonic_s()
        renewal = await self._leases.renew(self._lease_s)
        if renewal is Renewal.BURIED:
            self.buried.set()
            return
        self._steadiness.renewed(renewal, now)
        if self._steadiness.may_bury(now):
            await self._leases.bury()

    async def end(self) -> None:
        """End in good order: the others need not wait for the lease to run out."""
        with contextlib.suppress(SQLAlchemyError, OSError):
            await self._leases.leave()

    async def bring_home(self, node_id: NodeId) -> None:
        """Make a node that dialled in here ours, with its sessions.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer; the node must dial in again.
        """
        async with self._moving:
            held = await self._holdings.bring_home(node_id)
            with contextlib.suppress(MovedOn):
                await self._runner.run(partial(self._runner.coordinator.take_over, held.nodes, held.sessions))

    async def tell_others(self, message: Message) -> None:
        """Send to every other replica, also to one that has just begun or was not heard of for a while.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """
        await self._bus.post([Post(other, message) for other in (await self._leases.roll()).listed - {self.me}])

    async def drain(self, node_id: NodeId, drain_ms: int | None = None) -> None:
        """Let a node take no more sessions, wherever its home is; ask again until its row says so.

        Args:
            node_id: The node.
            drain_ms: Milliseconds after which what still runs there is ended; None leaves it to the players.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
            WireError: the same, or it is another replica's by now.
        """
        if self._runner.coordinator.has(node_id):
            await self._drain_ours(node_id, drain_ms)
            return
        found = await self._rows.home_of(node_id)
        if found is not None and found.owner not in (None, self.me):
            await self._bus.post((Post(found.owner, NodeUnneeded(node_id, drain_ms)),))

    async def _drain_ours(self, node_id: NodeId, drain_ms: int | None) -> None:
        coordinator, deadline_s = self._runner.coordinator, None if drain_ms is None else drain_ms / 1000.0
        if coordinator.has(node_id):
            await self._runner.run(lambda now: coordinator.drain(node_id, deadline_s, now))

    async def _look(self, edge: Edge) -> None:
        roll = await self._leases.roll()
        self.members = roll.living | {self.me}
        await edge.send_rest()
        edge.keep_to(roll.listed)
        for key in self._runner.distant_tabs.of_edges_beside(roll.listed):
            await self._drop_distant_tab(key)
        await self._take_orphans()
        await self._count_sessions()
        await self._set_clock()
        waiting, playing = await self._rows.distant_sessions()
        await self._runner.run(partial(self._runner.coordinator.see_queue, waiting, playing))
        distant = await self._rows.distant_nodes()
        await self._runner.run(partial(self._runner.coordinator.see_distant, distant))

    async def _set_clock(self) -> None:
        database_ms = await self._leases.clock_ms()
        await self._runner.run(partial(self._runner.coordinator.set_clock, database_ms))

    async def _take_orphans(self) -> bool:
        held = await self._holdings.take_orphans()
        if held.nodes or held.sessions:
            _log.info("took_over", nodes=len(held.nodes), sessions=len(held.sessions))
            with contextlib.suppress(MovedOn):
                await self._runner.run(partial(self._runner.coordinator.take_over, held.nodes, held.sessions))
        return bool(held.sessions)

    async def _take(self, edge: Edge, sender: ReplicaId, message: Message) -> None:
        """Take one message from the bus."""
        with contextlib.suppress(StoreUnavailable, MovedOn):  # Done later, or somebody else's by now.
            match message:
                case TabJoined():
                    await self._take_tab(sender, message)
                case TabSaid():
                    await self._take_words(sender, message)
                case TabGone():
                    key = self._runner.distant_tabs.key_of(sender, message.key)
                    if key is not None:
                        await self._drop_distant_tab(key)
                case SessionHandedOver():
                    session = await self._holdings.load_mine(SessionId(message.session_id))
                    if session is not None:
                        coordinator = self._runner.coordinator
                        await self._runner.run(partial(coordinator.take_handed_over, session))
                case NodeMoved() | NodeUnneeded():
                    await self._take_node_news(message)
                case DeviceSignedOut():
                    await self.on_device_signed_out(message.device_id)
                case HttpAsked() | HttpAnswered():
                    self.on_http(sender, message)
                case _:
                    await edge.take(sender, message)

    async def _take_tab(self, edge: ReplicaId, joined: TabJoined) -> None:
        caller = Caller(
            PlayerId(joined.player_id), TenantId(joined.tenant_id), joined.roles, joined.name,
            SessionId(joined.guest_of) if joined.guest_of else None, joined.device_id,
        )  # fmt: skip
        key, coordinator = self._runner.distant_tabs.add(edge, joined.key), self._runner.coordinator

        def step(now: float) -> None:
            coordinator.tab_joined(key, joined.session_id, caller, joined.role, joined.protocol, now)
            coordinator.rejoin(key, joined.wanted_codecs, joined.video_max_bps, now)

        try:
            await self._runner.run(step)
        except StoreUnavailable:
            raise
        except MovedOn:
            if coordinator.session_of_tab(key) is None and self._runner.distant_tabs.key_of(edge, joined.key) == key:
                # It was refused, maybe for what is another's by now: it shall look again.
                self._runner.distant_tabs.forget(key)
                await self._bus.post((Post(edge, TabDetached(joined.key)),))
        except WireError as error:
            self._runner.distant_tabs.forget(key)
            await self._refuse(edge, joined.key, error, joining=True)

    async def _take_words(self, edge: ReplicaId, said: TabSaid) -> None:
        key, coordinator = self._runner.distant_tabs.key_of(edge, said.key), self._runner.coordinator
        if key is None:
            # It crossed the news that the session has moved, or that news was lost. Nobody has heard these words.
            await self._bus.post((Post(edge, TabDetached(said.key, said.body)),))
            return
        try:
            words = decode(said.body, FROM_TAB)
            await self._runner.run(lambda now: coordinator.tab_said(key, words, now))
        except (StoreUnavailable, MovedOn):
            raise
        except WireError as error:
            await self._refuse(edge, said.key, error, joining=False)

    async def _refuse(self, edge: ReplicaId, number: int, error: WireError, *, joining: bool) -> None:
        await self._bus.post((Post(edge, TabRefused(number, error.reason, error.detail[:4096], joining)),))

    async def _drop_distant_tab(self, key: TabKey) -> None:
        self._runner.distant_tabs.forget(key)
        await self._runner.run(lambda now: self._runner.coordinator.tab_gone(key, now))

    async def _take_node_news(self, news: NodeMoved | NodeUnneeded) -> None:
        if isinstance(news, NodeMoved):
            await self._let_go_node(NodeId(news.node_id))
        else:
            await self._drain_ours(NodeId(news.node_id), news.drain_ms)

    async def _let_go_node(self, node_id: NodeId) -> None:
        async with self._moving:
            if await self._holdings.is_home_of(node_id):
                return  # It has come back since.
            link = await self._runner.run(lambda _now: self._runner.coordinator.let_go_node(node_id))
            if link is not None and link in self._runner.links:
                self._runner.links[link].close(CLOSE_REFUSED)

    def _on_overtaken(self, _sessions: Collection[SessionId]) -> None:
        self._looks_until_count = 0

    async def _count_sessions(self) -> None:
        """Take sessions that are ours and not here: refused a node that has moved, or lost with a message.

        One that is missing once may be on its way: given away by a step that is not written yet, or given to us by a
        message that has not come. It is looked for again at the next look.
        """
        self._looks_until_count -= 1
        if self._looks_until_count > 0:
            return
        coordinator = self._runner.coordinator
        mine = await self._holdings.my_sessions()
        missing = {session_id for session_id in mine if coordinator.session(session_id) is None}
        for session_id in missing & self._missing:
            session = await self._holdings.load_mine(session_id)
            if session is not None:
                _log.info("took_back", session_id=session_id)
                await self._runner.run(partial(coordinator.take_over, (), (session,)))
        self._missing = missing
        self._looks_until_count = 1 if missing else LOOKS_PER_COUNT


async def _nobody_cares(_device_id: str) -> None:
    return
