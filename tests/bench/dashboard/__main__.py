"""``python -m tests.bench.dashboard``: a picture of the Grafana dashboard over a fleet that lives for some minutes.

Three brokers on a PostgreSQL, fake nodes and players that come and go over real sockets, more of them than there are
slots at the height; a node and a broker die. A real Prometheus reads the brokers and answers what the dashboard asks.
Grafana itself is no part of it: the panels are drawn from the JSON that it would import.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import tempfile
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, TypeAlias

from session_broker.io.clock import wall_ms
from session_broker.io.database import open_database
from tests.bench.dashboard.picture import Found, draw
from tests.bench.dashboard.prometheus import ROOT, SCRAPE_S, prometheus
from tests.support.chaos import Ledger, ReplicaProcess, RoamingNode, make_accounts
from tests.support.postgres import postgres_server
from tests.support.roaming_player import RoamingPlayer

DASHBOARD = ROOT / "deploy" / "grafana" / "farplay.json"
REPLICAS, NODES, SLOTS, PLAYERS = 3, 12, 8, 150
LEASE_S, ROUND_S, STAY_S = 5.0, 25.0, 90.0
Asked: TypeAlias = tuple[Found, tuple[float, float]]

METRICS_TOKEN = "m"
"""What the tests' brokers are given."""


async def visit(player: RoamingPlayer, after_s: float, stay_s: float) -> None:
    """Come after a while, play round after round, go."""
    over = asyncio.Event()
    await asyncio.sleep(after_s)
    asyncio.get_running_loop().call_later(stay_s, over.set)
    await player.play(over)


async def keep(replicas: list[ReplicaProcess]) -> None:
    """Start what has ended anew, as a supervisor does."""
    while True:
        await asyncio.sleep(0.5)
        for replica in replicas:
            replica.keep()


async def live(database_url: str, replicas: list[ReplicaProcess], seconds: float, rng: random.Random) -> None:
    """Let players come in one wave; kill a node at half of the time and a broker at two thirds."""
    engine = await open_database(database_url)
    try:
        known = await make_accounts(engine, NODES, PLAYERS)
    finally:
        await engine.dispose()
    ledger, urls = Ledger(), [each.url for each in replicas]
    nodes = [asyncio.create_task(RoamingNode(*node, SLOTS, urls, ledger).run()) for node in known.nodes]
    arrivals = [
        seconds * (0.45 + 0.42 * math.copysign(abs(u) ** 1.6, u)) for u in (rng.uniform(-1, 1) for _ in known.cookies)
    ]
    players = [
        asyncio.create_task(
            visit(
                RoamingPlayer(cookie, urls, ledger, rng.uniform(0.5, 2) * ROUND_S), at_s, rng.uniform(0.6, 2) * STAY_S
            )
        )
        for cookie, at_s in zip(known.cookies, arrivals, strict=True)
    ]
    keeping = asyncio.create_task(keep(replicas))
    try:
        await asyncio.sleep(seconds / 2)
        nodes[0].cancel()
        await asyncio.sleep(seconds / 6)
        replicas[0].kill()
        await asyncio.sleep(seconds / 3)
    finally:
        for task in (keeping, *players, *nodes):
            task.cancel()
        await asyncio.gather(keeping, *players, *nodes, return_exceptions=True)
    print(f"{len(ledger.started)} starts, rounds: {dict(ledger.rounds)}")


async def ask(dashboard: Any, folder: Path, database_url: str, seconds: float, seed: int) -> Asked:
    """Run the fleet; return what the dashboard's queries give over its life, and when that was."""
    async with AsyncExitStack() as stack:
        replicas = [ReplicaProcess(folder, database_url, LEASE_S) for _ in range(REPLICAS)]
        for replica in replicas:
            stack.callback(replica.kill)
        await asyncio.gather(*(replica.answers() for replica in replicas))
        targets = [f"localhost:{replica.port}" for replica in replicas]
        reader = await stack.enter_async_context(prometheus(folder, targets, METRICS_TOKEN))
        begin_s = wall_ms() / 1000
        await live(database_url, replicas, seconds, random.Random(seed))
        end_s = wall_ms() / 1000
        print("alerts:", ", ".join(await reader.firing()) or "none")
        found = {
            panel["id"]: [
                (each.get("legendFormat", ""), await reader.lines(each["expr"], begin_s, end_s, SCRAPE_S))
                for each in panel["targets"]
            ]
            for panel in dashboard["panels"]
        }
        return found, (begin_s, end_s)


def main() -> None:
    """Run the fleet, ask, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="how long the fleet lives")
    parser.add_argument("--seed", type=int, default=1, help="of when players come and how long they play")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images" / "dashboard.png", help="the picture")
    chosen = parser.parse_args()
    dashboard = json.loads(DASHBOARD.read_text())
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="farplay-dashboard-")))
        database_url = stack.enter_context(stack.enter_context(postgres_server()).database())
        found, span_s = asyncio.run(ask(dashboard, folder, database_url, chosen.seconds, chosen.seed))
    draw(dashboard, found, span_s, chosen.out)
    empty = [panel["title"] for panel in dashboard["panels"] if not any(lines for _, lines in found[panel["id"]])]
    print(f"{chosen.out}; panels without a line: {', '.join(empty) or 'none'}")


if __name__ == "__main__":
    main()
