"""Replicas that die, nodes that roam, rows that are read late: no slot is given twice and nothing is forgotten."""

from __future__ import annotations

import contextlib
import itertools
import random

import pytest

from tests.support.replica_model import REGIONS, ModelReplica, Rows, Seen, TrueNode
from wire.errors import Reason, WireError
from wire.ids import NodeId, PlayerId, SessionId
from wire.session_control import SessionState

SLOTS = {"eu": 1, "us": 2, "": 3}
"""Of the node in each region, and of one that does not say where it is."""
PLAYERS = tuple(PlayerId(f"plr_{number}") for number in range(8))
FAR_MS: tuple[dict[str, float], ...] = ({"eu": 20.0, "us": 110.0}, {"eu": 110.0, "us": 20.0}, {"us": 30.0}, {})
"""What the players' pages have measured, in turn."""


class Evening:
    """A random walk over everything that can happen."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.rows = Rows()
        self.entropy, self.numbers = itertools.count(1 + 1000 * seed), itertools.count(1)
        self.replicas = [self.born() for _ in range(3)]
        self.everywhere: dict[str, NodeId] = {}
        self.nodes = [
            TrueNode(NodeId(f"node_{n}"), slots, region, self.everywhere)
            for n, (region, slots) in enumerate(SLOTS.items())
        ]
        self.seen: dict[str, Seen] = {}

    def born(self) -> ModelReplica:
        return ModelReplica(self.rows, next(self.numbers), self.entropy)

    @property
    def living(self) -> frozenset[str]:
        return frozenset(replica.me for replica in self.replicas)

    async def click(self) -> None:
        replica, player = self.chance.choice(self.replicas), self.chance.choice(PLAYERS)
        title_id = self.chance.choice(("testcard", "duel"))
        if any(
            row.player_id == player and row.title_id == title_id and row.state is not SessionState.ENDED
            for row in self.rows.sessions.values()
        ):
            return  # The route finds the live one, wherever it is.
        with contextlib.suppress(WireError):  # As many as an account may have.
            far_ms = FAR_MS[PLAYERS.index(player) % len(FAR_MS)]
            await replica.step(
                lambda now: replica.coordinator.create_session(player, title_id, now, round_trips_ms=far_ms)
            )

    async def end(self) -> None:
        replica = self.chance.choice(self.replicas)
        mine = [session.session_id for session in replica.coordinator.live_sessions()]
        if mine:
            session_id = self.chance.choice(mine)
            await replica.step(lambda now: replica.coordinator.end_session(session_id, Reason.ENDED_BY_PLAYER, now))

    async def roam(self) -> None:
        await self.chance.choice(self.replicas).dial(self.chance.choice(self.nodes))

    async def hang_up(self) -> None:
        node = self.chance.choice(self.nodes)
        link, replica, node.link = node.link, node.replica, None
        if link is not None and replica in self.replicas:
            assert replica is not None
            replica.runner.links.pop(link, None)
            await replica.step(lambda now: replica.coordinator.node_gone(link, now))

    async def talk(self) -> None:
        node = self.chance.choice(self.nodes)
        if node.replica in self.replicas and node.link is not None:
            assert node.replica is not None
            news, node.news = node.news, []
            for message in news:
                await node.replica.say(node, message)
            await node.replica.beat(node)

    async def look(self) -> None:
        replica = self.chance.choice(self.replicas)
        late = self.seen.get(replica.me)
        seen = replica.see(self.living)  # type: ignore[arg-type]
        self.seen[replica.me] = seen
        believed = late if late is not None and self.chance.random() < 0.5 else seen
        await replica.look(self.living, believed)  # type: ignore[arg-type]

    async def deliver(self) -> None:
        await self.chance.choice(self.replicas).take_posts()

    async def kill(self) -> None:
        if self.chance.random() < 0.3:
            place = self.chance.randrange(len(self.replicas))
            victim, self.replicas[place] = self.replicas[place], self.born()
            for node in self.nodes:
                if node.replica is victim:
                    node.replica, node.link = None, None

    async def settle(self) -> None:
        """Let everything be heard: nodes come home, messages arrive, rows are read."""
        for node in self.nodes:
            await self.replicas[0].dial(node)
        for _ in range(12):
            for replica in self.replicas:
                await replica.take_posts()
                await replica.look(self.living, replica.see(self.living))  # type: ignore[arg-type]
            for node in self.nodes:
                assert node.replica is not None
                news, node.news = node.news, []
                for message in news:
                    await node.replica.say(node, message)
                await node.replica.beat(node)

    def check_settled(self) -> None:
        held: dict[SessionId, str] = {}
        for replica in self.replicas:
            for session in replica.coordinator.live_sessions():
                assert held.setdefault(session.session_id, replica.me) == replica.me, "in two memories"
        live = self.rows.live()
        assert sorted(held) == sorted(live), "every live session is somebody's"
        assert all(self.rows.owners[session_id] == replica for session_id, replica in held.items())
        free = {node.region for node in self.nodes if node.slots > len(node.runs)}
        waiting = [row for s in live if (row := self.rows.sessions[s]).state is SessionState.QUEUED]
        for row in waiting:
            line = REGIONS.line(row.round_trips_ms, 0.0)
            assert not {r for r in free if line is None or r in ("", *line)}, "nobody waits where there is room"
        for replica in self.replicas:
            queue = [entry.session_id for entry in replica.coordinator._state.queue]
            assert queue == [entry.session_id for entry in self.replicas[0].coordinator._state.queue]
            assert sorted(queue) == sorted(row.session_id for row in waiting), "all see everybody who waits"
        runs = {SessionId(session_id) for session_id in self.everywhere}
        states = {s: (self.rows.sessions[s].state, self.rows.sessions[s].reason) for s in runs}
        assert {s for s in live if self.rows.sessions[s].state is SessionState.RUNNING} == runs, states


@pytest.mark.parametrize("seed", range(25))
async def test_an_evening_of_three_replicas(seed: int) -> None:
    evening = Evening(seed)
    for node in evening.nodes:
        await evening.roam()
        await evening.replicas[0].dial(node)
    steps = (
        evening.click, evening.click, evening.click, evening.end, evening.roam, evening.hang_up, evening.talk,
        evening.talk, evening.talk, evening.look, evening.look, evening.look, evening.deliver, evening.deliver,
        evening.kill,
    )  # fmt: skip
    for _ in range(200):
        await evening.chance.choice(steps)()
    await evening.settle()
    evening.check_settled()
