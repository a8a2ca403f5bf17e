"""Hours of a deployment in memory: nothing leaks, nobody is cut, no pool is larger than it may be, idle ones end."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_broker.core.pools.pool import Adapter, Pool
from session_broker.core.pools.records import Trouble
from tests.support.pool_model import ModelDeployment

OWN = Pool("own", Adapter.LOCAL, max_nodes=2, slots=2, idle_s=30)
CHEAP = Pool("cheap", Adapter.KUBERNETES, max_nodes=5, slots=2, idle_s=30, priority=1, price_per_hour=0.5, gpus=1)
DEAR = Pool("dear", Adapter.KUBERNETES, max_nodes=9, idle_s=30, start_timeout_s=120, priority=1, price_per_hour=2.0)
POOLS = (DEAR, CHEAP, OWN)


def settle(model: ModelDeployment) -> None:
    """Let everything heal and everybody leave; then nothing may be left."""
    model.unknown = model.refuses = model.full = False
    for _ in range(900):
        model.leave(model.playing)
        model.step()
        if not (model.rows or model.machines or model.waiting):
            return
    raise AssertionError((model.rows, model.machines, model.waiting))


@pytest.mark.parametrize("seed", range(6))
def test_an_evening_with_faults_leaves_nothing_behind(seed: int) -> None:
    model = ModelDeployment(POOLS, seed)
    draw = model.random
    for second in range(1200):
        if draw.random() < 0.2:
            model.come(draw.randint(1, 3), gpu=draw.random() < 0.3)
        if draw.random() < 0.2:
            model.leave(draw.randint(1, 4))
        if draw.random() < 0.02 and model.alive():
            model.lose(draw.choice(model.alive()), draw.choice(list(Trouble)))
        if draw.random() < 0.01:
            model.start_replica()
        if draw.random() < 0.02:
            model.unknown, model.refuses = draw.random() < 0.5, draw.random() < 0.5
            model.full = draw.random() < 0.3
        if second % 100 == 0:
            model.unknown = model.refuses = model.full = False
        model.step()
    settle(model)
    assert len(model.created) == len(set(model.created)), "no name is used twice"


EVENTS = st.one_of(
    st.tuples(st.just("come"), st.integers(1, 6), st.booleans()),
    st.tuples(st.just("leave"), st.integers(1, 6)),
    st.tuples(st.just("lose"), st.integers(0, 20), st.sampled_from(Trouble)),
    st.tuples(st.just("pass"), st.sampled_from((1, 5, 40, 130))),
    st.tuples(st.sampled_from(("unknown", "refuses", "full")), st.booleans()),
    st.tuples(st.just("replica")),
    st.tuples(st.just("upgrade"), st.integers(0, 20)),
)


@settings(max_examples=40)
@given(st.lists(EVENTS, max_size=25))
def test_whatever_happens_in_whatever_order(events: list[tuple[object, ...]]) -> None:
    model = ModelDeployment(POOLS)
    for event in events:
        match event:
            case ("come", int(players), bool(gpu)):
                model.come(players, gpu=gpu)
            case ("leave", int(players)):
                model.leave(players)
            case ("lose", int(which), Trouble() as trouble):
                alive = model.alive()
                if alive:
                    model.lose(alive[which % len(alive)], trouble)
            case ("pass", int(seconds)):
                model.run(seconds)
            case ("upgrade", int(which)):
                able = [row.name for row in model.rows.values() if row.joined and not row.retired]
                if able:
                    model.upgrade(able[which % len(able)])
            case ("replica",):
                model.start_replica()
            case (str(fault), bool(value)):
                setattr(model, fault, value)
        model.step()
    settle(model)
