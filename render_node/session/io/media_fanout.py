"""From the title's frames and sound to every peer: an encoder rung per codec in use, N peer senders behind it.

A rung exists while a peer needs its codec. A frame that it encodes goes to all its peers in one turn of the loop,
followed by the frame's story, which differs by participant only in what it says about their input.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import structlog

from render_node.session.core.keyframe_policy import KeyframePolicy
from render_node.session.core.rate_limit import TokenBucket
from render_node.session.io import monotonic
from render_node.session.io.encoder_rung import EncoderRung
from render_node.session.io.input_path import InputPath
from render_node.session.io.participants import Peer, Table
from render_node.session.io.title_process import CapturedFrame, TitleProcess
from render_node.session.media import EncodedFrame, OpusPacket
from wire.frame_story import (
    NO_INPUT_US,
    Absence,
    Ack,
    Cursor,
    FrameStory,
    Rumble,
    SeatRumble,
    TextInput,
    encode_story,
)
from wire.session_control import Role, VideoCodec
from wire.version import SEAT_RUMBLE_SINCE
from wire.worker_control import EncoderSpec, WorkerStats

ACK_DELAY_S = 0.025
"""How long an acknowledgement of input waits for a frame to ride on; a little over one frame at 60 fps."""

RECOVERIES_PER_S = 10
"""Frames predicted from further back for the sake of one player's losses; each costs the others a little quality."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Rung:
    """An encoder, its place among the title's pictures, and its rules for keyframes and recoveries."""

    encoder: EncoderRung
    title: TitleProcess
    keyframes: KeyframePolicy
    recoveries: TokenBucket
    seen: int = 0
    waits: bool = False
    """A picture was left out because there was no room to send it."""

    def take(self) -> CapturedFrame | None:
        """Return the newest picture that this rung has not seen; in the encoder's thread."""
        frame = self.title.take_frame(self.seen)
        if frame is not None:
            self.seen = frame.number
        return frame

    def offer_picture(self) -> None:
        """Let the encoder take the newest picture as soon as it is free."""
        self.encoder.submit(self.take, self.title.release_frame)


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
    ) -> None:
        self._title = title
        self._on_failed = on_failed
        self._table = table
        self._inputs = inputs
        self._spec = spec
        self._fps = fps
        self._rungs: dict[VideoCodec, _Rung] = {}
        self._cursor: Cursor | None = None
        self._text: TextInput | None = None
        self._ack_timers: dict[str, asyncio.TimerHandle] = {}
        self.absence: Absence | None = None
        """Whether somebody plays; told to everybody with what holds until it changes."""
        self._paused = False
        self._stale: set[VideoCodec] = set()
        """Rungs of which frames were left out: only a keyframe goes on from there."""
        self.frames_captured = 0

    # --- rungs ---

    def open_rung(self, codec: VideoCodec) -> None:
        """Make sure that a rung of this codec runs."""
        if codec in self._rungs:
            self.fit_bitrates()
            return
        loop = asyncio.get_running_loop()
        encoder = EncoderRung(
            codec,
            self._spec,
            self._fps,
            on_frame=lambda frame: self._send_frame(codec, frame),
            on_failed=self._on_failed,
            loop=loop,
        )
        self._rungs[codec] = _Rung(
            encoder, self._title, KeyframePolicy(), TokenBucket(RECOVERIES_PER_S, RECOVERIES_PER_S / 2)
        )
        self.fit_bitrates()
        self._rungs[codec].offer_picture()

    def fit_bitrates(self) -> None:
        """Hold every rung to what its seated players allow."""
        for codec, rung in self._rungs.items():
            rung.encoder.set_bitrate(self._table.video_bps(codec, self._spec.target_bps))

    def room_again(self, codec: VideoCodec) -> None:
        """A peer of this rung takes frames again: the picture that was left out may be encoded now."""
        rung = self._rungs.get(codec)
        if rung is not None and rung.waits and not self._paused:
            self._offer(codec, rung)

    def _offer(self, codec: VideoCodec, rung: _Rung) -> None:
        """Let a rung encode the newest picture, unless a seated player's network has no room for it now."""
        rung.waits = not self._table.takes_frame(codec)
        if not rung.waits:
            rung.offer_picture()

    async def close_unused_rungs(self) -> None:
        """End every rung whose codec no peer needs any more; the others may have other players now."""
        unused = [self._rungs.pop(codec) for codec in self._rungs.keys() - self._table.codecs()]
        for rung in unused:
            await rung.encoder.close()
        self.fit_bitrates()

    async def close(self) -> None:
        """End everything that runs."""
        for timer in self._ack_timers.values():
            timer.cancel()
        while self._rungs:
            await self._rungs.popitem()[1].encoder.close()

    def keyframe_needed(self, codec: VideoCodec, role: Role) -> None:
        """A peer cannot decode on; ask its rung for a keyframe as often as the peer's role allows."""
        rung = self._rungs.get(codec)
        if rung is not None and rung.keyframes.request(role, monotonic.now_us()):
            rung.encoder.request_keyframe()

    def frames_lost(self, codec: VideoCodec, role: Role, lost_id: int, newest_id: int) -> None:
        """A peer lacks frames; let the next one do without them, or be a keyframe.

        Args:
            codec: Of its rung.
            role: A spectator gets no more recoveries than keyframes.
            lost_id: First frame that it lacks.
            newest_id: Newest one.
        """
        rung = self._rungs.get(codec)
        if rung is None:
            return
        now_us = monotonic.now_us()
        if role is Role.SPECTATOR:
            if rung.keyframes.request(role, now_us) and not rung.encoder.recover(lost_id, newest_id):
                rung.encoder.request_keyframe()
        elif rung.recoveries.take(now_us) and not rung.encoder.recover(lost_id, newest_id):
            self.keyframe_needed(codec, role)

    def pause(self, paused: bool) -> None:
        """Stop sending media, or go on with a keyframe; the title runs on and stories are sent all the same."""
        if paused == self._paused:
            return
        self._paused = paused
        if not paused:
            self._stale = set(self._rungs)
            for rung in self._rungs.values():
                rung.offer_picture()
                rung.encoder.request_keyframe()

    @property
    def is_paused(self) -> bool:
        """Whether media stands still because nobody plays."""
        return self._paused

    # --- what the title makes ---

    def frame_ready(self) -> None:
        """The title flipped: every rung takes the newest picture as soon as it is free."""
        self.frames_captured += 1
        if self._paused:
            return
        for codec, rung in self._rungs.items():
            self._offer(codec, rung)

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
                knows_seats = peer.protocol >= SEAT_RUMBLE_SINCE
                plain = Rumble(story.pad, story.low, story.high, story.duration_ms)
                peer.session.send_story(encode_story(story if knows_seats else plain))

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

    def _send_frame(self, codec: VideoCodec, frame: EncodedFrame) -> None:
        if self._paused or (codec in self._stale and not frame.keyframe):
            return
        self._stale.discard(codec)
        if frame.keyframe and codec in self._rungs:
            self._rungs[codec].keyframes.note_keyframe(monotonic.now_us())
        for peer in self._table.of_codec(codec):
            try:
                peer.session.send_video(frame, partial(self._send_story, peer, frame))
            except Exception:
                # One peer's fault must not starve those behind it.
                log.exception("frame_not_sent", participant=peer.participant.participant_id)
        if codec is VideoCodec.VP8:
            self._confirm(codec)

    def _confirm(self, codec: VideoCodec) -> None:
        """Tell a rung what all its peers have; who waits for a keyframe has nothing that matters."""
        confirmed = [peer.session.confirmed_id() for peer in self._table.of_codec(codec)]
        known = [frame_id for frame_id in confirmed if frame_id is not None]
        if known and codec in self._rungs:
            self._rungs[codec].encoder.confirm(min(known))

    def _send_story(self, peer: Peer, frame: EncodedFrame, sent_us: int) -> None:
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
