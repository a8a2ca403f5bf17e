"""One session: a title, its picture and sound, the participants and their peers, from ``start`` to ``released``.

Everything runs on one event loop; encoding and sound have a thread each. The session outlives the broker: only the
agent's word, the title's end, or ten minutes without anybody connected end it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any

import structlog

from render_node.session.core.absence import AbsenceClock
from render_node.session.core.input_receiver import InputReceiver
from render_node.session.core.rate_limit import TokenBucket
from render_node.session.core.send_side import RateLimits
from render_node.session.core.ticket_gate import TicketGate
from render_node.session.core.title_end import TitleEnd
from render_node.session.io import monotonic
from render_node.session.io.agent_link import AgentLink
from render_node.session.io.input_path import InputPath
from render_node.session.io.media_fanout import MediaFanout
from render_node.session.io.participants import Participant, Peer, Table
from render_node.session.io.peer_session import PeerCallbacks, PeerSession
from render_node.session.io.sound_reader import SoundReader
from render_node.session.io.start_steps import StartSteps
from render_node.session.io.title_process import TitleNews, TitleProcess
from wire.errors import Reason, WireError
from wire.frame_story import Presence
from wire.limits import PEERS_MAX
from wire.schema import Message
from wire.session_control import PeerState, Role, VideoCodec
from wire.title_ipc import Sound
from wire.worker_control import (
    ClosePeer,
    DismissParticipant,
    OpenWorkerPeer,
    PeerAnswer,
    PeerOffer,
    PlacementState,
    SetSeats,
    SetWorkerQuality,
    StartStep,
    StartWorker,
    StopWorker,
    WorkerPause,
    WorkerPeerState,
    WorkerState,
)

TITLE_GRACE_S = 2.0
"""Time a title has to quit by itself when the session ends."""

VIDEO_BPS_START = 4_000_000
"""What a path is trusted with before anything is known of it."""

VIDEO_BPS_LOWEST = 300_000
"""Below this a picture tells nothing; a path that carries less gets fewer frames."""

SHIFTS_PER_S = 2.0
"""How often a page may ask for another moment of the title's frames."""

FIRST_SEAT = 0

WATCH_INTERVAL_S = 1.0
"""How often the session looks at its clock, its peers' networks and its own figures."""

CODEC_ORDER = (VideoCodec.H264, VideoCodec.VP8)
"""What a page is offered, best first."""

log = structlog.get_logger()


def choose_codec(offered: tuple[str, ...]) -> VideoCodec:
    """Return the best codec that the page can decode.

    Raises:
        WireError: ``no_common_codec``.
    """
    for codec in CODEC_ORDER:
        if codec.value in offered:
            return codec
    raise WireError(Reason.NO_COMMON_CODEC, f"the page decodes {', '.join(offered) or 'nothing'}")


class SessionWorker:
    """Runs one session to its end; ``run`` returns when nothing is left of it."""

    def __init__(self, start: StartWorker, link: AgentLink) -> None:
        self._start = start
        self._link = link
        self._table = Table()
        self._tickets = TicketGate()
        self._tasks: set[asyncio.Task[None]] = set()
        self._violations = 0
        self._ended: asyncio.Future[tuple[Reason, str]] = asyncio.get_running_loop().create_future()
        self._serving = False
        self._lonely_since_s = time.monotonic()
        self._steps = StartSteps(link.send, traced=start.traced)
        self._shifts = TokenBucket(SHIFTS_PER_S, burst=1)
        self._absence = AbsenceClock(start.title.afk_pause_s, start.title.afk_end_s, time.monotonic())

    async def run(self) -> None:
        """Start the title, serve until something ends the session, leave nothing behind."""
        self._steps.begin(StartStep.LAUNCH_TITLE)
        try:
            title = await TitleProcess.start(
                self._start.title,
                self._start.save_dir,
                self._start.sandbox,
                on_frame=self._on_frame,
                on_news=self._on_title_news,
                on_ended=self._on_title_ended,
            )
        except WireError as error:
            self._report(PlacementState.RELEASED, error.reason, error.detail)
            return
        self._steps.end(StartStep.LAUNCH_TITLE)
        self._steps.begin(StartStep.FIRST_PICTURE)
        self._title = title
        self._inputs = InputPath(title.send_input)
        self._media = MediaFanout(
            title, self._table, self._inputs, self._start.encoder, self._start.title.fps,
            on_failed=lambda detail: self.end(Reason.INTERNAL, detail),
            on_first_frame=lambda: self._steps.end(StartStep.ENCODE_FIRST_FRAME),
        )  # fmt: skip
        self._sound = SoundReader(title.sound_fd, on_packet=self._media.send_audio, loop=asyncio.get_running_loop())
        watch = asyncio.create_task(self._watch_once_a_second())
        try:
            reason, detail = await self._ended
        finally:
            watch.cancel()
            await self._close(title)
        self._report(PlacementState.RELEASED, reason, detail)

    def end(self, reason: Reason, detail: str = "") -> None:
        """End the session; the first reason counts."""
        if not self._ended.done():
            self._ended.set_result((reason, detail))

    def take(self, message: Message) -> None:
        """Act on a message of the agent."""
        match message:
            case OpenWorkerPeer():
                self._spawn(self._open_peer(message), message.peer_id)
            case PeerAnswer():
                self._spawn(self._accept_answer(message), message.peer_id)
            case ClosePeer(peer_id, reason):
                self._spawn(self._close_peer(peer_id, PeerState.LEFT, reason), peer_id)
            case SetWorkerQuality(participant_id, video_max_bps):
                self._set_quality(participant_id, video_max_bps)
            case SetSeats(participant_id, role, seats):
                self._set_seats(participant_id, role, seats)
            case DismissParticipant(participant_id, reason):
                self._spawn(self._dismiss(participant_id, reason), participant_id)
            case StopWorker(reason):
                self.end(reason)
            case _:
                log.error("unexpected_message", type=message.TYPE)

    # --- the title ---

    def _on_frame(self) -> None:
        if not self._serving:
            self._serving = True
            self._steps.end(StartStep.FIRST_PICTURE)
            self._report(PlacementState.SERVING)
        self._inputs.flush()
        self._media.frame_ready()

    def _on_title_news(self, news: TitleNews) -> None:
        if isinstance(news, Sound):
            self._sound.set_format(news)
        else:
            self._media.title_story(news)

    def _on_title_ended(self, end: TitleEnd) -> None:
        self._violations = end.violations
        self.end(end.reason, end.detail)

    # --- peers ---

    async def _open_peer(self, invite: OpenWorkerPeer) -> None:
        """Register the peer before the first wait, so that whatever comes next for it finds it, then offer."""
        codec = choose_codec(invite.video_codecs)
        earlier = self._table.of_participant(invite.participant_id)
        if len(self._table.peers) - len(earlier) >= PEERS_MAX:
            raise WireError(Reason.TOO_MANY, f"a session has at most {PEERS_MAX} peers")
        now_s = time.monotonic()
        participant = self._table.participants.get(invite.participant_id)
        if participant is None:
            receiver = InputReceiver(invite.participant_index, invite.seats, invite.role)
            participant = Participant(invite.participant_id, invite.participant_index, invite.role, receiver)
            self._table.participants[invite.participant_id] = participant
        participant.video_max_bps = invite.video_max_bps
        self._set_seats(invite.participant_id, invite.role, invite.seats)
        callbacks = PeerCallbacks(
            on_input=lambda data, now_us: self._on_input(invite.peer_id, data, now_us),
            on_state=lambda state, reason: self._on_peer_state(invite.peer_id, state, reason),
            on_keyframe_needed=lambda: self._media.keyframe_needed(peer.rung, participant.role),
            on_rate=self._media.fit_bitrates,
            on_room=lambda: self._media.room_again(peer.rung),
            on_display_phase=lambda later_us: self._follow_display(participant, later_us),
            on_frames_lost=lambda first, newest: self._media.frames_lost(peer.rung, participant.role, first, newest),
            on_story_open=lambda: self._media.tell_standing(self._table.peers[invite.peer_id]),
        )
        target_bps = self._start.encoder.target_bps
        limits = RateLimits(min(VIDEO_BPS_LOWEST, target_bps), min(VIDEO_BPS_START, target_bps), target_bps)
        session = PeerSession(invite.peer_id, codec=codec, ice=self._start.ice, limits=limits, callbacks=callbacks)
        peer = Peer(session, participant, codec, now_s + invite.ticket_ttl_s, invite.tab_protocol)
        self._table.peers[invite.peer_id] = peer
        self._tickets.invite(invite.peer_id, invite.ticket_sha256, invite.ticket_ttl_s, now_s)
        self._steps.begin(StartStep.ENCODE_FIRST_FRAME)
        self._media.open_rung(peer.rung)
        if earlier:
            self._inputs.release_all(participant.index, participant.receiver, monotonic.now_us())
        for peer_id in earlier:
            await self._close_peer(peer_id, PeerState.LEFT, Reason.REPLACED)
        if self._table.peers.get(invite.peer_id) is peer:
            self._link.send(PeerOffer(invite.peer_id, await session.offer(), self._start.ice.page_stun_uris))

    def _set_quality(self, participant_id: str, video_max_bps: int | None) -> None:
        participant = self._table.participants.get(participant_id)
        # Somebody without a peer yet brings the bound along with the first one.
        if participant is not None:
            participant.video_max_bps = video_max_bps
            self._media.fit_bitrates()

    def _set_seats(self, participant_id: str, role: Role, seats: tuple[int, ...]) -> None:
        """Let a participant play on these seats and nobody else on any of them."""
        participant = self._table.participants.get(participant_id)
        if participant is None:
            return
        now_us = monotonic.now_us()
        for other in self._table.participants.values():
            kept = tuple(seat for seat in other.receiver.seats if seat not in seats)
            if other is not participant and kept != other.receiver.seats:
                self._inputs.set_seats(other.index, other.receiver, other.role, kept, now_us)
        participant.role = role
        self._inputs.set_seats(participant.index, participant.receiver, role, seats, now_us)

    async def _dismiss(self, participant_id: str, reason: Reason) -> None:
        """Let somebody go who is no longer at the table; their input stops at once, before any peer is closed."""
        self._set_seats(participant_id, Role.SPECTATOR, ())
        participant = self._table.participants.pop(participant_id, None)
        for peer_id in self._table.of_participant(participant_id):
            await self._close_peer(peer_id, PeerState.LEFT, reason)
        if participant is not None:
            self._inputs.forget(participant.index)

    async def _accept_answer(self, answer: PeerAnswer) -> None:
        peer = self._table.peers.get(answer.peer_id)
        if peer is None:
            raise WireError(Reason.BAD_TICKET, "no such peer is waiting for an answer")
        self._tickets.redeem(answer.peer_id, answer.ticket, time.monotonic())
        await peer.session.accept_answer(answer.sdp)

    def _on_input(self, peer_id: str, data: bytes, now_us: int) -> None:
        peer = self._table.peers.get(peer_id)
        if peer is None:
            return
        receiver = peer.participant.receiver
        before = receiver.received
        self._inputs.receive(peer.participant.index, receiver, data, now_us)
        self._media.acknowledge_soon(peer_id, peer)
        if receiver.received != before:
            self._note_presence()

    def _follow_display(self, participant: Participant, later_us: int) -> None:
        """Move the title's frames for the player of the first seat: it has one clock, and they many displays."""
        allowed = self._start.title.follow_display and FIRST_SEAT in participant.receiver.seats
        if allowed and self._shifts.take(monotonic.now_us()):
            self._title.shift(later_us)

    def _on_peer_state(self, peer_id: str, state: PeerState, reason: Reason | None) -> None:
        peer = self._table.peers.get(peer_id)
        if peer is None or peer.state is state:
            return
        if state in (PeerState.LOST, PeerState.LEFT):
            self._spawn(self._close_peer(peer_id, state, reason or Reason.PEER_CLOSED), peer_id)
            return
        peer.state = state
        # What its network carries counts from now on.
        self._media.fit_bitrates()
        # A page that comes to a paused session must see it; merely connecting again is not playing otherwise.
        if state is PeerState.CONNECTED and self._media.is_paused:
            self._note_presence()
        self._link.send(WorkerPeerState(peer_id, state, reason))

    async def _close_peer(self, peer_id: str, state: PeerState, reason: Reason) -> None:
        peer = self._table.peers.pop(peer_id, None)
        if peer is None:
            return
        self._tickets.withdraw(peer_id)
        participant = peer.participant
        if not self._table.of_participant(participant.participant_id):
            self._inputs.release_all(participant.index, participant.receiver, monotonic.now_us())
        self._link.send(WorkerPeerState(peer_id, state, reason))
        await peer.session.close(reason)
        await self._media.close_unused_rungs()

    # --- the clock ---

    def _note_presence(self) -> None:
        """Somebody plays: a warning or a pause is over at once."""
        now_s = time.monotonic()
        was = self._absence.presence(now_s)
        self._absence.seen(now_s)
        if was is not Presence.HERE:
            self._pause(False)
            self._media.absence = self._absence.story(now_s)
            self._media.once_a_second()

    def _pause(self, paused: bool) -> None:
        if paused != self._media.is_paused:
            self._media.pause(paused)
            self._link.send(WorkerPause(paused))

    def _watch_absence(self, now_s: float) -> None:
        if not self._serving:
            # Waiting for the title's first picture is not being away.
            self._absence.seen(now_s)
        presence = self._absence.presence(now_s)
        if presence is Presence.HERE:
            return
        if presence is Presence.AWAY and not self._media.is_paused:
            for person in self._table.participants.values():
                self._inputs.release_all(person.index, person.receiver, monotonic.now_us())
            self._pause(True)
        self._media.absence = self._absence.story(now_s)
        if self._absence.is_over(now_s):
            self.end(Reason.ABANDONED, "nobody played for too long")

    async def _watch_once_a_second(self) -> None:
        while True:
            await asyncio.sleep(WATCH_INTERVAL_S)
            try:
                await self._watch(time.monotonic())
            except Exception:
                # The next turn must come all the same: it is what ends a session that nobody plays.
                log.exception("watch_failed")

    async def _watch(self, now_s: float) -> None:
        if self._table.connected():
            self._lonely_since_s = now_s
        elif now_s - self._lonely_since_s > self._start.abandon_s:
            self.end(Reason.ABANDONED, f"nobody was connected for {self._start.abandon_s:.0f} s")
        self._watch_absence(now_s)
        self._close_unanswered(now_s)
        await self._media.choose_rungs()
        self._media.once_a_second()
        self._title.tell_stream(self._table.stream())
        self._link.send(self._media.stats())

    def _close_unanswered(self, now_s: float) -> None:
        """Give back the places of peers whose ticket ran out before an answer came."""
        for peer_id, peer in list(self._table.peers.items()):
            if peer.state is PeerState.INVITED and now_s >= peer.answer_by_s:
                self._spawn(self._close_peer(peer_id, PeerState.LEFT, Reason.CONNECT_TIMEOUT), peer_id)

    # --- ends ---

    async def _close(self, title: TitleProcess) -> None:
        for task in self._tasks:
            task.cancel()
        reason = self._ended.result()[0] if self._ended.done() and not self._ended.cancelled() else Reason.INTERNAL
        for peer_id in list(self._table.peers):
            await self._close_peer(peer_id, PeerState.LEFT, reason)
        await self._media.close()
        await self._sound.close()
        await title.stop(TITLE_GRACE_S)

    def _spawn(self, step: Coroutine[Any, Any, None], peer_id: str) -> None:
        task = asyncio.create_task(self._guard(step, peer_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, step: Coroutine[Any, Any, None], peer_id: str) -> None:
        """Run one peer's step; whatever goes wrong with it costs that peer only."""
        try:
            await step
        except WireError as error:
            log.warning("peer_refused", peer_id=peer_id, reason=error.reason, detail=error.detail)
            await self._refuse_peer(peer_id, error.reason)
        except Exception:
            log.exception("peer_failed", peer_id=peer_id)
            await self._refuse_peer(peer_id, Reason.INTERNAL)

    async def _refuse_peer(self, peer_id: str, reason: Reason) -> None:
        if peer_id in self._table.peers:
            await self._close_peer(peer_id, PeerState.LEFT, reason)
        else:
            self._link.send(WorkerPeerState(peer_id, PeerState.LEFT, reason))

    def _report(self, state: PlacementState, reason: Reason | None = None, detail: str = "") -> None:
        self._link.send(WorkerState(state, reason, detail[:4096], self._violations))
