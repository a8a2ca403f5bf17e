"""How a state table is followed: a pure step, and a typed error for a pair that the table does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class IllegalTransition(Exception):
    """An event that may not happen in this state; nothing has changed.

    Attributes:
        state: Where the thing was.
        event: What was asked of it.
    """

    def __init__(self, state: StrEnum, event: StrEnum) -> None:
        super().__init__(f"{event} is not possible while {state}")
        self.state = state
        self.event = event


def follow(table: Mapping[tuple[S, E], S], state: S, event: E) -> S:
    """Return the state after ``event``.

    Raises:
        IllegalTransition: the table has no such step.
    """
    try:
        return table[state, event]
    except KeyError:
        raise IllegalTransition(state, event) from None
