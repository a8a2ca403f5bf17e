"""Who takes part in a session: participants, which outlive their connections, and the peers that carry them."""

from __future__ import annotations

from dataclasses import dataclass, field

from render_node.session.core.input_receiver import InputReceiver
from render_node.session.io.peer_session import PeerSession
from wire.session_control import PeerState, Role, VideoCodec


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


@dataclass(slots=True)
class Table:
    """All participants and peers of a session."""

    participants: dict[str, Participant] = field(default_factory=dict)
    peers: dict[str, Peer] = field(default_factory=dict)

    def connected(self) -> list[Peer]:
        """Return the peers that carry media now."""
        return [peer for peer in self.peers.values() if peer.state is PeerState.CONNECTED]

    def of_codec(self, codec: VideoCodec) -> list[Peer]:
        """Return the connected peers that a rung feeds."""
        return [peer for peer in self.connected() if peer.codec is codec]

    def video_bps(self, codec: VideoCodec, target_bps: int) -> int:
        """Return what a rung may send per second: its target, or less if a seated player allows or receives less."""
        seated = [p for p in self.peers.values() if p.codec is codec and p.participant.role is Role.PLAYER]
        chosen = [p.participant.video_max_bps for p in seated if p.participant.video_max_bps is not None]
        carried = [p.session.video_bps for p in seated if p.state is PeerState.CONNECTED]
        return min([target_bps, *chosen, *carried])

    def takes_frame(self, codec: VideoCodec) -> bool:
        """Tell whether a rung's seated players have room for a frame now; nobody waits for one who fell behind."""
        seated = [p for p in self.of_codec(codec) if p.participant.role is Role.PLAYER]
        keeping_up = [p for p in seated if not p.session.is_behind()]
        # All are asked, since one that refuses says when it takes frames again.
        answers = [p.session.takes_frame() for p in keeping_up or seated]
        return all(answers)

    def codecs(self) -> set[VideoCodec]:
        """Return the codecs that any peer, connected or not yet, was offered."""
        return {peer.codec for peer in self.peers.values()}

    def of_participant(self, participant_id: str) -> list[str]:
        """Return the ids of a participant's peers."""
        return [key for key, peer in self.peers.items() if peer.participant.participant_id == participant_id]
