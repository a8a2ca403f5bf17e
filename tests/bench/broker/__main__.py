"""``python -m tests.bench.broker``: placement over fleets of many sizes, and starts per second at three brokers.

The brokers are processes on a PostgreSQL of their own, which syncs its log as in production; players and nodes are
this process and share the machine with them.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx
import psutil

from session_broker.io.database import open_database
from tests.bench.broker import placement, report, starts
from tests.bench.broker.cores import CoreMeter
from tests.bench.broker.starts import Clicks, StartsReading, nodes_at
from tests.support.chaos import ReplicaProcess, make_accounts
from tests.support.postgres import PostgresServer, postgres_server

DEFAULT_FOLDER = Path("bench-results/broker")
REPLICAS, NODES, SLOTS, PLAYERS = 3, 150, 6, 3000
LEASE_S, HEARTBEAT_S = 5.0, 2.0
CONNECTIONS_MAX = 500


async def measure_starts(
    server: PostgresServer, url: str, rates: Sequence[float], seconds: float
) -> list[StartsReading]:
    """Return a reading for each rate, one after the other at the same brokers."""
    with tempfile.TemporaryDirectory() as folder:
        replicas = [ReplicaProcess(Path(folder), url, LEASE_S, HEARTBEAT_S) for _ in range(REPLICAS)]
        engine = await open_database(url)
        try:
            await asyncio.gather(*(replica.answers() for replica in replicas))
            known = await make_accounts(engine, NODES, PLAYERS)
            urls = [replica.url for replica in replicas]
            limits = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=CONNECTIONS_MAX)
            async with (
                nodes_at(urls, known, SLOTS) as nodes,
                httpx.AsyncClient(limits=limits, timeout=starts.START_TIMEOUT_S) as client,
            ):
                readings = []
                for number, per_s in enumerate(rates):
                    clicks = Clicks(client, urls, nodes, seed=number)
                    readings.append(
                        await clicks.run(known.cookies, per_s, seconds, partial(_meter, server, replicas))
                    )
                    print(f"{per_s:.0f} clicks/s: start p99 {readings[-1].start_ms.p99:.0f} ms", file=sys.stderr)
                return readings
        finally:
            for replica in replicas:
                replica.kill()
            await engine.dispose()


def _meter(server: PostgresServer, replicas: Sequence[ReplicaProcess]) -> CoreMeter:
    groups = {
        "brokers": [psutil.Process(replica.pid) for replica in replicas],
        "players and nodes": [psutil.Process()],
    }
    return CoreMeter(groups, {"PostgreSQL": psutil.Process(server.pid)})


def main() -> int:
    """Measure, write the report, and return 1 if a bar fails."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rates", type=float, nargs="+", default=list(starts.RATES_PER_S), help="clicks per second")
    options.add_argument("--seconds", type=float, default=15.0, help="how long each rate is kept")
    options.add_argument("--placements", type=int, default=5000, help="at each size of fleet")
    options.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder for the report")
    chosen = options.parse_args()
    placed = placement.curve(chosen.placements)
    with postgres_server(synced=True) as server, server.database() as url:
        started = asyncio.run(measure_starts(server, url, chosen.rates, chosen.seconds))
    return 0 if report.write(placed, started, chosen.out) else 1


if __name__ == "__main__":
    sys.exit(main())
