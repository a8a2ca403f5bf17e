"""How long a message takes over the bus from one replica to another: ``python -m tests.bench.bus``.

Two processes on a PostgreSQL of their own, which syncs its log as in production. One posts at a steady rate, as steps
do: a row and a NOTIFY in one transaction each. The other takes the time from just before the transaction to the
handler, by the machine's monotonic clock, which both share.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import random
import time
from multiprocessing.connection import Connection

import numpy as np
from sqlalchemy.engine import make_url

from session_broker.core.bus_messages import TabTold
from session_broker.core.effects import ReplicaId
from session_broker.io.bus import Post, PostgresBus
from session_broker.io.database import open_database
from tests.support.postgres import postgres_server
from wire.schema import Message

SENDER, RECEIVER = ReplicaId("rep_sender"), ReplicaId("rep_receiver")
BODY = "x" * 4096
"""About the size of an offer."""


def _receive(url: str, notified: bool, count: int, answer: Connection) -> None:
    delays_ms: list[float] = []

    async def take() -> None:
        engine = await open_database(url)
        bus = PostgresBus(engine, make_url(url), RECEIVER, notified=notified)
        done = asyncio.Event()

        async def handle(_sender: ReplicaId, message: Message) -> None:
            assert isinstance(message, TabTold)
            if message.key == 0:
                answer.send("listens")
                return
            delays_ms.append((time.monotonic_ns() / 1000 - message.key) / 1000)
            if len(delays_ms) == count:
                done.set()

        running = asyncio.create_task(bus.run(handle))
        await done.wait()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await engine.dispose()

    asyncio.run(take())
    answer.send(delays_ms)


async def _send(url: str, per_s: float, count: int, answer: Connection) -> None:
    engine = await open_database(url)
    bus = PostgresBus(engine, make_url(url), SENDER, notified=False)
    while not answer.poll():
        await bus.post((Post(RECEIVER, TabTold(0, "")),))
        await asyncio.sleep(0.2)
    answer.recv()
    sending: set[asyncio.Task[None]] = set()
    for _ in range(count):
        await asyncio.sleep(random.expovariate(per_s))
        now_us = time.monotonic_ns() // 1000
        sending.add(asyncio.create_task(bus.post((Post(RECEIVER, TabTold(now_us, BODY)),))))
    await asyncio.gather(*sending)
    await engine.dispose()


def measure(url: str, per_s: float, count: int, *, notified: bool) -> dict[str, float | bool]:
    """Return the spread of delays at one rate."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    receiver = context.Process(target=_receive, args=(url, notified, count, theirs))
    receiver.start()
    theirs.close()
    asyncio.run(_send(url, per_s, count, ours))
    message = ours.recv()
    while message == "listens":
        message = ours.recv()
    receiver.join()
    p50, p99, most = np.percentile(message, (50, 99, 100))
    spread = {"p50_ms": round(p50, 2), "p99_ms": round(p99, 2), "max_ms": round(most, 2)}
    return {"per_s": per_s, "notify": notified, **spread}


def main() -> None:
    """Measure and print one JSON line for each rate."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=2000, help="messages at each rate")
    options.add_argument("--rates", type=float, nargs="+", default=[20.0, 100.0, 300.0], help="messages per second")
    chosen = options.parse_args()
    with postgres_server(synced=True) as server, server.database() as url:
        for per_s in chosen.rates:
            print(json.dumps(measure(url, per_s, chosen.count, notified=True)), flush=True)
        print(json.dumps(measure(url, chosen.rates[0], min(chosen.count, 200), notified=False)), flush=True)


if __name__ == "__main__":
    main()
