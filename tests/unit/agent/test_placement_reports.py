"""Every pair of placement states: what a worker may report."""

from __future__ import annotations

import itertools

import pytest

from render_node.agent.core.placement_state import IllegalTransition, reported
from wire.worker_control import PlacementState

LEGAL = {
    (PlacementState.PREPARING, PlacementState.SERVING),
    (PlacementState.PREPARING, PlacementState.RELEASED),
    (PlacementState.SERVING, PlacementState.RELEASED),
    (PlacementState.SUPERSEDED, PlacementState.RELEASED),
}


@pytest.mark.parametrize(("before", "after"), list(itertools.product(PlacementState, PlacementState)))
def test_table(before: PlacementState, after: PlacementState) -> None:
    if (before, after) in LEGAL:
        assert reported(before, after) is after
    else:
        with pytest.raises(IllegalTransition):
            reported(before, after)
