"""Which step of a placement a worker may report after which; pure table."""

from __future__ import annotations

from wire.worker_control import PlacementState


class IllegalTransition(Exception):
    """A worker reported a state that cannot follow.

    Attributes:
        before: The state that the placement is in.
        after: What was reported.
    """

    def __init__(self, before: PlacementState, after: PlacementState) -> None:
        super().__init__(f"a placement cannot go from {before} to {after}")
        self.before = before
        self.after = after


WORKER_MAY_REPORT: dict[PlacementState, frozenset[PlacementState]] = {
    PlacementState.PREPARING: frozenset({PlacementState.SERVING, PlacementState.RELEASED}),
    PlacementState.SERVING: frozenset({PlacementState.RELEASED}),
    PlacementState.SUPERSEDED: frozenset({PlacementState.RELEASED}),
    PlacementState.LOST: frozenset(),
    PlacementState.RELEASED: frozenset(),
}


def reported(before: PlacementState, after: PlacementState) -> PlacementState:
    """Return the state after a worker's report.

    Raises:
        IllegalTransition: no honest worker reports this here.
    """
    if after not in WORKER_MAY_REPORT[before]:
        raise IllegalTransition(before, after)
    return after
