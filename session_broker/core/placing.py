"""Placement: which node takes a session, as a pure function over the fleet's columns, with the reasons.

A node that can take a session has a score. Sessions are packed: the fullest come first, so that empty nodes can be
retired. Against a node count its distance from the player, a GPU that the title does not need, what it has to fetch
of the title and its runtime while the player waits, and sessions that the same account has there already, so that one
node's death does not take all of them. One of the best few is drawn at random, so that several replicas that decide
at once do not all pick the same; a node that is worse by more than fullness can make up for is not among these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from session_broker.core.fleet import NO_NEEDS, Flags, Fleet, Needs, Rows, Times
from session_broker.core.regions import Line
from wire.errors import Reason
from wire.ids import NodeId

BEST_FEW = 3
"""Nodes among which one is drawn."""

FULLNESS = 1.0
"""What the fullest node has before an empty one; everything else counts against a node by this measure."""

ROUND_TRIP_MS = 10.0
"""By how much nearer an empty node must be to come before the fullest one."""

WASTED_GPU = 2.0
"""What a GPU that is not needed counts against a node: more than any fullness."""

SAME_ACCOUNT = 2.0
"""The same for each session that the account has there already."""

FETCH = 4.0
"""The same where nothing lies there of what is fetched; less by the share of its bytes that does."""

TOO_FAR = "too_far"
"""Why a node is refused whose region is beyond the longest round trip."""

ENDED_BY_A_NODE = (Reason.NO_ROOM, Reason.NO_NODE, Reason.NO_GPU)
"""Reasons to wait that another node ends for certain; to others, what it lacks may be the same."""


@dataclass(frozen=True, slots=True)
class Affinity:
    """Which nodes are better than others for one player's session."""

    round_trips_ms: Mapping[str, float] = field(default_factory=dict)
    """To the regions that the player's page has measured; empty if nothing is known."""
    regions: Line = None
    """Where the node must be, if a node that can run the title is there or comes."""
    comes: bool = False
    """Whether nodes can be made there."""
    unsaid_ms: float = 0.0
    """How far nodes count as that do not say where they are."""
    plays_on: Mapping[NodeId, int] = field(default_factory=dict)
    """Sessions that the account has already, by their nodes."""


NO_AFFINITY = Affinity()


@dataclass(frozen=True, slots=True)
class Decision:
    """What placement decided, and why."""

    node_id: NodeId | None
    """The node to claim a slot on; None if the session must wait."""
    reason: Reason | None
    """Why it must wait."""
    refused: Mapping[str, int]
    """Nodes refused, by the first reason that held."""
    bytes_to_fetch: int = 0
    """What the node has to fetch before it can start the title."""
    region: str = ""
    """Where the node is."""
    round_trip_ms: float | None = None
    """How far that is from the player; None if it is not known."""
    behind: Mapping[str, int] = field(default_factory=dict)
    """Nodes with room that have more against them, by what it is."""


def place(
    fleet: Fleet,
    title_id: str,
    version: str,
    kind: str,
    draw: float,
    needs: Needs = NO_NEEDS,
    among: Flags | None = None,
    *,
    fetched: Mapping[str, int] | None = None,
    affinity: Affinity = NO_AFFINITY,
) -> Decision:
    """Pick a node for a session of a title.

    Args:
        fleet: The snapshot; not changed.
        title_id: The title.
        version: Its version, which must lie on the node unless it is fetched.
        kind: Its kind, which the node must run.
        draw: A random number in ``[0, 1)``.
        needs: What the node must have.
        among: Rows that are looked at; None is all of them.
        fetched: Archives of a published title, by digest, with their bytes; None or none for an installed one.
        affinity: Which nodes are better than others.
    """
    able = [
        (Reason.NO_CAPABILITY, fleet.runs_kind(kind) & fleet.has_python(needs)),
        (Reason.NO_GPU, fleet.has_gpu(needs)),
        (Reason.NO_MEMORY, fleet.has_memory(needs)),
        (Reason.TITLE_MISSING, fleet.fetches_titles if fetched else fleet.has_title(title_id, version)),
    ]
    sieve = _Sieve(fleet, among)
    for reason, passed in able:
        sieve.keep(passed, reason, str(reason))
    if affinity.regions is not None:
        near = fleet.in_regions(affinity.regions)
        # Of all nodes, also where only some are looked at: whoever waits there waits for those of other replicas.
        there = sieve.left if among is None else np.logical_and.reduce([fleet.ready, *(passed for _, passed in able)])
        if affinity.comes or (there & near).any():
            sieve.keep(near, Reason.NO_ROOM, TOO_FAR)
    sieve.keep(fleet.has_room, Reason.NO_ROOM, str(Reason.NO_ROOM))
    if not sieve.count:
        return Decision(None, sieve.why, sieve.refused)
    return _choose(fleet, np.flatnonzero(sieve.left), draw, needs, fetched or {}, affinity, sieve.refused)


class _Sieve:
    """The nodes that no test has refused yet."""

    def __init__(self, fleet: Fleet, among: Flags | None) -> None:
        self.left = fleet.ready.copy() if among is None else fleet.ready & among
        self.count = int(np.count_nonzero(self.left))
        self.why = Reason.NO_NODE
        """What the last test said that still had nodes before it."""
        away = fleet.known - self.count
        self.refused: dict[str, int] = {str(Reason.NO_NODE): away} if away else {}

    def keep(self, passed: Flags, reason: Reason, name: str) -> None:
        """Leave only those that pass a test."""
        if not self.count:
            return
        self.why = reason
        self.left &= passed
        count = int(np.count_nonzero(self.left))
        if count < self.count:
            self.refused[name] = self.count - count
        self.count = count


def _choose(
    fleet: Fleet,
    rows: Rows,
    draw: float,
    needs: Needs,
    fetched: Mapping[str, int],
    affinity: Affinity,
    refused: Mapping[str, int],
) -> Decision:
    """Pick one of the nodes that can take the session."""
    far_ms = fleet.round_trips_ms(affinity.round_trips_ms, affinity.unsaid_ms, rows)
    missing = np.zeros(len(rows), np.int64)
    for digest, archive_bytes in fetched.items():
        missing += np.where(fleet.has_archive(digest)[rows], 0, archive_bytes)
    same = fleet.counts_of(affinity.plays_on, rows)
    # Encode time only breaks ties: a second of it outweighs nothing that fullness says.
    score = FULLNESS * fleet.claims[rows] / fleet.slots[rows] - np.minimum(fleet.encode_ms[rows], 1000.0) * 1e-6
    score -= far_ms / ROUND_TRIP_MS + SAME_ACCOUNT * same + FETCH * missing / max(sum(fetched.values()), 1)
    score -= WASTED_GPU * fleet.wastes_gpu(needs, rows)
    chosen = _draw(score, draw)
    row = int(rows[chosen])
    behind = {
        "farther": int(np.count_nonzero(far_ms > far_ms[chosen])),
        "same_account": int(np.count_nonzero(same > same[chosen])),
    }
    return Decision(
        fleet.node_ids[row],
        None,
        refused,
        int(missing[chosen]),
        fleet.region(row),
        affinity.round_trips_ms.get(fleet.region(row)),
        {name: count for name, count in behind.items() if count},
    )


def _draw(score: Times, draw: float) -> int:
    few = min(BEST_FEW, len(score))
    best = np.argpartition(-score, few - 1)[:few] if few < len(score) else np.arange(few)
    best = best[score[best] > score[best].max() - FULLNESS]
    return int(best[min(int(draw * len(best)), len(best) - 1)])
