"""One encoder of a session, its place among the title's pictures, and the rules by which it serves its peers.

What is encoded follows the seated players: the least that any of their networks carries, within what each allows. A
picture for which one of them has no room now is left out before it is encoded rather than queued. Where nobody plays,
as on the reduced rung, it follows all that it feeds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction
from functools import partial

import structlog

from render_node.session.core.adaptation import Adaptation, Caps, Sample
from render_node.session.core.keyframe_policy import KeyframePolicy
from render_node.session.core.rate_limit import TokenBucket
from render_node.session.core.rung_choice import REDUCED_FPS, REDUCED_MAX_BPS, RungKey, Tier
from render_node.session.core.slicing import Slicing
from render_node.session.core.still_pictures import StillPictures
from render_node.session.io import monotonic
from render_node.session.io.encoder_rung import EncoderRung
from render_node.session.io.participants import Peer, Table
from render_node.session.io.title_process import CapturedFrame, TitleProcess
from render_node.session.media import EncodedFrame
from wire.session_control import Role, VideoCodec
from wire.worker_control import EncoderSpec

RECOVERIES_PER_S = 10
"""Frames predicted from further back for the sake of one player's losses; each costs the others a little quality."""

UNLIMITED_SHARE = 0.95
"""Of what may be encoded per second; from there on the network does not limit it."""

ADAPT_S = 0.25
"""Between looks at whether size and frame rate fit the bitrate."""

log = structlog.get_logger()


class Rung:
    """Owns its encoder until ``close``; everything runs on the loop but the taking of pictures."""

    def __init__(
        self,
        key: RungKey,
        spec: EncoderSpec,
        fps: int,
        title: TitleProcess,
        table: Table,
        *,
        on_sent: Callable[[Peer, EncodedFrame, int], None],
        on_failed: Callable[[str], None],
    ) -> None:
        """Start the encoder and let it take the title's newest picture.

        Args:
            key: Its codec, and for whom it is.
            spec: Encoder and rate.
            fps: Of the title.
            title: Where pictures come from.
            table: Whose peers it serves.
            on_sent: A frame's last packet was handed to a peer's socket, at this time in µs; must not raise.
            on_failed: No encoder works, in words.
        """
        self.key = key
        self._max_bps = spec.target_bps if key.tier is Tier.FULL else min(spec.target_bps, REDUCED_MAX_BPS)
        self._fps = fps
        self._title = title
        self._table = table
        self._loop = asyncio.get_running_loop()
        self.encoder = EncoderRung(key.codec, spec, fps, on_frame=self._send, on_failed=on_failed, loop=self._loop)
        self._on_sent = on_sent
        self._is_paused = False
        self._is_stale = False
        self._keyframes = KeyframePolicy()
        self._recoveries = TokenBucket(RECOVERIES_PER_S, RECOVERIES_PER_S / 2)
        self._slicing = Slicing(spec.x264_slices_max if key.tier is Tier.FULL else 1, monotonic.now_us())
        self._adaptation: Adaptation | None = None
        self._caps: Caps | None = None
        self._source = (0, 0)
        self._every = 1
        self._flips = self._flips_seen = 0
        self._seen = 0
        self._waits = False
        """The newest picture was left out."""
        self._used_bytes = 0
        self._sampled_us = monotonic.now_us()
        self._timer = self._loop.call_later(ADAPT_S, self._adapt)
        self._still = StillPictures(fps, monotonic.now_us())
        self._still_timer: asyncio.Handle = self._loop.call_soon(self._watch_still)
        self.encoder.set_slices(self._slicing.slices)
        self.fit_bitrate()
        self.offer_picture()

    async def close(self) -> None:
        """End the encoder; nothing is called back afterwards."""
        self._timer.cancel()
        self._still_timer.cancel()
        await self.encoder.close()

    def fit_bitrate(self) -> None:
        """Hold the encoder to what the seated players allow and receive."""
        if self._is_limited:
            # Before the rate, so that an encoder that is opened anew for that is opened once.
            self.encoder.set_slices(self._slicing.limit(monotonic.now_us()))
        self.encoder.set_bitrate(self.target_bps)

    def flipped(self) -> None:
        """The title has a new picture: take it, unless this one is left out."""
        self._flips += 1
        self._waits = True
        self._still.changed(monotonic.now_us())
        if self._flips % self._every == 0:
            self.room_again()

    def room_again(self) -> None:
        """If a picture was left out, let it be encoded now that there may be room for it."""
        if self._waits and not self._is_paused and self._table.takes_frame(self.key):
            self._waits = False
            self.offer_picture()

    def offer_picture(self) -> None:
        """Let the encoder take the newest picture as soon as it is free."""
        self.encoder.submit(self._take, self._title.release_frame)

    def pause(self, paused: bool) -> None:
        """Send nothing, or go on with the newest picture as a keyframe, since frames were left out."""
        self._is_paused = paused
        if not paused:
            self._is_stale = True
            self.offer_picture()
            self.encoder.request_keyframe()

    def keyframe_needed(self, role: Role) -> None:
        """A peer cannot decode on; make a keyframe as often as the peer's role allows."""
        if self._keyframes.request(role, monotonic.now_us()):
            self.encoder.request_keyframe()

    def frames_lost(self, role: Role, lost_id: int, newest_id: int) -> None:
        """A peer lacks frames; let the next one do without them, or be a keyframe.

        Args:
            role: A spectator gets no more recoveries than keyframes.
            lost_id: First frame that it lacks.
            newest_id: Newest one.
        """
        now_us = monotonic.now_us()
        if role is Role.SPECTATOR:
            if self._keyframes.request(role, now_us) and not self.encoder.recover(lost_id, newest_id):
                self.encoder.request_keyframe()
        elif self._recoveries.take(now_us) and not self.encoder.recover(lost_id, newest_id):
            self.keyframe_needed(role)

    def _send(self, frame: EncodedFrame) -> None:
        """Send a frame to all peers of this rung."""
        if self._is_paused or (self._is_stale and not frame.keyframe):
            return
        self._is_stale = False
        if frame.keyframe:
            self._keyframes.note_keyframe(monotonic.now_us())
        for peer in self._table.of_rung(self.key):
            try:
                peer.session.video.send(self.key, frame, partial(self._on_sent, peer, frame))
            except Exception:
                # One peer's fault must not starve those behind it.
                log.exception("frame_not_sent", participant=peer.participant.participant_id)
        if self.key.codec is VideoCodec.VP8:
            self.confirm()

    def confirm(self) -> None:
        """Tell the encoder what all peers have; who waits for a keyframe has nothing that matters."""
        confirmed = [peer.session.confirmed_id() for peer in self._table.of_rung(self.key)]
        known = [frame_id for frame_id in confirmed if frame_id is not None]
        if known:
            self.encoder.confirm(min(known))

    def _take(self) -> CapturedFrame | None:
        """Return the newest picture that was not taken yet; in the encoder's thread."""
        frame = self._title.take_frame(self._seen)
        if frame is not None:
            self._seen = frame.number
            self._source = frame.width, frame.height
        return frame

    @property
    def target_bps(self) -> int:
        """What is encoded per second."""
        return self._table.video_bps(self.key, self._max_bps)

    @property
    def _is_limited(self) -> bool:
        """Whether the players' networks carry less than may be encoded."""
        return self.target_bps < UNLIMITED_SHARE * self._max_bps

    def _watch_still(self) -> None:
        """Encode a picture that stands still again when it is time, if there is room to send it."""
        now_us = monotonic.now_us()
        if self._still.wait_us(now_us) == 0:
            self._still.repeated(now_us)
            if not self._is_paused and self._table.takes_frame(self.key):
                self.encoder.encode_again()
        self._still_timer = self._loop.call_later(self._still.wait_us(now_us) / 1e6, self._watch_still)

    def _adapt(self) -> None:
        self._timer = self._loop.call_later(ADAPT_S, self._adapt)
        if self._flips == self._flips_seen:
            # The title stands still since: no other chance comes for a picture that was left out.
            self.room_again()
        self._flips_seen = self._flips
        now_us = monotonic.now_us()
        elapsed_us, self._sampled_us = max(1, now_us - self._sampled_us), now_us
        used_bytes, self._used_bytes = self._used_bytes, self.encoder.stats.encoded_bytes
        width, height = self._source
        if not width:
            return
        display = self._table.display(self.key)
        max_fps = None if self.key.tier is Tier.FULL else REDUCED_FPS
        caps = Caps(width, height, self._fps, max_fps=max_fps, refresh_hz=display.refresh_hz)
        if self._adaptation is None:
            self._adaptation = Adaptation(caps)
        elif caps != self._caps:
            self._adaptation.set_caps(caps)
        self._caps = caps
        used_bps = (self._used_bytes - used_bytes) * 8_000_000 // elapsed_us
        encode_ms = self.encoder.stats.encode_ms_p50
        sample = Sample(self.target_bps, used_bps, decoded_share=display.decoded_pct / 100, encode_ms=encode_ms)
        point = self._adaptation.take(sample, now_us).point
        if not self._is_limited:
            quick_ms, slow_ms = (self.encoder.stats.encode_ms(share, point.fps) for share in (0.25, 0.9))
            self.encoder.set_slices(self._slicing.take(quick_ms, slow_ms, 1000 / point.fps, now_us))
        self._every = max(1, round(self._fps / point.fps))
        self._still.set_fps(point.fps)
        self.encoder.set_point(Fraction(point.height_px, height), point.fps)
