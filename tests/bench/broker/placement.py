"""How long placement takes over fleets of different sizes."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from session_broker.core.fleet import Fleet, Needs
from session_broker.core.placing import Affinity, place
from session_broker.core.regions import RegionRules
from wire.ids import NodeId
from wire.node_control import NodeCapacity

NODES = (1, 10, 100, 1_000, 10_000)
P99_MAX_MS = 5.0
"""The bar, at the largest fleet."""

SLOTS = 6
FULL = 0.9
"""Share of the slots that are taken: the fuller, the fewer nodes are left to choose from, and the more to refuse."""
TITLES = 40
TITLES_PER_NODE = 10
GPU_SHARE = 0.2
KINDS = ("pygame", "sdk", "libretro", "native")
REGIONS = RegionRules({f"region-{number}": "" for number in range(12)})
NEAR_SHARE = 0.25
"""Share of the regions that are near to a player."""
SESSIONS_BESIDE = 2
"""Sessions that an account has already."""


@dataclass(frozen=True, slots=True)
class PlacementReading:
    """Placements over one fleet."""

    nodes: int
    placed: int
    """Of them, those that found a node."""
    p50_ms: float
    p99_ms: float
    max_ms: float


def mixed_fleet(nodes: int, rng: random.Random) -> Fleet:
    """Return a busy fleet whose nodes differ in region, titles, GPU, memory and speed."""
    fleet = Fleet()
    for number in range(nodes):
        node_id = NodeId(f"node_{number}")
        gpus = ("fake",) if rng.random() < GPU_SHARE else ()
        memory_bytes = rng.choice((8, 16, 32)) << 30
        capacity = NodeCapacity(SLOTS, 8, memory_bytes, rng.uniform(2.0, 6.0), ("libx264",), gpus, KINDS)
        titles = [(f"title_{title}", "1.0.0") for title in rng.sample(range(TITLES), TITLES_PER_NODE)]
        fleet.describe(node_id, capacity, KINDS, titles, rng.choice(list(REGIONS.urls)))
        fleet.set_ready(node_id, True)
        fleet.set_claims(node_id, sum(rng.random() < FULL for _ in range(SLOTS)))
    return fleet


def player(fleet: Fleet, rng: random.Random) -> Affinity:
    """Return somebody who is near to a few regions and plays on other nodes already."""
    near_ms, far_ms = (5.0, REGIONS.rtt_max_ms), (REGIONS.rtt_max_ms + 1.0, 300.0)
    said = {name: rng.uniform(*(near_ms if rng.random() < NEAR_SHARE else far_ms)) for name in REGIONS.urls}
    plays_on = dict.fromkeys(rng.choices(fleet.node_ids, k=SESSIONS_BESIDE), 1)
    return Affinity(said, REGIONS.line(said, 0.0), comes=False, unsaid_ms=REGIONS.rtt_max_ms, plays_on=plays_on)


def measure(nodes: int, count: int, seed: int) -> PlacementReading:
    """Time ``count`` placements, each of which is claimed while another session ends elsewhere."""
    rng = random.Random(seed)
    fleet = mixed_fleet(nodes, rng)
    index = {node_id: row for row, node_id in enumerate(fleet.node_ids)}
    took_s: list[float] = []
    placed = 0
    for _ in range(count):
        title = f"title_{rng.randrange(TITLES)}"
        needs = Needs(gpu=rng.random() < GPU_SHARE / 2, memory_mib=rng.choice((0, 0, 4_000, 12_000)))
        draw, kind, affinity = rng.random(), rng.choice(KINDS), player(fleet, rng)
        began = time.perf_counter()
        decision = place(fleet, title, "1.0.0", kind, draw, needs, affinity=affinity)
        took_s.append(time.perf_counter() - began)
        if decision.node_id is not None:
            placed += 1
            fleet.add_claim(decision.node_id)
            left = rng.choice(fleet.node_ids)
            fleet.set_claims(left, max(0, int(fleet.claims[index[left]]) - 1))
    p50, p99, most = np.percentile(np.array(took_s) * 1000, (50, 99, 100))
    return PlacementReading(nodes, placed, float(p50), float(p99), float(most))


def curve(count: int, sizes: Sequence[int] = NODES) -> list[PlacementReading]:
    """Return a reading for each size of fleet."""
    return [measure(nodes, count, seed=nodes) for nodes in sizes]
