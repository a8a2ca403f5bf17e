"""What a simulated day is made of: players, machines, prices, faults. Every number is a model, none was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from session_broker.core.fleet import NO_NEEDS, Needs
from session_broker.core.pools.pool import Adapter, Pool
from session_broker.core.regions import RegionRules

DAY_S = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Region:
    """Where a share of the players and of the machines is."""

    name: str
    share: float
    """Of all players."""
    peak_s: float
    """Second of the day, UTC, at which most of its players come."""


@dataclass(frozen=True, slots=True)
class TitleClass:
    """Titles that ask the same of a node."""

    name: str
    share: float
    """Of all sessions."""
    kind: str
    needs: Needs = NO_NEEDS


@dataclass(frozen=True, slots=True)
class Outage:
    """A region whose machines all die at once, and in which none can be had for a while."""

    region: str
    at_s: float
    """Seconds after counting has begun."""
    lasts_s: float


REGIONS = (Region("eu", 0.35, 19.5 * 3600), Region("us", 0.35, 2.0 * 3600), Region("asia", 0.3, 12.5 * 3600))

ROUND_TRIPS_MS = {
    "eu": {"eu": 20.0, "us": 110.0, "asia": 200.0},
    "us": {"eu": 110.0, "us": 25.0, "asia": 160.0},
    "asia": {"eu": 200.0, "us": 160.0, "asia": 30.0},
}
"""From the players of a region to the machines of each."""

CLASSES = (
    TitleClass("pygame", 0.45, "pygame"),
    TitleClass("sdk", 0.2, "sdk"),
    TitleClass("libretro", 0.1, "libretro"),
    TitleClass("native", 0.15, "native", Needs(memory_mib=4096)),
    TitleClass("native with GPU", 0.1, "native", Needs(gpu=True, memory_mib=4096)),
)

OWN, RENTED, GPU = "own", "rented", "gpu"


@dataclass(frozen=True, slots=True)
class Machines:
    """One sort of machine, of which every region has a pool."""

    sort: str
    nodes: int
    """Most in one region."""
    slots: int
    price_per_hour: float
    """Of one node."""
    priority: int
    start_s: float
    """Mean seconds from the wish for a node until it takes sessions."""
    gpus: int = 0
    owned: bool = False
    """Whether it costs its price whether it runs or not."""


MACHINES = (
    Machines(OWN, 1000, 6, 0.15, priority=0, start_s=30.0, owned=True),
    Machines(RENTED, 5000, 6, 0.40, priority=1, start_s=90.0),
    Machines(GPU, 700, 6, 0.90, priority=1, start_s=120.0, gpus=1),
)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One simulated stretch of time."""

    sessions_per_day: int = 1_000_000
    lasts_s: float = DAY_S
    warm_up_s: float = 3 * 3600.0
    """Seconds before that, in which players and machines come and nothing is counted."""
    begin_s: float = 0.0
    """Second of the day at which counting begins."""
    accounts: int = 600_000
    """Who may come: some have several sessions at once."""
    played_mean_s: float = 40 * 60.0
    played_sigma: float = 0.9
    """Of the logarithm of a session's length."""
    patience_s: float = 15 * 60.0
    """Mean time after which whoever waits goes away."""
    machines: Sequence[Machines] = MACHINES
    regions: RegionRules = field(
        default_factory=lambda: RegionRules({each.name: "" for each in REGIONS}, far_after_s=180.0)
    )
    """How far from a player machines may be, and how long near ones are waited for: longer than they take to come."""
    min_idle: float = 0.02
    """Slots of each pool that are kept free, as a share of its most."""
    idle_s: float = 300.0
    """Seconds that a node that nobody needs is kept."""
    node_life_s: float = 30 * DAY_S
    """Mean time until a node dies by itself."""
    outages: Sequence[Outage] = (Outage("eu", 19.5 * 3600, 45 * 60.0),)
    tick_s: float = 2.0
    """Steps of time: nobody is placed between two."""
    reconcile_s: float = 10.0
    """Seconds between steps of the reconcile loop while somebody waits."""
    reconcile_calm_s: float = 60.0
    """The same while nobody does."""

    def pools(self) -> tuple[Pool, ...]:
        """Return the pools as an operator would write them."""
        return tuple(
            Pool(
                f"{each.sort}-{region.name}", Adapter.KUBERNETES, max_nodes=each.nodes, slots=each.slots,
                min_idle=round(self.min_idle * each.nodes * each.slots), idle_s=self.idle_s,
                regions=(region.name,), priority=each.priority, price_per_hour=each.price_per_hour, gpus=each.gpus,
            )
            for region in REGIONS
            for each in self.machines
        )  # fmt: skip

    def scaled(self, factor: float) -> Scenario:
        """Return the same with fewer players and machines."""
        machines = tuple(replace(each, nodes=max(1, round(each.nodes * factor))) for each in self.machines)
        return replace(
            self,
            sessions_per_day=round(self.sessions_per_day * factor),
            accounts=round(self.accounts * factor),
            machines=machines,
        )


DAY = Scenario()
