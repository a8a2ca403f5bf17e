"""Who takes part in a session: participants, which outlive their connections, and the peers that carry them."""

from __future__ import annotations

from dataclasses import dataclass, field

from render_node.session.core.adaptation import NOMINAL_FPS
from render_node.session.core.input_receiver import InputReceiver
from render_node.session.core.rung_choice import RungChoice, RungKey, Tier
from render_node.session.io.peer_session import PeerSession
from wire.frame_story import Display
from wire.session_control import PeerState, Role, VideoCodec
from wire.title_ipc import Stream


@dataclass(slots=True)
class Participant:
    """One person at the table; their input sequence goes on over any number of peers."""

    participant_id: str
    index: int
    role: Role
    receiver: InputReceiver
    video_max_bps: int | None = None
    """Highest video bitrate that this person allows."""
    acked_seq: int = 0
    """What the page was last told to be received."""


@dataclass(slots=True)
class Peer:
    """One connection of a participant."""

    session: PeerSession
    participant: Participant
    codec: VideoCodec
    answer_by_s: float
    """Monotonic seconds; without an answer by then it is closed."""
    protocol: int
    """The control version that its page speaks."""
    state: PeerState = PeerState.INVITED
    choice: RungChoice = field(default_factory=RungChoice)
    """Of a spectator's rung."""

    @property
    def rung(self) -> RungKey:
        """The rung that feeds it; players share the full one."""
        return RungKey(self.codec, Tier.FULL if self.participant.role is Role.PLAYER else self.choice.tier)


@dataclass(slots=True)
class Table:
    """All participants and peers of a session."""

    participants: dict[str, Participant] = field(default_factory=dict)
    peers: dict[str, Peer] = field(default_factory=dict)

    def connected(self) -> list[Peer]:
        """Return the peers that carry media now."""
        return [peer for peer in self.peers.values() if peer.state is PeerState.CONNECTED]

    def of_rung(self, rung: RungKey) -> list[Peer]:
        """Return the connected peers that a rung feeds."""
        return [peer for peer in self.connected() if peer.rung == rung]

    def video_bps(self, rung: RungKey, target_bps: int) -> int:
        """Return what a rung may send per second: its target, or less if whom it follows allows or receives less."""
        leading = self._leading(rung)
        chosen = [p.participant.video_max_bps for p in leading if p.participant.video_max_bps is not None]
        carried = [p.session.video_bps for p in leading if p.state is PeerState.CONNECTED]
        return min([target_bps, *chosen, *carried])

    def takes_frame(self, rung: RungKey) -> bool:
        """Tell whether those whom a rung follows have room for a frame now; nobody waits for one who fell behind."""
        leading = [p for p in self._leading(rung) if p.state is PeerState.CONNECTED]
        keeping_up = [p for p in leading if not p.session.is_behind()]
        # All are asked, since one that refuses says when it takes frames again.
        answers = [p.session.takes_frame() for p in keeping_up or leading]
        return all(answers)

    def display(self, rung: RungKey) -> Display:
        """Return what those whom a rung follows can show, of each figure the least."""
        told = [p.session.display for p in self._leading(rung) if p.state is PeerState.CONNECTED]
        return Display(
            min((each.refresh_hz for each in told), default=NOMINAL_FPS),
            min((each.decoded_pct for each in told), default=100),
        )

    def _leading(self, rung: RungKey) -> list[Peer]:
        """Return whom a rung follows: its players, or all where nobody plays on it."""
        fed = [peer for peer in self.peers.values() if peer.rung == rung]
        return [peer for peer in fed if peer.participant.role is Role.PLAYER] or fed

    def rungs(self) -> set[RungKey]:
        """Return the rungs that any peer, connected or not yet, needs."""
        return {peer.rung for peer in self.peers.values()}

    def stream(self) -> Stream:
        """Return how the picture reaches the seated players: of each figure the worst."""
        seated = [p.session for p in self.connected() if p.participant.role is Role.PLAYER]
        return Stream(
            rtt_us=max((session.feedback.rtt_us for session in seated), default=0),
            lost_256ths=min(
                round(256 * max((session.feedback.fraction_lost for session in seated), default=0.0)), 255
            ),
            video_bps=min((session.video_bps for session in seated), default=0),
        )

    def of_participant(self, participant_id: str) -> list[str]:
        """Return the ids of a participant's peers."""
        return [key for key, peer in self.peers.items() if peer.participant.participant_id == participant_id]
