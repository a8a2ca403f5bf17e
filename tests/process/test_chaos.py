"""Replicas on one PostgreSQL, killed one after the other while nodes and players go about: no slot is given twice, no
session is forgotten, and every session's events say what the nodes saw.

``CHAOS_S`` makes it as long, and as large, as ``make soak`` wants it.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.core.session_table import TABLE
from session_broker.io import tables
from session_broker.io.database import open_database
from tests.support.chaos import Ledger, ReplicaProcess, RoamingNode, make_accounts
from tests.support.deadlines import patient, until
from tests.support.roaming_player import RoamingPlayer
from wire.session_control import SessionState

CHAOS_S = float(os.environ.get("CHAOS_S", "4"))
LONG = CHAOS_S >= 30
NODES, SLOTS, PLAYERS, ROUND_S, LEASE_S, SETTLE_S = (
    (20, 5, 200, 3.0, 5.0, 90.0) if LONG else (4, 2, 12, 0.4, 2.0, 20.0)
)

pytestmark = [pytest.mark.process, pytest.mark.timeout(patient(90.0 + CHAOS_S))]

STATES = {str(state) for state in SessionState}
FOLLOWS = {(str(before), str(after)) for (before, _), after in TABLE.items()}
"""Which state's event may follow which; ``placing`` has none of its own."""


async def test_killed_replicas_lose_nothing_and_give_no_slot_twice(tmp_path: Path, postgres_url: str) -> None:
    replicas = [ReplicaProcess(tmp_path, postgres_url, LEASE_S) for _ in range(3)]
    engine = await open_database(postgres_url)
    try:
        await asyncio.gather(*(replica.answers() for replica in replicas))
        ledger = await live_through(replicas, engine)
        await check_stories(engine, ledger)
    finally:
        for replica in replicas:
            replica.kill()
        await engine.dispose()


async def live_through(replicas: list[ReplicaProcess], engine: AsyncEngine) -> Ledger:
    ledger, urls, over = Ledger(), [replica.url for replica in replicas], asyncio.Event()
    known = await make_accounts(engine, NODES, PLAYERS)
    nodes = [asyncio.create_task(RoamingNode(*node, SLOTS, urls, ledger).run()) for node in known.nodes]
    people = [RoamingPlayer(cookie, urls, ledger, ROUND_S) for cookie in known.cookies]
    players = {asyncio.create_task(player.play(over)): player for player in people}
    keeping = asyncio.create_task(keep(replicas))
    try:
        kills = 0
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + CHAOS_S
        while loop.time() < ends_at:
            await asyncio.sleep(1.0)
            victim = random.choice(replicas)
            victim.kill()
            victim.start()
            kills += 1
        over.set()
        _, stuck = await asyncio.wait(players, timeout=patient(SETTLE_S))
        waiting = [players[task].session_id for task in stuck]
        assert not stuck, f"{len(stuck)} players wait for ever, with {waiting[:5]}; {dict(ledger.rounds)}"
        for task in players:
            task.result()

        async def nobody_lives() -> bool:
            return await live_sessions(engine) == []

        await until(nobody_lives, 30.0, "all sessions have ended in the database")
    finally:
        for task in (keeping, *players, *nodes):
            task.cancel()
        await asyncio.gather(keeping, *players, *nodes, return_exceptions=True)
    print(f"{kills} kills, {len(ledger.started)} starts, rounds: {dict(ledger.rounds)}")
    assert kills >= CHAOS_S / 2
    assert ledger.rounds["ended_by_player"] >= PLAYERS / 2, "the players played"
    assert ledger.faults == []
    return ledger


async def keep(replicas: list[ReplicaProcess]) -> None:
    while True:
        await asyncio.sleep(0.2)
        for replica in replicas:
            replica.keep()


async def live_sessions(engine: AsyncEngine) -> list[str]:
    query = select(tables.session.c.id).where(tables.session.c.ended_at_ms.is_(None))
    async with engine.connect() as connection:
        return [row.id for row in await connection.execute(query)]


async def check_stories(engine: AsyncEngine, ledger: Ledger) -> None:
    """Compare each session's events and placements with the tables of states and with what nodes really started."""
    async with engine.connect() as connection:
        sessions = list(await connection.execute(select(tables.session)))
        told: dict[str, list[Row[Any]]] = defaultdict(list)
        for event in await connection.execute(select(tables.session_event).order_by(tables.session_event.c.id)):
            told[event.session_id].append(event)
        placed = {(row.session_id, row.epoch): row for row in await connection.execute(select(tables.placement))}
    for session_id, epoch, node_id in ledger.started:
        assert placed[session_id, epoch].node_id == node_id, "a node starts what was placed there"
    assert len({session_id for session_id, _, _ in ledger.started}) <= len(sessions)
    for session in sessions:
        check_story(session, told[session.id])


def check_story(session: Row[Any], events: Sequence[Row[Any]]) -> None:
    listed = [(event.event, event.reason) for event in events]
    assert listed[0][0] == "created", listed
    states = ["queued", *(event for event, _ in listed if event in STATES)]
    for before, after in pairwise(states):
        by_placing = (before, "placing") in FOLLOWS and ("placing", after) in FOLLOWS
        assert (before, after) in FOLLOWS or by_placing, f"{before} then {after}: {listed}"
    assert session.state == states[-1] == "ended", listed
    assert session.reason == listed[-1][1], listed
    assert session.reason is not None
