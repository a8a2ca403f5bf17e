"""What the reconcile core sees, and what it wants done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from session_broker.core.regions import Line
from wire.ids import NodeId
from wire.session_control import Coming

NodeName = NewType("NodeName", str)
"""A node's name in its pool: that of its process or Pod. Never used again."""


class Phase(StrEnum):
    """What has become of a machine, by its adapter's word."""

    PENDING = "pending"
    RUNNING = "running"
    GONE = "gone"
    """It has ended; what is left of it can be deleted."""


class Trouble(StrEnum):
    """Why a machine does not start, or has ended."""

    NO_ROOM = "no_room"
    """The place where it shall run is full."""
    IMAGE = "image"
    """Its image cannot be had."""
    CONFIG = "config"
    """What the operator wrote cannot be run."""
    EVICTED = "evicted"
    LOST = "lost"
    """The computer under it does not answer."""
    CRASHED = "crashed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Machine:
    """A process or Pod of a pool."""

    name: NodeName
    phase: Phase
    trouble: Trouble | None = None
    words: str = ""
    """What the place said of the trouble, for the operator."""


class PoolNodeState(StrEnum):
    """Where a node is, by its rows."""

    STARTING = "starting"
    READY = "ready"
    AWAY = "away"
    """It had joined, and is not here."""
    DRAINING = "draining"
    ENDING = "ending"
    """It is shut out, and its machine is being deleted."""


@dataclass(frozen=True, slots=True)
class PoolNode:
    """A node that the fleet has made: its row, and that of the node that enrolled by its token."""

    name: NodeName
    pool: str
    retired: bool = False
    """Whether it may be deleted: nothing runs there, and nothing can be placed there any more."""
    node_id: NodeId | None = None
    """None until it has enrolled."""
    joined: bool = False
    """Whether it has ever said what it can do."""
    ready: bool = False
    """Whether it is here and takes sessions."""
    drained: bool = False
    """Whether it shall take no more sessions, by the fleet's or the operator's wish."""
    slots: int = 0
    claims: int = 0
    """Slots that are taken."""
    replace: bool = False
    """Whether another shall come in its place, by the operator's wish, and none has been made yet."""

    @property
    def state(self) -> PoolNodeState:
        """Where it is."""
        if self.retired:
            return PoolNodeState.ENDING
        if self.drained:
            return PoolNodeState.DRAINING
        if self.ready:
            return PoolNodeState.READY
        return PoolNodeState.AWAY if self.joined else PoolNodeState.STARTING


@dataclass(frozen=True, slots=True)
class Want:
    """What sessions that wait ask of a node."""

    gpu: bool = False
    line: Line = None
    """Where it must be."""


Demand: TypeAlias = Mapping[Want, int]
"""Sessions that have been waiting for a node for a moment: where one had room for them, they would not."""

Outlook: TypeAlias = Mapping[Want, Coming]
"""What sessions that wait are told; nothing where the fleet does nothing for them."""


@dataclass(frozen=True, slots=True)
class FleetView:
    """Everything that one step looks at."""

    demand: Demand
    nodes: Sequence[PoolNode]
    """Read after the machines, so that every machine that is to be kept has its row here."""
    machines: Mapping[str, Mapping[NodeName, Machine] | None]
    """By pool; None while its adapter does not know."""
    local: datetime
    """Now, in the operator's time zone."""


@dataclass(frozen=True, slots=True)
class CreateNode:
    """Write the node's row, then have its machine made."""

    pool: str
    name: NodeName
    succeeds: NodeName | None = None
    """The node in whose place it comes."""


@dataclass(frozen=True, slots=True)
class DrainNode:
    """Let the node take no more sessions."""

    name: NodeName
    node_id: NodeId


@dataclass(frozen=True, slots=True)
class RetireNode:
    """If nothing runs on the node, shut it out for good in one transaction; otherwise leave it as it is."""

    name: NodeName
    why: str


@dataclass(frozen=True, slots=True)
class DeleteMachine:
    """Have exactly this machine deleted; one that is gone already is deleted."""

    pool: str
    name: NodeName


@dataclass(frozen=True, slots=True)
class ForgetNode:
    """Delete the row of a retired node whose machine is gone."""

    name: NodeName


FleetEffect: TypeAlias = CreateNode | DrainNode | RetireNode | DeleteMachine | ForgetNode


@dataclass(frozen=True, slots=True)
class Plan:
    """What a step came to."""

    effects: list[FleetEffect] = field(default_factory=list)
    outlook: Outlook = field(default_factory=dict)
