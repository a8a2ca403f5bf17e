"""Tabs whose sockets other replicas hold, under keys of our own, and what is sent to them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from session_broker.core.bus_messages import MediaWatched, TabClosed, TabDetached, TabTold
from session_broker.core.effects import CloseTab, DetachTab, ReplicaId, TabKey, ToTab, WatchMedia
from session_broker.io.bus import Post
from wire.schema import Message, encode


class DistantTabs:
    """Two directions of one table: a tab is known by its edge and that edge's number, or by our key."""

    def __init__(self, new_key: Callable[[], int]) -> None:
        self._new_key = new_key
        self._places: dict[TabKey, tuple[ReplicaId, int]] = {}
        self._keys: dict[tuple[ReplicaId, int], TabKey] = {}

    def key_of(self, edge: ReplicaId, number: int) -> TabKey | None:
        """Return our key of a tab that has joined."""
        return self._keys.get((edge, number))

    def add(self, edge: ReplicaId, number: int) -> TabKey:
        """Return a new key; what is still to be sent under one that the tab had before is not."""
        before = self._keys.get((edge, number))
        if before is not None:
            self.forget(before)
        key = TabKey(self._new_key())
        self._keys[edge, number] = key
        self._places[key] = (edge, number)
        return key

    def forget(self, key: TabKey) -> None:
        """Forget a tab; one that is not known stays so."""
        place = self._places.pop(key, None)
        if place is not None and self._keys.get(place) == key:
            del self._keys[place]

    def of_edges_beside(self, listed: Collection[ReplicaId]) -> list[TabKey]:
        """Return the tabs whose edges are dead."""
        return [key for key, (edge, _) in self._places.items() if edge not in listed]

    def posts(self, news: Iterable[ToTab | CloseTab | DetachTab | WatchMedia]) -> list[Post]:
        """Return what is to be posted of such news; those of our own tabs are left out."""
        return [Post(self._places[each.tab][0], self._message(each)) for each in news if each.tab in self._places]

    def _message(self, news: ToTab | CloseTab | DetachTab | WatchMedia) -> Message:
        number = self._places[news.tab][1]
        match news:
            case ToTab():
                return TabTold(number, encode(news.message))
            case CloseTab():
                return TabClosed(number, news.code)
            case DetachTab():
                return TabDetached(number)
            case WatchMedia():
                return MediaWatched(number)
