"""Placement: which node takes a session, as a pure function over the fleet's columns, with the reasons.

Sessions are packed: among the nodes that can take one, the fullest come first, so that empty nodes can be retired;
nodes whose GPU a title does not need come last, so that titles that need one find it. One of the best few is drawn at
random, so that several replicas that decide at once do not all pick the same. A node on which a published title lies
already comes before all that would have to fetch it, since its player need not wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from session_broker.core.fleet import NO_NEEDS, Flags, Fleet, Needs
from wire.errors import Reason
from wire.ids import NodeId
from wire.title_release import Release

BEST_FEW = 3
"""Nodes among which one is drawn."""

WASTED_GPU = 2.0
"""What a GPU that is not needed counts against a node: more than any fullness."""

ENDED_BY_A_NODE = (Reason.NO_ROOM, Reason.NO_NODE, Reason.NO_GPU)
"""Reasons to wait that another node ends for certain; to others, what it lacks may be the same."""


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


def place(
    fleet: Fleet,
    title_id: str,
    version: str,
    kind: str,
    draw: float,
    needs: Needs = NO_NEEDS,
    among: Flags | None = None,
    *,
    release: Release | None = None,
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
        release: Of a published title, whose archive nodes fetch.
    """
    here = fleet.has_title(title_id, version) if release is None else fleet.fetches_titles
    left = fleet.ready.copy() if among is None else fleet.ready & among
    refused = {Reason.NO_NODE: fleet.known - int(left.sum())}
    tests = (
        (Reason.NO_CAPABILITY, fleet.runs_kind(kind) & fleet.has_python(needs)),
        (Reason.NO_GPU, fleet.has_gpu(needs)),
        (Reason.NO_MEMORY, fleet.has_memory(needs)),
        (Reason.TITLE_MISSING, here),
        (Reason.NO_ROOM, fleet.has_room),
    )
    why = Reason.NO_NODE
    for reason, passed in tests:
        if left.any():
            why = reason
        refused[reason] = int((left & ~passed).sum())
        left &= passed
    counts = {str(reason): count for reason, count in refused.items() if count}
    rows = np.flatnonzero(left)
    if not len(rows):
        return Decision(None, why, counts)
    to_fetch = 0
    if release is not None:
        holding = rows[fleet.has_archive(release.archive_sha256)[rows]]
        rows, to_fetch = (holding, 0) if len(holding) else (rows, release.archive_bytes)
    return Decision(fleet.node_ids[_draw(fleet, rows, draw, needs)], None, counts, to_fetch)


def _draw(fleet: Fleet, rows: np.ndarray[tuple[int], np.dtype[np.intp]], draw: float, needs: Needs) -> int:
    fullness = fleet.claims[rows] / fleet.slots[rows]
    # Encode time only breaks ties: a second of it outweighs nothing that fullness says.
    score = fullness - np.minimum(fleet.encode_ms[rows], 1000.0) * 1e-6 - WASTED_GPU * fleet.wastes_gpu(needs)[rows]
    few = min(BEST_FEW, len(rows))
    best = np.argpartition(-score, few - 1)[:few] if few < len(rows) else np.arange(few)
    return int(rows[best[min(int(draw * few), few - 1)]])
