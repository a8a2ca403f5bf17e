"""Skerry's rules: rings are flown through and missed, the light runs out, and a kept flight goes on."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.skerry.isles.flight import (
    AHEAD,
    BUMP_TICKS,
    FIRST_TICKS,
    RING_TICKS,
    Flight,
    Island,
    What,
    Wish,
    ground,
    lay_out,
    read_flight,
    tick,
)

SHARES = st.floats(-1, 1, width=16)
WISHES = st.builds(Wish, SHARES, SHARES, st.booleans(), st.booleans())


def follow(flight: Flight) -> Wish:
    """Return what somebody does who flies for the next ring."""
    ring = flight.rings[0]
    aside = (math.atan2(ring.x - flight.x, ring.z - flight.z) - flight.yaw + math.pi) % math.tau - math.pi
    return Wish(max(-1.0, min(1.0, 4 * aside)), max(-1.0, min(1.0, (ring.y - flight.y) / 4)))


def begun(seed: int) -> tuple[Flight, Random]:
    flight, chance = Flight(), Random(seed)
    lay_out(flight, chance)
    return flight, chance


def test_whoever_flies_for_the_rings_flies_for_long() -> None:
    flight, chance = begun(1)
    happened = [what for _ in range(60 * 60) for what in tick(flight, follow(flight), chance)]
    assert happened.count(What.RING) >= 30
    assert What.OVER not in happened
    assert (
        flight.left_ticks
        == FIRST_TICKS + RING_TICKS * happened.count(What.RING) - BUMP_TICKS * happened.count(What.BUMP) - 60 * 60
    )


def test_without_rings_the_light_goes_and_a_flight_begins_anew() -> None:
    flight, chance = begun(2)
    happened = [what for _ in range(FIRST_TICKS) for what in tick(flight, Wish(climb=1.0), chance)]
    assert happened[-1] is What.OVER
    assert What.RING not in happened
    tick(flight, Wish(again=True), chance)
    assert (flight.is_over, flight.score, flight.left_ticks) == (False, 0, FIRST_TICKS - 1)


def test_rock_stops_the_glider_and_costs_time() -> None:
    flight, chance = begun(3)
    flight.islands = [Island(flight.x, flight.z + 2, 15.0, 30.0)]
    before = flight.left_ticks
    assert ground(flight) > flight.y
    assert tick(flight, Wish(), chance) == [What.BUMP]
    assert flight.left_ticks == before - BUMP_TICKS - 1


@settings(max_examples=40)
@given(st.integers(), st.lists(st.tuples(WISHES, st.integers(1, 90)), max_size=20))
def test_whatever_is_flown_it_stays_in_the_air_and_in_bounds(seed: int, steps: list[tuple[Wish, int]]) -> None:
    flight, chance = begun(seed)
    for wish, ticks in steps:
        for _ in range(ticks):
            tick(flight, wish, chance)
            assert flight.y >= 0.5
            assert flight.left_ticks >= 0
            assert len(flight.rings) >= AHEAD - 1
            assert len(flight.islands) <= 6 * AHEAD


@given(st.integers(), st.integers(0, 300))
def test_a_kept_flight_is_the_same(seed: int, ticks: int) -> None:
    flight, chance = begun(seed)
    for _ in range(ticks):
        tick(flight, follow(flight), chance)
    assert read_flight(flight.to_bytes()) == flight


@pytest.mark.parametrize("state", [b"", b"{}", b"[1]", b'{"version": 1, "rings": [{}], "islands": []}'])
def test_no_other_state_is_taken(state: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_flight(state)
