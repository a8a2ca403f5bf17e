"""The edge: tabs whose sockets are here, wherever their sessions are.

A tab is attached to the replica that owns its session: this one, or another, to which the bus carries what the tab
says. When the session moves or its owner is buried, the edge looks for the new owner and attaches the tab there; the
page sees a second ``welcome`` and goes on. What the tab says meanwhile is kept, as far as it still means something.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

import structlog
from sqlalchemy.exc import SQLAlchemyError

from session_broker.core.bus_messages import (
    MediaWatched,
    TabClosed,
    TabDetached,
    TabGone,
    TabRefused,
    TabSaid,
    TabTold,
)
from session_broker.core.effects import CLOSE_ENDED, CLOSE_REFUSED, CLOSE_TRY_AGAIN, ReplicaId, TabKey
from session_broker.io.bus import Bus, Post
from session_broker.io.clock import monotonic_s
from session_broker.io.distant_rows import DistantRows
from session_broker.io.edge_tab import SAID_BY_JOINING, EdgeTab
from session_broker.io.runner import MovedOn, Runner, StoreUnavailable
from session_broker.io.store import Store
from wire.errors import Reason, WireError
from wire.schema import Message, decode, encode
from wire.session_control import (
    FROM_TAB,
    TO_TAB,
    MediaReport,
    Refusal,
    SessionState,
    StateNews,
)

_ATTEMPTS = 30
_LOOK_FIRST_S, _LOOK_MOST_S = 0.05, 0.5
_log = structlog.get_logger()


class Edge:
    """Owns the attachments of this replica's tabs and the tasks that look for owners."""

    def __init__(
        self,
        me: ReplicaId,
        runner: Runner,
        store: Store,
        rows: DistantRows,
        bus: Bus,
        members: Callable[[], Collection[ReplicaId]],
    ) -> None:
        self._me = me
        self._runner = runner
        self._store = store
        self._rows = rows
        self._bus = bus
        self._members = members
        self._tabs: dict[TabKey, EdgeTab] = {}
        self._looking: dict[TabKey, asyncio.Task[None]] = {}
        self._unsent: list[Post] = []
        """Tabs that are gone, one message each."""
        runner.on_detached = self.detach

    async def join(self, key: TabKey, tab: EdgeTab) -> None:
        """Attach a tab that said hello, or tell it why its session ended; one without an owner is attached later.

        Raises:
            WireError: the session was never there, or refuses the tab. A refusal by another replica comes later.
            StoreUnavailable: the tab has joined, and is told once the database answers.
        """
        self._tabs[key] = tab
        try:
            if not await self._attach_or_tell_end(key, tab):
                self.detach(key)
        except (SQLAlchemyError, OSError) as error:
            raise StoreUnavailable from error

    async def said(self, key: TabKey, message: Message) -> None:
        """Take a message of a tab.

        Raises:
            WireError: refused, by this replica.
        """
        tab = self._tabs.get(key)
        if tab is None:
            return  # It has not said hello.
        if tab.owner is None:
            tab.keep(message)
            return
        tab.note(message)
        if tab.owner == self._me:
            await self._runner.run(lambda now: self._runner.coordinator.tab_said(key, message, now))
        elif not isinstance(message, MediaReport) or tab.carries_report(monotonic_s()):
            try:
                await self._bus.post((Post(tab.owner, TabSaid(key, encode(message))),))
            except (SQLAlchemyError, OSError):
                tab.keep(message)
                self.detach(key)

    async def gone(self, key: TabKey) -> None:
        """A tab's socket closed."""
        tab = self._tabs.pop(key, None)
        looking = self._looking.pop(key, None)
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        if tab is None or tab.owner is None:
            return
        if tab.owner == self._me:
            await self._runner.run(lambda now: self._runner.coordinator.tab_gone(key, now))
        else:
            self._unsent.append(Post(tab.owner, TabGone(key)))
            await self.send_rest()

    async def send_rest(self) -> None:
        """Send what the database did not take when it was said; ``Replicas`` tries again every second."""
        unsent, self._unsent = self._unsent, []
        try:
            await self._bus.post(unsent)
        except (SQLAlchemyError, OSError):
            self._unsent = unsent + self._unsent

    async def close(self) -> None:
        """End the tasks that look for owners."""
        looking = list(self._looking.values())
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)

    def detach(self, key: TabKey) -> None:
        """Look for the owner of a tab's session anew."""
        tab = self._tabs.get(key)
        if tab is None:
            return
        tab.owner = None
        if key not in self._looking:
            self._looking[key] = asyncio.create_task(self._look(key, tab), name="edge looks for an owner")

    def keep_to(self, listed: Collection[ReplicaId]) -> None:
        """Detach the tabs whose sessions' owners are dead."""
        for key, tab in self._tabs.items():
            if tab.owner is not None and tab.owner not in listed:
                self.detach(key)

    async def take(self, sender: ReplicaId, message: Message) -> None:
        """Take a bus message for a tab; one from a replica that the tab is not attached to is late."""
        key = TabKey(getattr(message, "key", 0))
        tab = self._tabs.get(key)
        if tab is None or tab.outbox.closing:
            return
        if tab.owner == sender:
            self._take_news(key, tab, message)
        if isinstance(message, TabDetached) and message.unheard is not None:
            await self._say_again(key, tab, message.unheard)

    def _take_news(self, key: TabKey, tab: EdgeTab, message: Message) -> None:
        match message:
            case TabTold():
                tab.strikes.good()
                tab.outbox.send(decode(message.body, TO_TAB, max_bytes=len(message.body) * 4))
            case TabClosed():
                tab.outbox.close(message.code)
            case TabDetached():
                self.detach(key)
            case MediaWatched():
                tab.watch(monotonic_s())
            case TabRefused():
                self._refuse(key, tab, message)

    def _refuse(self, key: TabKey, tab: EdgeTab, refusal: TabRefused) -> None:
        if refusal.joining and refusal.reason is Reason.UNKNOWN_SESSION:
            self.detach(key)  # It may have moved on in between; the database says where to, or that it has ended.
            return
        tab.outbox.send(Refusal(refusal.reason, refusal.detail))
        if refusal.joining or tab.strikes.bad():
            tab.outbox.close(CLOSE_REFUSED)

    async def _say_again(self, key: TabKey, tab: EdgeTab, body: str) -> None:
        """Say what came back unheard to whom the session has now, or keep it until that is found."""
        message = decode(body, FROM_TAB)
        if not isinstance(message, SAID_BY_JOINING):
            await self._say(key, tab, message)

    async def _say(self, key: TabKey, tab: EdgeTab, message: Message) -> None:
        """Say what was said before; if it is refused, the tab is told and stays."""
        try:
            await self.said(key, message)
        except (StoreUnavailable, MovedOn):
            raise
        except WireError as error:
            tab.outbox.send(Refusal(error.reason, error.detail[:4096]))

    async def _look(self, key: TabKey, tab: EdgeTab) -> None:
        """Attach a tab as soon as its session has a living owner; tell it if the session has ended."""
        pause_s = _LOOK_FIRST_S
        try:
            for _ in range(_ATTEMPTS):
                await asyncio.sleep(pause_s)
                pause_s = min(_LOOK_MOST_S, 2 * pause_s)
                try:
                    done = await self._attach_or_tell(key, tab)
                except (SQLAlchemyError, OSError) as error:
                    _log.warning("edge_looks_in_vain", error=type(error).__name__)
                    continue
                if done and (tab.owner is not None or tab.outbox.closing):
                    return  # Else it was detached again while this went on.
            tab.outbox.close(CLOSE_TRY_AGAIN)
        finally:
            if self._looking.get(key) is asyncio.current_task():
                del self._looking[key]

    async def _attach_or_tell(self, key: TabKey, tab: EdgeTab) -> bool:
        """Attach a tab, or tell it why it cannot be; False if it is to be tried again."""
        try:
            return await self._attach_or_tell_end(key, tab)
        except StoreUnavailable:
            return True  # It has joined, and is told once the database answers.
        except WireError as error:
            tab.outbox.send(Refusal(error.reason, error.detail))
            tab.outbox.close(CLOSE_REFUSED)
            return True

    async def _attach_or_tell_end(self, key: TabKey, tab: EdgeTab) -> bool:
        """Attach a tab, or tell it why its session ended; False if it is to be tried again."""
        try:
            return await self._attach(key, tab)
        except StoreUnavailable:
            raise
        except MovedOn:
            return False
        except WireError:
            session = await self._store.read_session(tab.session_id)
            if session is None or session.state is not SessionState.ENDED:
                raise
            tab.outbox.send(StateNews(session.state, session.reason, session.detail))
            tab.outbox.close(CLOSE_ENDED)
            return True

    async def _attach(self, key: TabKey, tab: EdgeTab) -> bool:
        """Attach a tab where its session is; False if that is nowhere at the moment."""
        if self._runner.coordinator.session(tab.session_id) is not None:
            attached = await self._attach_here(key, tab)
        else:
            attached = await self._attach_there(key, tab)
        if attached:
            for message in tab.take_held():
                await self._say(key, tab, message)
        return attached

    async def _attach_here(self, key: TabKey, tab: EdgeTab) -> bool:
        coordinator = self._runner.coordinator
        # As of now: what the tab says while this waits for its turn is heard by itself.
        wanted_codecs, video_max_bps = tab.wanted_codecs, tab.video_max_bps

        def step(now: float) -> None:
            coordinator.tab_joined(key, tab.session_id, tab.caller, tab.role, tab.protocol, now)
            coordinator.rejoin(key, wanted_codecs, video_max_bps, now)

        tab.owner = self._me
        try:
            await self._runner.run(step)
        except StoreUnavailable:
            raise  # It has joined.
        except MovedOn:
            if coordinator.session_of_tab(key) is None:
                tab.owner = None
                return False
            # What was left out was not this tab's: it has joined.
        except WireError as error:
            tab.owner = None
            if error.reason is Reason.UNKNOWN_SESSION and coordinator.session(tab.session_id) is None:
                return False  # It went while the tab waited for its turn.
            raise
        return True

    async def _attach_there(self, key: TabKey, tab: EdgeTab) -> bool:
        where = await self._rows.whereabouts(tab.session_id)
        if where is None or where.ended:
            raise WireError(Reason.UNKNOWN_SESSION, "there is no such session, or it has ended")
        if where.owner is None or where.owner == self._me or where.owner not in self._members():
            return False
        tab.owner = where.owner  # Before it is said, since the answer may come at once.
        try:
            await self._bus.post((Post(where.owner, tab.joined(key)),))
        except (SQLAlchemyError, OSError):
            tab.owner = None
            raise
        return True
