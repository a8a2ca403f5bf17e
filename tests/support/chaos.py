"""Replicas that are killed, nodes that roam among them, and a ledger of what really ran where."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import uvloop
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncEngine
from websockets.exceptions import WebSocketException

from session_broker.core.tickets import digest
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.serve import serve
from tests.support.deadlines import patient
from tests.support.fake_node import FakeNode, hello
from tests.support.free_port import free_port
from tests.support.live_broker import broker_config
from wire.node_control import EndSession, RunningSession, StartSession
from wire.schema import Message

HEARTBEAT_S = 1.0

FAULTS = (OSError, WebSocketException, httpx.HTTPError, TimeoutError)
"""What a killed replica looks like from outside."""

_DAY_MS = 24 * 3600 * 1000


def _run_replica(folder: str, url: str, port: int, lease_s: float, heartbeat_s: float) -> None:
    config = broker_config(
        Path(folder), database_url=url, port=port, replica_lease_s=lease_s, heartbeat_s=heartbeat_s
    )
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(config, on_ready=lambda _ready: None))


class ReplicaProcess:
    """One place for a replica: a port, and the process that serves there at the moment."""

    def __init__(self, folder: Path, database_url: str, lease_s: float, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._folder, self._database_url = folder, database_url
        self._lease_s, self._heartbeat_s = lease_s, heartbeat_s
        # Imports are paid once, by the server that forks the replicas.
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.support.chaos"])
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.start()

    @property
    def pid(self) -> int:
        """Process id of the life that serves now."""
        assert self._process.pid is not None
        return self._process.pid

    def start(self) -> None:
        """Start a new life."""
        arguments = (str(self._folder), self._database_url, self.port, self._lease_s, self._heartbeat_s)
        self._process = self._context.Process(target=_run_replica, args=arguments, daemon=True)
        self._process.start()

    def keep(self) -> None:
        """Start anew if it has ended, as a supervisor does: one that was buried by the others ends by itself."""
        if not self._process.is_alive():
            self._process.join()
            self.start()

    def kill(self) -> None:
        """End it with SIGKILL."""
        self._process.kill()
        self._process.join()

    async def answers(self) -> None:
        """Wait until it serves."""
        async with httpx.AsyncClient() as client, asyncio.timeout(patient(15.0)):
            while True:
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                await asyncio.sleep(0.05)


@dataclass(slots=True)
class Ledger:
    """What really happened, as the nodes know it."""

    runs_on: dict[str, str] = field(default_factory=dict)
    """Node by running session."""
    started: list[tuple[str, int, str]] = field(default_factory=list)
    """Session, epoch and node of each start, in order."""
    faults: list[str] = field(default_factory=list)
    rounds: Counter[str] = field(default_factory=Counter)
    """Rounds that players finished, by how they ended."""


class RoamingNode:
    """A node that keeps its sessions and dials in anywhere when its broker dies."""

    def __init__(self, node_id: str, key: str, slots: int, urls: list[str], ledger: Ledger) -> None:
        self._node_id, self._key, self._slots = node_id, key, slots
        self._urls, self._ledger = urls, ledger
        self._epochs: dict[str, int] = {}

    async def run(self) -> None:
        """Live until cancelled."""
        running: tuple[RunningSession, ...] = ()
        while True:
            first = hello(slots=self._slots, node_id=self._node_id, key=self._key, sessions=running)
            node: FakeNode | None = None
            with contextlib.suppress(*FAULTS):
                async with FakeNode.dial(random.choice(self._urls), first, on_heard=self._hear) as node:
                    await node.socket.wait_closed()
            running = tuple(node.running.values()) if node is not None else running
            await asyncio.sleep(random.uniform(0.05, 0.4))

    def _hear(self, message: Message) -> None:
        ledger = self._ledger
        if isinstance(message, StartSession) and self._epochs.get(message.session_id) != message.epoch:
            elsewhere = ledger.runs_on.get(message.session_id, self._node_id)
            if elsewhere != self._node_id:
                ledger.faults.append(f"{message.session_id} starts on {self._node_id} and runs on {elsewhere}")
            self._epochs[message.session_id] = message.epoch
            if len(self._epochs) > self._slots:
                ledger.faults.append(f"{self._node_id} has {len(self._epochs)} sessions in {self._slots} slots")
            ledger.runs_on[message.session_id] = self._node_id
            ledger.started.append((message.session_id, message.epoch, self._node_id))
        elif isinstance(message, EndSession):
            self._epochs.pop(message.session_id, None)
            ledger.runs_on.pop(message.session_id, None)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Nodes as id and key, players as a cookie."""

    nodes: list[tuple[str, str]]
    cookies: list[str]


async def make_accounts(engine: AsyncEngine, nodes: int, players: int) -> Credentials:
    """Enrol nodes and sign players in, in the database of a broker that has started once."""
    at_ms = wall_ms()
    keys = [(f"node_{_letters(n)}", f"key-of-node-{n}") for n in range(nodes)]
    tokens = [(f"plr_{_letters(n)}", f"token-of-player-{n}") for n in range(players)]
    async with engine.begin() as connection:
        tenant_id = (await connection.execute(select(tables.tenant.c.id))).scalar_one()
        made = {"tenant_id": tenant_id, "created_at_ms": at_ms}
        enrolled = {"name": "fake", "state": "registering", "slots": 0, "changed_at_ms": at_ms, **made}
        rows = [{"id": node_id, "key_sha256": digest(key), **enrolled} for node_id, key in keys]
        await connection.execute(insert(tables.node), rows)
        people = [{"id": player_id, "roles": ["player"], **made} for player_id, _ in tokens]
        await connection.execute(insert(tables.player), people)
        seen = {"expires_at_ms": at_ms + _DAY_MS, "seen_at_ms": at_ms, **made}
        browsers = [
            {"token_sha256": digest(token), "player_id": player_id, "id": f"dev_{player_id[4:]}", **seen}
            for player_id, token in tokens
        ]
        await connection.execute(insert(tables.browser_session), browsers)
    name = f"farplay_{tenant_id.rpartition('_')[2][:8]}"
    return Credentials(keys, [f"{name}={token}" for _, token in tokens])


def _letters(number: int) -> str:
    """Return a number as the random part of an id."""
    return "".join(chr(ord("a") + int(figure)) for figure in f"{number:024d}")
