"""The seam to whatever starts and ends the nodes of a pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from session_broker.core.pools.records import Machine, NodeName

CALL_TIMEOUT_S = 10.0
"""Seconds after which a call to an adapter is given up; what it asked for may happen all the same."""


class MachineRefused(Exception):
    """A machine was not made, or not deleted.

    Attributes:
        words: Why, for the operator.
        retry_after_s: Seconds for which it asked to be left alone.
    """

    def __init__(self, words: str, retry_after_s: float = 0.0) -> None:
        super().__init__(words)
        self.words = words
        self.retry_after_s = retry_after_s


class FleetAdapter(Protocol):
    """The machines of one pool. Whatever it made stays its own until it is deleted by name."""

    async def create(self, name: NodeName, token: str) -> None:
        """Have a machine made whose node enrols with a one-time token; one of that name that is there will do.

        Raises:
            MachineRefused: it was not made, as far as can be known.
        """

    async def delete(self, name: NodeName) -> None:
        """Have exactly this machine ended and removed; one that is not there is removed.

        Raises:
            MachineRefused: it was not.
        """

    def machines(self) -> Mapping[NodeName, Machine] | None:
        """Return what there is, as last heard; None while that is not known."""

    def unseen(self) -> str:
        """Return why the machines are not known, in words for the operator; empty while they are, or at first."""

    async def follow(self) -> None:
        """Keep ``machines`` true until cancelled."""

    async def close(self) -> None:
        """End what the adapter owns; machines that outlive the broker stay."""
