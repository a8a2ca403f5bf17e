"""Replicas on a database of dictionaries, with honest nodes: the real coordinators and runners, without SQL."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from session_broker.core.bus_messages import NodeMoved, SessionHandedOver
from session_broker.core.coordinator import Coordinator
from session_broker.core.effects import (
    HandOver,
    LinkKey,
    NodeOffer,
    ReplicaId,
    SaveNode,
    SaveParticipant,
    SavePlacement,
    SaveSession,
    Write,
)
from session_broker.core.node_table import NodeState
from session_broker.core.queue import Waiting
from session_broker.core.records import DistantNode, Limits, Node, Participant, Placement, Session
from session_broker.core.regions import RegionRules
from session_broker.io.bus import Post
from session_broker.io.effect_writes import Overtaken
from session_broker.io.metrics import Metrics
from session_broker.io.runner import MovedOn, Runner
from session_broker.io.session_rows import catalogue_title
from tests.support.fake_node import hello
from tests.support.live_broker import TITLES
from wire.ids import NodeId, PlayerId, SessionId, TenantId
from wire.node_control import EndSession, Heartbeat, PlacementNews, RunningSession, StartSession
from wire.schema import Message
from wire.session_control import SessionState
from wire.version import PROTOCOL_MAX
from wire.worker_control import PlacementState

CATALOGUE = {title.title_id: title for title in (catalogue_title(t.manifest) for t in TITLES)}
REGIONS = RegionRules({"eu": "https://eu/", "us": "https://us/"}, far_after_s=1e9)
TENANT = TenantId("ten_a")

Seen = tuple[list[Waiting], Mapping[PlayerId, int], list[DistantNode]]
"""What the rows said of the others: who waits, who plays, their nodes."""


@dataclass(slots=True)
class Rows:
    """What the database holds, and its fence."""

    sessions: dict[SessionId, SaveSession] = field(default_factory=dict)
    owners: dict[SessionId, ReplicaId] = field(default_factory=dict)
    placements: dict[tuple[SessionId, int], SavePlacement] = field(default_factory=dict)
    participants: dict[str, SaveParticipant] = field(default_factory=dict)
    nodes: dict[NodeId, SaveNode] = field(default_factory=dict)
    offers: dict[NodeId, NodeOffer] = field(default_factory=dict)
    homes: dict[NodeId, ReplicaId] = field(default_factory=dict)
    posts: list[tuple[ReplicaId, Message]] = field(default_factory=list)

    def live(self) -> list[SessionId]:
        """Return the sessions that have not ended."""
        return [session_id for session_id, row in self.sessions.items() if row.state is not SessionState.ENDED]

    def node_of(self, session_id: SessionId) -> NodeId | None:
        """Return the node that a session is on."""
        placed = self.placements.get((session_id, self.sessions[session_id].epoch))
        return placed.node_id if placed is not None else None

    def load(self, session_id: SessionId) -> Session:
        """Return a session as a replica reads it."""
        row = self.sessions[session_id]
        session = Session(
            session_id, TENANT, row.player_id, CATALOGUE[row.title_id], row.state, row.reason, row.detail, row.epoch,
            row.queued_at_ms, row.priority, round_trips_ms=row.round_trips_ms,
        )  # fmt: skip
        placed = self.placements.get((session_id, row.epoch))
        if placed is not None:
            session.placement = Placement(placed.epoch, placed.node_id, placed.state)
        for who in self.participants.values():
            if who.session_id == session_id and not who.left:
                here = Participant(who.participant_id, who.player_id, who.number, who.role, who.seats)
                session.participants[who.participant_id] = here
        return session

    def write(self, writes: Sequence[Write], posts: Sequence[Post], me: ReplicaId) -> None:
        """Take a batch as the store does, or refuse it whole."""
        foreign_nodes = {
            w.node_id for w in writes if isinstance(w, SaveNode | SavePlacement) and self.homes[w.node_id] != me
        }
        foreign = {w.session_id for w in writes if isinstance(w, SavePlacement) and w.node_id in foreign_nodes}
        named = {w.session_id for w in writes if not isinstance(w, SaveNode)}
        foreign |= {session_id for session_id in named if self.owners.get(session_id, me) != me}
        if foreign or foreign_nodes:
            raise Overtaken(frozenset(foreign), frozenset(foreign_nodes))
        for write in writes:
            match write:
                case SaveSession():
                    self.sessions[write.session_id] = write
                    self.owners.setdefault(write.session_id, me)
                case SavePlacement():
                    self.placements[write.session_id, write.epoch] = write
                case SaveParticipant():
                    self.participants[write.participant_id] = write
                case SaveNode():
                    self.nodes[write.node_id] = write
                    if write.offer is not None:
                        self.offers[write.node_id] = write.offer
                case HandOver():
                    self.owners[write.session_id] = write.to
                    self.posts.append((write.to, SessionHandedOver(write.session_id)))
        self.posts += [(post.to, post.message) for post in posts]


class ModelStore:
    """The store of one replica."""

    def __init__(self, rows: Rows, me: ReplicaId) -> None:
        self._rows, self._me = rows, me

    async def apply(self, writes: Sequence[Write], posts: Sequence[Post]) -> None:
        """Write, if it is ours."""
        self._rows.write(writes, posts, self._me)


class TrueNode:
    """What really runs on a machine; it obeys whoever speaks on its newest link."""

    def __init__(self, node_id: NodeId, slots: int, region: str, everywhere: dict[str, NodeId]) -> None:
        self.node_id, self.slots, self.region = node_id, slots, region
        self.runs: dict[str, RunningSession] = {}
        self.news: list[Message] = []
        self.replica: ModelReplica | None = None
        self.link: LinkKey | None = None
        self._everywhere = everywhere

    def hear(self, message: Message) -> None:
        """Do what the broker says."""
        match message:
            case StartSession() if message.session_id not in self.runs:
                assert self._everywhere.setdefault(message.session_id, self.node_id) == self.node_id, "runs elsewhere"
                serving = PlacementState.SERVING
                self.runs[message.session_id] = RunningSession(message.session_id, message.epoch, serving)
                assert len(self.runs) <= self.slots, "more sessions than slots"
                self.news.append(PlacementNews(message.session_id, message.epoch, serving))
            case EndSession():
                if self.runs.pop(message.session_id, None) is not None:
                    del self._everywhere[message.session_id]
                released = PlacementState.RELEASED
                self.news.append(PlacementNews(message.session_id, message.epoch, released, message.reason))


class ModelLink:
    """The outbox of one socket of a node."""

    def __init__(self, node: TrueNode, key: LinkKey) -> None:
        self._node, self._key = node, key

    def send(self, message: Message) -> None:
        """Reach the node while this is its socket."""
        if self._node.link == self._key:
            self._node.hear(message)

    def close(self, code: int) -> None:
        """Cut the node off, if it has not dialled in anew."""
        if self._node.link == self._key:
            self._node.link = None


class ModelReplica:
    """One life of a replica."""

    def __init__(self, rows: Rows, number: int, entropy: itertools.count[int]) -> None:
        self.me = ReplicaId(f"rep_{number}")
        self.rows = rows
        limits = Limits(session_starts_per_min=1e9, sessions_per_player=3, regions=REGIONS)

        def random_bytes(count: int) -> bytes:
            return (next(entropy) * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8).ljust(count, b"\x01")[:count]

        self.coordinator = Coordinator(TENANT, CATALOGUE, limits, random_bytes)
        self.runner = Runner(self.coordinator, ModelStore(rows, self.me), Metrics())  # type: ignore[arg-type]

    async def step(self, act: object) -> None:
        """Do one step; what is another's is not done."""
        try:
            await self.runner.run(act)  # type: ignore[arg-type]
        except MovedOn:
            return

    async def dial(self, node: TrueNode) -> None:
        """Take a node's hello, as the node's socket does."""
        before = self.rows.homes.get(node.node_id)
        self.rows.homes[node.node_id] = self.me
        on_it = [s for s in self.rows.live() if self.rows.node_of(s) == node.node_id]
        for session_id in on_it:
            self.rows.owners[session_id] = self.me
        if before not in (None, self.me):
            assert before is not None
            self.rows.posts.append((before, NodeMoved(node.node_id)))
        known = Node(node.node_id, TENANT, str(node.node_id))
        loaded = [self.rows.load(session_id) for session_id in on_it]
        await self.step(lambda now: self.coordinator.take_over([known], loaded, now))
        link = LinkKey(self.runner.new_key())
        node.replica, node.link, node.news = self, link, []
        self.runner.links[link] = ModelLink(node, link)  # type: ignore[assignment]
        first = hello(
            slots=node.slots, sessions=tuple(node.runs.values()), titles=(("testcard", "1.0.0"), ("duel", "2.1.0"))
        )
        first = replace(first, region=node.region)
        await self.step(
            lambda now: self.coordinator.node_joined(
                link, node.node_id, first, protocol=PROTOCOL_MAX, key=None, now=now
            )
        )

    async def say(self, node: TrueNode, message: Message) -> None:
        """Take a node's message."""
        link = node.link
        if link is not None:
            await self.step(lambda now: self.coordinator.node_said(link, message, now))

    async def beat(self, node: TrueNode) -> None:
        """Take a node's heartbeat."""
        await self.say(node, Heartbeat(tuple(node.runs.values())))

    async def take_posts(self) -> None:
        """Handle what was sent to this replica."""
        mine = [message for to, message in self.rows.posts if to == self.me]
        self.rows.posts = [(to, message) for to, message in self.rows.posts if to != self.me]
        for message in mine:
            match message:
                case SessionHandedOver():
                    session_id = SessionId(message.session_id)
                    if self.rows.owners[session_id] == self.me and session_id in self.rows.live():
                        session = self.rows.load(session_id)
                        await self.step(lambda now, s=session: self.coordinator.take_handed_over(s, now))
                case NodeMoved():
                    node_id = NodeId(message.node_id)
                    if self.rows.homes[node_id] != self.me:
                        await self.step(lambda _now, n=node_id: self.coordinator.let_go_node(n))

    async def look(self, living: frozenset[ReplicaId], seen: Seen) -> None:
        """Claim what is nobody's, and believe what the rows said at some time."""
        for node_id, home in self.rows.homes.items():
            if home not in living:
                self.rows.homes[node_id] = self.me
        orphans: list[Session] = []
        for session_id in self.rows.live():
            if self.rows.owners[session_id] not in living:
                placed_on = self.rows.node_of(session_id)
                owner = self.rows.homes[placed_on] if placed_on is not None else self.me
                self.rows.owners[session_id] = owner
                if owner == self.me:
                    orphans.append(self.rows.load(session_id))
                else:
                    self.rows.posts.append((owner, SessionHandedOver(session_id)))
        mine = [s for s in self.rows.live() if self.rows.owners[s] == self.me and self.coordinator.session(s) is None]
        orphans += [self.rows.load(s) for s in mine if s not in {session.session_id for session in orphans}]
        nodes = [Node(n, TENANT, str(n)) for n, home in self.rows.homes.items() if home == self.me]
        await self.step(lambda now: self.coordinator.take_over(nodes, orphans, now))
        waiting, playing, distant = seen
        await self.step(lambda now: self.coordinator.see_queue(waiting, playing, now))
        await self.step(lambda now: self.coordinator.see_distant(distant, now))

    def see(self, living: frozenset[ReplicaId]) -> Seen:
        """Return what the rows say now of the others."""
        theirs = [self.rows.sessions[s] for s in self.rows.live() if self.rows.owners[s] != self.me]
        playing = Counter(row.player_id for row in theirs if row.state is not SessionState.QUEUED)
        waiting = [
            Waiting(s, row.player_id, row.title_id, row.queued_at_ms, row.priority, row.round_trips_ms)
            for s, row in ((s, self.rows.sessions[s]) for s in self.rows.live())
            if row.state is SessionState.QUEUED and self.rows.owners[s] != self.me
        ]
        distant = [
            DistantNode(n, home, row.name, NodeState(row.state), row.ready, row.drained, row.slots, row.claims,
                        self.rows.offers.get(n))
            for n, home in self.rows.homes.items()
            if home != self.me and home in living and (row := self.rows.nodes.get(n)) is not None
        ]  # fmt: skip
        return waiting, playing, distant
