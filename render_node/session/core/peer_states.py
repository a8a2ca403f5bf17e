"""States of one peer at the worker: a pure table, and what each end of a peer is called."""

from __future__ import annotations

from wire.errors import Reason
from wire.session_control import PeerState

_NEXT: dict[PeerState, frozenset[PeerState]] = {
    PeerState.INVITED: frozenset({PeerState.CONNECTING, PeerState.LOST, PeerState.LEFT}),
    PeerState.CONNECTING: frozenset({PeerState.CONNECTED, PeerState.LOST, PeerState.LEFT}),
    PeerState.CONNECTED: frozenset({PeerState.LOST, PeerState.LEFT}),
    PeerState.LOST: frozenset(),
    PeerState.LEFT: frozenset(),
}

_LOST = frozenset({Reason.PEER_SILENT, Reason.CONNECT_TIMEOUT, Reason.BAD_FINGERPRINT, Reason.INTERNAL})


def may_follow(state: PeerState, new: PeerState) -> bool:
    """Tell whether a peer in ``state`` may move to ``new``."""
    return new in _NEXT[state]


def end_state(reason: Reason) -> PeerState:
    """Return the state in which a peer ends for ``reason``: lost if nobody wanted it to end."""
    return PeerState.LOST if reason in _LOST else PeerState.LEFT
