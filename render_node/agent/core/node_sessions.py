"""The sessions of one node: slots, what the broker asks, what workers report, what is still to be said.

Sans-IO. Sessions do not depend on the broker: while no broker answers they go on, and the end of one is kept until
it can be told. A slot is free as soon as its worker reports ``released`` or is gone.

Invariants: at most ``slots`` sessions at once; at most one worker per session; a worker speaks only of its own
session and of peers that were opened on it, anything else costs that session and no other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from render_node.agent.core.effects import Effect, EndWorker, FetchTitle, KillWorker, Launch, ToBroker, ToWorker
from render_node.agent.core.kept_ends import KeptEnds
from render_node.agent.core.node_checks import NodeChecks
from render_node.agent.core.node_offer import NodeOffer, title_spec
from render_node.agent.core.placed_session import PlacedSession, is_well_named
from render_node.agent.core.placement_state import IllegalTransition, reported
from wire.errors import Reason
from wire.limits import SESSIONS_PER_NODE_MAX
from wire.node_control import (
    CloseNodePeer,
    DismissNodeParticipant,
    EndSession,
    EndTitleCheck,
    NodePeerAnswer,
    NodePeerOffer,
    NodePeerState,
    OpenNodePeer,
    PlacementNews,
    RunningSession,
    SetNodeQuality,
    SetNodeSeats,
    StartSession,
    StartTitleCheck,
)
from wire.sandbox import session_name
from wire.schema import Message
from wire.session_control import PeerState
from wire.title_manifest import InstalledTitle
from wire.worker_control import (
    ClosePeer,
    DismissParticipant,
    OpenWorkerPeer,
    PeerAnswer,
    PeerOffer,
    PlacementState,
    SetSeats,
    SetWorkerQuality,
    StartWorker,
    StopWorker,
    WorkerPause,
    WorkerPeerState,
    WorkerState,
)

PEERS_REMEMBERED = 256
"""Peer ids of a session that its worker may still speak of; reconnects make new ones."""


class NodeSessions:
    """All bookkeeping of a node; every method returns what the shell has to do."""

    def __init__(self, offer: NodeOffer) -> None:
        self._offer = offer
        self._titles = {title.manifest.id: title for title in offer.titles}
        self.checks = NodeChecks(offer.sandbox)
        """They take slots as sessions do."""
        self._placed: dict[str, PlacedSession] = {}
        self._connected = False
        self._closing = False
        self._untold = KeptEnds()

    def running(self) -> tuple[RunningSession, ...]:
        """Return what runs, for heartbeats."""
        return tuple(RunningSession(key, p.epoch, p.state, p.paused) for key, p in self._placed.items())

    def for_hello(self) -> tuple[RunningSession, ...]:
        """Return what runs and, as released, what ended while no broker listened: why follows after ``welcome``."""
        return (*self.running(), *self._untold.listed(self._placed))[:SESSIONS_PER_NODE_MAX]

    @property
    def _has_room(self) -> bool:
        return len(self._placed) + len(self.checks) < self._offer.slots

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` is due."""
        lasting = [placed for placed in self._placed.values() if placed.ending is None]
        starts = [placed.start_due for placed in lasting if placed.state is PlacementState.PREPARING]
        ends = [placed.end_due for placed in lasting if placed.end_due is not None]
        return min([*starts, *ends], default=None)

    def handle_timeout(self, now: float) -> list[Effect]:
        """End sessions whose title showed nothing in time, and those that last longer than their title allows."""
        effects: list[Effect] = []
        for session_id, placed in list(self._placed.items()):
            if placed.ending is not None:
                continue
            if placed.state is PlacementState.PREPARING and now >= placed.start_due:
                effects += self._kill(session_id, Reason.START_TIMEOUT, "no picture in time")
            elif placed.end_due is not None and now >= placed.end_due:
                effects += self._stop(session_id, placed, Reason.SESSION_LIMIT)
        return effects

    # --- the broker ---

    def handle_connected(self) -> list[Effect]:
        """Tell a broker that has just said ``welcome`` what ended while nobody listened."""
        self._connected = True
        return [ToBroker(end) for end in self._untold.take()]

    def handle_disconnected(self, unsent: Sequence[Message] = ()) -> None:
        """Keep ends of sessions from now on.

        Args:
            unsent: What was handed over and may not have reached the broker, which takes an end twice.
        """
        self._connected = False
        for message in unsent:
            self._to_broker(message)

    def handle_broker(self, message: Message, now: float) -> list[Effect]:
        """Act on one message of the broker; what cannot be done is answered, never raised."""
        if isinstance(message, StartTitleCheck | EndTitleCheck):
            return self.checks.handle_broker(message, has_room=self._has_room and not self._closing)
        match message:
            case StartSession():
                return self._start(message, now)
            case EndSession():
                return self._end(message)
            case OpenNodePeer():
                return self._open_peer(message)
            case NodePeerAnswer(session_id, peer_id, ticket, sdp):
                return self._to_peer(session_id, peer_id, PeerAnswer(peer_id, ticket, sdp))
            case SetNodeQuality(session_id, participant_id, video_max_bps):
                known = session_id in self._placed
                return [ToWorker(session_id, SetWorkerQuality(participant_id, video_max_bps))] if known else []
            case CloseNodePeer(session_id, peer_id, reason):
                return self._to_peer(session_id, peer_id, ClosePeer(peer_id, reason))
            case SetNodeSeats(session_id, participant_id, role, seats):
                return self._to_worker(session_id, SetSeats(participant_id, role, seats))
            case DismissNodeParticipant(session_id, participant_id, reason):
                return self._to_worker(session_id, DismissParticipant(participant_id, reason))
        return []

    def _start(self, ask: StartSession, now: float) -> list[Effect]:
        known = self._placed.get(ask.session_id)
        if known is not None and known.epoch == ask.epoch:
            return self._news(ask.session_id, known.epoch, known.state, paused=known.paused)
        title = self._titles.get(ask.title_id) if ask.release is None else None
        refused: Reason | None = None
        if known is not None:
            refused = Reason.BAD_STATE
        elif self._closing:
            refused = Reason.NODE_SHUTDOWN
        elif ask.release is None and (title is None or title.manifest.version != ask.title_version):
            refused = Reason.TITLE_MISSING
        elif not is_well_named(ask):
            refused = Reason.MALFORMED
        elif not self._has_room:
            refused = Reason.NO_ROOM
        if refused is not None:
            return self._news(ask.session_id, ask.epoch, PlacementState.RELEASED, refused)
        chosen = {option.name: option.value for option in ask.options}
        unfit = None if title is None else self._offer.unfit(title, chosen)
        if unfit is not None:
            return self._news(ask.session_id, ask.epoch, PlacementState.RELEASED, *unfit)
        save_dir = str(self._offer.saves / ask.player_key / ask.title_id)
        placed = PlacedSession(
            ask.epoch, PlacementState.PREPARING, now + self._offer.start_timeout_s, save_dir, ask.title_id,
            options=chosen,
        )  # fmt: skip
        self._placed[ask.session_id] = placed
        news = self._news(ask.session_id, ask.epoch, PlacementState.PREPARING)
        if ask.release is not None:
            placed.fetching = True
            return [*news, FetchTitle(ask.session_id, ask.epoch, ask.release)]
        assert title is not None
        return [*news, *self._launch(ask.session_id, placed, title, now)]

    def _launch(self, session_id: str, placed: PlacedSession, title: InstalledTitle, now: float) -> list[Effect]:
        """Start a session's title, or let it wait for the save folder."""
        in_use = self._is_held_by_another(placed)
        placed.fetching, placed.folders = False, (title.folder, title.runtime)
        placed.start_due = now + self._offer.start_timeout_s
        if title.manifest.session_max_s is not None:
            placed.end_due = now + title.manifest.session_max_s
        start = StartWorker(
            session_id=session_id,
            epoch=placed.epoch,
            title=title_spec(title, self._offer, placed.options),
            save_dir=placed.save_dir,
            ice=self._offer.ice,
            encoder=self._offer.encoder,
            sandbox=replace(self._offer.sandbox, name=session_name(self._offer.owner_pid, session_id)),
            abandon_s=self._offer.abandon_s,
        )
        if in_use:
            placed.waiting = start
            return []
        return [Launch(start)]

    def _is_held_by_another(self, placed: PlacedSession) -> bool:
        """Tell whether another session runs, or ends, on the same save folder."""
        others = (other for other in self._placed.values() if other is not placed)
        running = (other for other in others if other.waiting is None and not other.fetching)
        return any(other.save_dir == placed.save_dir for other in running)

    def _end(self, ask: EndSession) -> list[Effect]:
        placed = self._placed.get(ask.session_id)
        if placed is None or placed.epoch != ask.epoch:
            return self._news(ask.session_id, ask.epoch, PlacementState.RELEASED, ask.reason)
        return self._stop(ask.session_id, placed, ask.reason)

    def _stop(self, session_id: str, placed: PlacedSession, reason: Reason) -> list[Effect]:
        if placed.ending is not None:
            return []
        placed.ending = reason
        if placed.waiting is not None or placed.fetching:
            return self._gone(session_id, reason, "")
        return [EndWorker(session_id, StopWorker(reason))]

    def _open_peer(self, ask: OpenNodePeer) -> list[Effect]:
        placed = self._placed.get(ask.session_id)
        if placed is None or placed.ending is not None:
            return self._to_broker(NodePeerState(ask.session_id, ask.peer_id, PeerState.LEFT, Reason.UNKNOWN_SESSION))
        placed.peers[ask.peer_id] = None
        while len(placed.peers) > PEERS_REMEMBERED:
            placed.peers.popitem(last=False)
        message = OpenWorkerPeer(
            peer_id=ask.peer_id,
            participant_id=ask.participant_id,
            participant_index=ask.participant_index,
            role=ask.role,
            seats=ask.seats,
            ticket_sha256=ask.ticket_sha256,
            ticket_ttl_s=ask.ticket_ttl_s,
            video_codecs=ask.video_codecs,
            video_max_bps=ask.video_max_bps,
            tab_protocol=ask.tab_protocol,
        )
        return [ToWorker(ask.session_id, message)]

    def _to_peer(self, session_id: str, peer_id: str, message: Message) -> list[Effect]:
        placed = self._placed.get(session_id)
        if placed is None or peer_id not in placed.peers:
            return self._to_broker(NodePeerState(session_id, peer_id, PeerState.LEFT, Reason.UNKNOWN_SESSION))
        return [ToWorker(session_id, message)]

    def _to_worker(self, session_id: str, message: Message) -> list[Effect]:
        placed = self._placed.get(session_id)
        return [ToWorker(session_id, message)] if placed is not None and placed.ending is None else []

    # --- the files of published titles ---

    def folders_in_use(self) -> set[str]:
        """Return the folders of titles that sessions run, and of their runtimes."""
        return {folder for placed in self._placed.values() for folder in placed.folders} - {""}

    def handle_title_fetched(self, session_id: str, epoch: int, title: InstalledTitle, now: float) -> list[Effect]:
        """Start a session whose title's files have come; nobody may want it any more."""
        placed = self._fetching(session_id, epoch)
        if placed is None:
            return []
        unfit = self._offer.unfit(title, placed.options)
        if unfit is not None:
            return self._gone(session_id, *unfit)
        return self._launch(session_id, placed, title, now)

    def handle_title_not_fetched(self, session_id: str, epoch: int, reason: Reason, detail: str) -> list[Effect]:
        """End a session whose title's files did not come."""
        return [] if self._fetching(session_id, epoch) is None else self._gone(session_id, reason, detail)

    def _fetching(self, session_id: str, epoch: int) -> PlacedSession | None:
        placed = self._placed.get(session_id)
        return placed if placed is not None and placed.epoch == epoch and placed.fetching else None

    # --- the worker ---

    def handle_worker(self, session_id: str, message: Message) -> list[Effect]:
        """Act on one message of a session's worker."""
        placed = self._placed.get(session_id)
        if placed is None:
            return []
        match message:
            case WorkerState():
                return self._worker_state(session_id, placed, message)
            case WorkerPause(paused):
                return self._worker_pause(session_id, placed, paused=paused)
            case PeerOffer(peer_id, sdp, stun_uris):
                offer = NodePeerOffer(session_id, peer_id, sdp, stun_uris)
                return self._from_peer(session_id, placed, peer_id, offer)
            case WorkerPeerState(peer_id, state, reason):
                news = NodePeerState(session_id, peer_id, state, reason)
                return self._from_peer(session_id, placed, peer_id, news)
        return []

    def handle_violation(self, session_id: str, detail: str) -> list[Effect]:
        """End the session of a worker whose messages cannot be taken."""
        return self._kill(session_id, Reason.WORKER_LOST, detail) if session_id in self._placed else []

    def handle_worker_gone(self, session_id: str, detail: str) -> list[Effect]:
        """Free the slot of a session whose worker died or could not be started."""
        placed = self._placed.get(session_id)
        return [] if placed is None else self._gone(session_id, placed.ending or Reason.WORKER_LOST, detail)

    def handle_title_changed(self, title_id: str) -> list[Effect]:
        """End the sessions of a title whose files changed; its players' pages start it anew."""
        effects: list[Effect] = []
        for session_id, placed in list(self._placed.items()):
            if placed.title_id == title_id:
                effects += self._stop(session_id, placed, Reason.TITLE_CHANGED)
        return effects

    def handle_shutdown(self) -> list[Effect]:
        """End everything and take nothing more."""
        self._closing = True
        effects: list[Effect] = self.checks.handle_shutdown()
        for session_id, placed in list(self._placed.items()):
            effects += self._stop(session_id, placed, Reason.NODE_SHUTDOWN)
        return effects

    def _worker_state(self, session_id: str, placed: PlacedSession, said: WorkerState) -> list[Effect]:
        state, reason, detail = said.state, said.reason, said.detail
        try:
            placed.state = reported(placed.state, state)
        except IllegalTransition as error:
            return self._kill(session_id, Reason.WORKER_LOST, str(error))
        if state is not PlacementState.RELEASED:
            return self._news(session_id, placed.epoch, state, reason, detail)
        reason = reason or placed.ending or Reason.WORKER_LOST
        news = self._gone(session_id, reason, detail, said.violations)
        # It exits by itself now; if it does not, the escalation ends it.
        return news if placed.ending is not None else [*news, EndWorker(session_id, StopWorker(reason))]

    def _worker_pause(self, session_id: str, placed: PlacedSession, *, paused: bool) -> list[Effect]:
        if placed.state is not PlacementState.SERVING:
            return self._kill(session_id, Reason.WORKER_LOST, "the worker paused what it does not serve")
        placed.paused = paused
        return self._news(session_id, placed.epoch, placed.state, paused=paused)

    def _from_peer(self, session_id: str, placed: PlacedSession, peer_id: str, message: Message) -> list[Effect]:
        if peer_id not in placed.peers:
            return self._kill(session_id, Reason.WORKER_LOST, "the worker spoke of a peer that is not its own")
        return self._to_broker(message)

    def _kill(self, session_id: str, reason: Reason, detail: str) -> list[Effect]:
        ending = self._placed[session_id].ending
        return [KillWorker(session_id, detail), *self._gone(session_id, ending or reason, detail)]

    def _gone(self, session_id: str, reason: Reason, detail: str, violations: int = 0) -> list[Effect]:
        """Free a session's slot; if nobody holds its save folder now, who waited for it starts."""
        placed = self._placed.pop(session_id)
        effects = self._news(session_id, placed.epoch, PlacementState.RELEASED, reason, detail, violations=violations)
        for other in self._placed.values():
            if other.waiting is not None and not self._is_held_by_another(other):
                start, other.waiting = other.waiting, None
                return [*effects, Launch(start)]
        return effects

    # --- saying it ---

    def _news(
        self,
        session_id: str,
        epoch: int,
        state: PlacementState,
        reason: Reason | None = None,
        detail: str = "",
        *,
        paused: bool = False,
        violations: int = 0,
    ) -> list[Effect]:
        return self._to_broker(PlacementNews(session_id, epoch, state, reason, detail, paused, violations))

    def _to_broker(self, message: Message) -> list[Effect]:
        if self._connected:
            return [ToBroker(message)]
        self._untold.keep(message)
        return []
