"""Making a session, or finding the player's live one wherever it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from session_broker.core.records import Asked, Session
from session_broker.io.broker import Broker
from session_broker.io.catalogue import BETA
from session_broker.io.runner import MovedOn
from session_broker.io.store import StoredSession
from wire.ids import NodeId, PlayerId
from wire.session_control import SessionState

_ATTEMPTS = 3


async def find_or_make(
    broker: Broker,
    player_id: PlayerId,
    title_id: str,
    options: Mapping[str, str],
    round_trips_ms: Mapping[str, float],
    asked: Asked | None,
) -> tuple[Session | StoredSession, bool]:
    """Return the player's live session of a title, and whether it was made just now.

    Of one that was made, ``asked`` is traced.

    Two replicas that are asked at once both try; the database takes one, and the other finds it.

    Args:
        broker: This replica.
        player_id: Who plays.
        title_id: What.
        options: What to set for a new session.
        round_trips_ms: To regions, as the player's page says.

    Raises:
        WireError: ``unknown_title``, ``malformed`` for wrong options, ``too_many_sessions``, ``too_many``.
        MovedOn: it could not be settled in a few attempts.
    """
    coordinator = broker.runner.coordinator

    def make(elsewhere: Sequence[NodeId | None], now: float) -> tuple[Session, bool]:
        return coordinator.create_session(
            player_id,
            title_id,
            now,
            elsewhere=elsewhere,
            options=options,
            round_trips_ms=round_trips_ms,
            asked=asked,
        )

    for _ in range(_ATTEMPTS):
        known = await broker.store.live_sessions_of(player_id)
        elsewhere = [
            s for s in known if s.state is not SessionState.ENDING and coordinator.session(s.session_id) is None
        ]
        same = next((s for s in elsewhere if s.title_id == title_id.removesuffix(BETA)), None)
        if same is not None:
            return same, False
        try:
            return await broker.runner.run(partial(make, [s.node_id for s in elsewhere]))
        except MovedOn:
            continue
    raise MovedOn
