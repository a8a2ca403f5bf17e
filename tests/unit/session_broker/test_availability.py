"""What the library says of a title on a fleet."""

from __future__ import annotations

from datetime import UTC

import pytest

from session_broker.core.availability import Availability, availability_of
from session_broker.core.fleet import Fleet, Needs
from session_broker.core.pools.pool import Adapter, FleetConfig, Pool
from session_broker.core.records import CatalogueTitle
from tests.support.fake_node import capacity
from wire.errors import Reason
from wire.ids import NodeId, TitleId

TITLE = ("testcard", "1.0.0")


def title(**needs: object) -> CatalogueTitle:
    return CatalogueTitle(TitleId("testcard"), "1.0.0", "pygame", {"en": "T"}, 640, 360, 60, 1, Needs(**needs))  # type: ignore[arg-type]


def fleet_of(*, slots: int = 1, ready: bool = True, cached: bool = True) -> Fleet:
    fleet = Fleet()
    fleet.describe(NodeId("a"), capacity(slots), ["pygame"], [TITLE] if cached else [])
    fleet.set_ready(NodeId("a"), ready)
    return fleet


@pytest.mark.parametrize(
    ("fleet", "wanted", "expected"),
    [
        (fleet_of(), title(), Availability(None, True, True)),
        (Fleet(), title(), Availability(Reason.NO_NODE, None, None)),
        (fleet_of(ready=False), title(gpu=True), Availability(Reason.NO_NODE, None, None)),
        (fleet_of(slots=0), title(), Availability(Reason.NO_ROOM, True, True)),
        (fleet_of(cached=False), title(), Availability(Reason.TITLE_MISSING, True, True)),
        (fleet_of(), title(gpu=True), Availability(Reason.NO_GPU, False, True)),
        (fleet_of(), title(memory_mib=1 << 20), Availability(Reason.NO_MEMORY, True, False)),
        (fleet_of(), title(gpu=True, memory_mib=1 << 20), Availability(Reason.NO_GPU, False, False)),
    ],
)
def test_the_reason_and_what_is_met(fleet: Fleet, wanted: CatalogueTitle, expected: Availability) -> None:
    assert availability_of(fleet, wanted) == expected


def pools_of(max_nodes: int = 1, gpus: int = 0) -> FleetConfig:
    return FleetConfig((Pool("a", Adapter.KUBERNETES, max_nodes, gpus=gpus),), UTC)


@pytest.mark.parametrize(
    ("fleet", "wanted", "pools", "reason"),
    [
        (fleet_of(), title(), pools_of(), None),
        (Fleet(), title(), pools_of(), Reason.NO_ROOM),
        (Fleet(), title(gpu=True), pools_of(gpus=1), Reason.NO_ROOM),
        (fleet_of(), title(gpu=True), pools_of(gpus=1), Reason.NO_ROOM),
        (Fleet(), title(), pools_of(max_nodes=0), Reason.NO_NODE),
        (fleet_of(), title(gpu=True), pools_of(), Reason.NO_GPU),
        (fleet_of(cached=False), title(), pools_of(), Reason.TITLE_MISSING),
    ],
)
def test_a_title_that_a_pool_can_bring_a_node_for_waits_its_turn(
    fleet: Fleet, wanted: CatalogueTitle, pools: FleetConfig, reason: Reason | None
) -> None:
    assert availability_of(fleet, wanted, pools).reason is reason


def test_asking_changes_nothing() -> None:
    fleet = fleet_of()
    for _ in range(3):
        assert availability_of(fleet, title()).reason is None
    assert fleet.claims.tolist() == [0]
