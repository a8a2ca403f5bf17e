"""From the title's frames and sound to every peer: an encoder rung per codec in use, N peer senders behind it.

A rung exists while a peer needs it; a reduced one beside it while a spectator's network is too poor for the players'.
A frame that it encodes goes to all its peers in one turn of the loop, followed by the frame's story, which differs by
participant only in what it says about their input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from render_node.session.core.rung_choice import RungKey
from render_node.session.io import monotonic
from render_node.session.io.input_path import InputPath
from render_node.session.io.participants import Peer, Table
from render_node.session.io.rung import Rung
from render_node.session.io.title_process import TitleProcess
from render_node.session.media import EncodedFrame, OpusPacket
from wire.frame_story import (
    NO_INPUT_US,
    Absence,
    Ack,
    Cursor,
    FrameStory,
    SeatRumble,
    TextInput,
    encode_story,
)
from wire.session_control import Role
from wire.worker_control import EncoderSpec, WorkerStats

ACK_DELAY_S = 0.025
"""How long an acknowledgement of input waits for a frame to ride on; a little over one frame at 60 fps."""

log = structlog.get_logger()


class MediaFanout:
    """Owns the rungs; peers are closed by their owner, the session worker."""

    def __init__(
        self,
        title: TitleProcess,
        table: Table,
        inputs: InputPath,
        spec: EncoderSpec,
        fps: int,
        *,
        on_failed: Callable[[str], None],
        on_first_frame: Callable[[], None],
    ) -> None:
        self._title = title
        self._on_first_frame = on_first_frame
        self._sent_any = False
        self._on_failed = on_failed
        self._table = table
        self._inputs = inputs
        self._spec = spec
        self._fps = fps
        self._rungs: dict[RungKey, Rung] = {}
        self._cursor: Cursor | None = None
        self._text: TextInput | None = None
        self._ack_timers: dict[str, asyncio.TimerHandle] = {}
        self.absence: Absence | None = None
        """Whether somebody plays; told to everybody with what holds until it changes."""
        self._paused = False
        self.frames_captured = 0

    # --- rungs ---

    def open_rung(self, key: RungKey) -> None:
        """Make sure that a rung runs."""
        if key in self._rungs:
            self.fit_bitrates()
            return
        self._rungs[key] = Rung(
            key,
            self._spec,
            self._fps,
            self._title,
            self._table,
            on_sent=self._send_story,
            on_failed=self._on_failed,
        )
        if self._paused:
            self._rungs[key].pause(True)

    def fit_bitrates(self) -> None:
        """Hold every rung to what its seated players allow."""
        for rung in self._rungs.values():
            rung.fit_bitrate()

    async def choose_rungs(self) -> None:
        """Move spectators to the rung that their networks carry; call about once a second."""
        now_us = monotonic.now_us()
        for peer in self._table.connected():
            full = self._rungs.get(RungKey(peer.codec))
            # Without anybody on the full rung, it can follow those who come to it.
            full_bps = full.target_bps if full is not None else 0
            if peer.participant.role is Role.SPECTATOR:
                peer.choice.take(peer.session.video_bps, full_bps, now_us)
            if peer.rung not in self._rungs:
                self.open_rung(peer.rung)
        await self.close_unused_rungs()

    def room_again(self, key: RungKey) -> None:
        """A peer of this rung takes frames again: the picture that was left out may be encoded now."""
        rung = self._rungs.get(key)
        if rung is not None:
            rung.room_again()

    async def close_unused_rungs(self) -> None:
        """End every rung that no peer needs any more; the others may have other players now."""
        # One by one: what waits to be closed stays ours, should this be cancelled, and may be needed again meanwhile.
        while unused := self._rungs.keys() - self._table.rungs():
            await self._rungs.pop(unused.pop()).close()
        self.fit_bitrates()

    async def close(self) -> None:
        """End everything that runs."""
        for timer in self._ack_timers.values():
            timer.cancel()
        while self._rungs:
            await self._rungs.popitem()[1].close()

    def keyframe_needed(self, key: RungKey, role: Role) -> None:
        """A peer cannot decode on; ask its rung for a keyframe as often as the peer's role allows."""
        if key in self._rungs:
            self._rungs[key].keyframe_needed(role)

    def frames_lost(self, key: RungKey, role: Role, lost_id: int, newest_id: int) -> None:
        """A peer of a rung lacks frames from one to another; see ``Rung.frames_lost``."""
        if key in self._rungs:
            self._rungs[key].frames_lost(role, lost_id, newest_id)

    def pause(self, paused: bool) -> None:
        """Stop sending media, or go on with a keyframe; the title runs on and stories are sent all the same."""
        if paused == self._paused:
            return
        self._paused = paused
        for rung in self._rungs.values():
            rung.pause(paused)

    @property
    def is_paused(self) -> bool:
        """Whether media stands still because nobody plays."""
        return self._paused

    # --- what the title makes ---

    def frame_ready(self) -> None:
        """The title flipped: every rung takes the newest picture as soon as it is free."""
        self.frames_captured += 1
        for rung in self._rungs.values():
            rung.flipped()

    def send_audio(self, packet: OpusPacket) -> None:
        """Send 10 ms of sound to everybody."""
        if self._paused:
            return
        for peer in self._table.connected():
            peer.session.send_audio(packet)

    def title_story(self, story: Cursor | SeatRumble | TextInput) -> None:
        """Pass on what the title says beside its picture; cursor and text wish are kept for who joins later."""
        if isinstance(story, SeatRumble):
            self._rumble(story)
            return
        if isinstance(story, Cursor):
            self._cursor = story if story.rgba or self._cursor is None else _with_image(story, self._cursor)
        else:
            self._text = story
        data = encode_story(story)
        for peer in self._table.connected():
            peer.session.send_story(data)

    def _rumble(self, story: SeatRumble) -> None:
        """Shake a pad of whoever holds its seat, unless nobody plays."""
        if self._paused:
            return
        for peer in self._table.connected():
            if story.seat in peer.participant.receiver.seats:
                peer.session.send_story(encode_story(story))

    # --- peers ---

    def stats(self) -> WorkerStats:
        """Return the counters of all rungs and of this session's input."""
        rungs = [rung.encoder.stats for rung in self._rungs.values()]
        return WorkerStats(
            peers_connected=len(self._table.connected()),
            frames_captured=self.frames_captured,
            frames_encoded=sum(stats.encoded for stats in rungs),
            frames_superseded=sum(stats.superseded for stats in rungs),
            sent_bytes=sum(peer.session.sent_bytes for peer in self._table.peers.values()),
            encode_ms_p50=max((stats.encode_ms_p50 for stats in rungs), default=0.0),
            encode_ms_p99=max((stats.encode_ms_p99 for stats in rungs), default=0.0),
            input_events=self._inputs.events,
            input_refused=sum(person.receiver.refused for person in self._table.participants.values()),
        )

    def once_a_second(self) -> None:
        """Repeat what must not be lost on an unreliable channel."""
        for peer in self._table.connected():
            self.tell_standing(peer)

    def tell_standing(self, peer: Peer) -> None:
        """Tell one peer what holds until it changes: input received so far, cursor, text wanted, absence."""
        for story in (Ack(peer.participant.receiver.ack_seq), self._cursor, self._text, self.absence):
            if story is not None:
                peer.session.send_story(encode_story(story))

    def acknowledge_soon(self, peer_id: str, peer: Peer) -> None:
        """Acknowledge input even if no frame comes along to carry it."""
        if peer_id not in self._ack_timers:
            loop = asyncio.get_running_loop()
            self._ack_timers[peer_id] = loop.call_later(ACK_DELAY_S, self._acknowledge, peer_id, peer)

    def _acknowledge(self, peer_id: str, peer: Peer) -> None:
        del self._ack_timers[peer_id]
        seq = peer.participant.receiver.ack_seq
        if seq != peer.participant.acked_seq:
            peer.participant.acked_seq = seq
            peer.session.send_story(encode_story(Ack(seq)))

    def _send_story(self, peer: Peer, frame: EncodedFrame, sent_us: int) -> None:
        if not self._sent_any:
            self._sent_any = True
            self._on_first_frame()
        participant = peer.participant
        participant.acked_seq = participant.receiver.ack_seq
        applied = self._inputs.newest_applied(participant.index, frame.input_seq)
        tick_us = frame.times.tick_us
        story = FrameStory(
            rtp_ts=frame.rtp_ts,
            frame_id=frame.frame_id % 2**32,
            input_seq=applied.participant_seq if applied else 0,
            ack_seq=participant.acked_seq,
            size_bytes=len(frame.access_unit),
            tick_us=tick_us,
            capture_dus=frame.times.capture_us - tick_us,
            encoded_dus=frame.times.encoded_us - tick_us,
            sent_dus=sent_us - tick_us,
            input_received_dus=applied.received_us - tick_us if applied else NO_INPUT_US,
            keyframe=frame.keyframe,
        )
        peer.session.send_story(encode_story(story))


def _with_image(news: Cursor, kept: Cursor) -> Cursor:
    return Cursor(news.visible, news.relative, kept.width, kept.height, kept.hot_x, kept.hot_y, kept.rgba)
