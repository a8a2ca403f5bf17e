"""A pool as the operator describes it: nodes of one kind, from one place, at one price."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any

from session_broker.core.regions import Line

NAME_PATTERN = re.compile(r"[a-z](?:[a-z0-9-]{0,28}[a-z0-9])?")
"""What a pool's name must be: names of nodes begin with it, and those are host names and names of Pods."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 24 * 60


class Adapter(StrEnum):
    """Who starts and ends the nodes of a pool."""

    LOCAL = "local"
    """The broker, as processes of its own machine."""
    KUBERNETES = "kubernetes"
    """A Kubernetes cluster, as Pods."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A time of the week in which a pool keeps another number of slots free."""

    days: frozenset[int]
    """On which it begins; 0 is Monday."""
    begin_min: int
    """Minutes after midnight at which it begins."""
    end_min: int
    """Minutes after midnight before which it ends; on the next day if it is not later than the begin."""
    min_idle: int
    """Slots that are kept free meanwhile."""

    def hold(self, local: datetime) -> bool:
        """Tell whether it is such a time; ``local`` is the operator's."""
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.begin_min < self.end_min:
            return day in self.days and self.begin_min <= minute < self.end_min
        late = day in self.days and minute >= self.begin_min
        early = (day - 1) % 7 in self.days and minute < self.end_min
        return late or early


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where a pool's Pods run."""

    template: Mapping[str, Any]
    """The Pod, as its manifest has it; the broker adds name, labels, GPUs, regions and the node's credential."""
    namespace: str = "farplay"
    kubeconfig: Path | None = None
    """How to reach the cluster; None is the service account of the Pod in which the broker runs."""
    context: str | None = None
    """Which entry of ``kubeconfig``; None is its current one."""


@dataclass(frozen=True, slots=True)
class Pool:
    """What an operator says of one pool."""

    name: str
    adapter: Adapter
    max_nodes: int
    """Most nodes at once, those included that are starting or ending; 0 winds the pool up."""
    slots: int = 1
    """Sessions that each node runs at once."""
    min_idle: int = 0
    """Slots that are kept free; with 0 an idle pool has no nodes at all."""
    schedule: tuple[Hours, ...] = ()
    """Times with another ``min_idle``; where several hold, the largest counts."""
    idle_s: float = 300.0
    """Seconds that a node that nobody needs is kept."""
    start_timeout_s: float = 600.0
    """Seconds that a node has from its creation until it takes sessions."""
    priority: int = 0
    """Pools with a lower number are used first."""
    price_per_hour: float = 0.0
    """Of one node, in the operator's currency; among pools of one priority the cheapest is used first."""
    regions: tuple[str, ...] = ()
    """Regions of the cluster in which nodes may run; empty is anywhere. The nodes of a pool with one region say that
    they are there."""
    gpus: int = 0
    """GPUs of each node."""
    gpu_resource: str = "nvidia.com/gpu"
    """What the cluster calls them."""
    cluster: Cluster | None = None
    """Of a pool on Kubernetes."""

    def serves(self, line: Line) -> bool:
        """Tell whether all its nodes would be where a session waits for one, as far as is known."""
        return line is None or line.issuperset(self.regions)

    def idle_wanted(self, local: datetime) -> int:
        """Return how many slots shall be free at this time of the operator's."""
        return max((hours.min_idle for hours in self.schedule if hours.hold(local)), default=self.min_idle)


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """The pools of a deployment."""

    pools: tuple[Pool, ...]
    timezone: tzinfo
    """Of all schedules."""
    broker_url: str | None = None
    """Address that the nodes dial; None is this broker's own on loopback, which only local nodes reach."""

    def brings(self, *, gpu: bool, line: Line = None) -> bool:
        """Tell whether there is a pool whose nodes could run a title, one that needs a GPU or any other, there."""
        return any(pool.max_nodes and (pool.gpus or not gpu) and pool.serves(line) for pool in self.pools)


def in_order(pools: Iterable[Pool]) -> list[Pool]:
    """Return the pools, the one to be used first in front."""
    return sorted(pools, key=lambda pool: (pool.priority, pool.price_per_hour, pool.name))
