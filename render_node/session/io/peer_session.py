"""One participant's WebRTC connection: a picture and sound out, input in, frame stories both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from aiortc import RTCSessionDescription
from aiortc.exceptions import OperationError

from render_node.session.core.adaptation import NOMINAL_FPS
from render_node.session.core.liveness import CONNECT_US, Liveness
from render_node.session.core.local_sdp import finish_answer, finish_offer
from render_node.session.core.ntp import ntp_from_unix_us
from render_node.session.core.peer_states import end_state, may_follow
from render_node.session.core.sdp import RemoteDescription, check_codec, check_remote
from render_node.session.core.send_side import RateLimits
from render_node.session.io import aiortc_hooks, monotonic
from render_node.session.io.peer_connection import BuiltConnection, Handlers, build_connection
from render_node.session.io.peer_feedback import PeerFeedback
from render_node.session.io.peer_sound import PeerSound
from render_node.session.io.peer_video import PeerVideo
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath
from render_node.session.media import OpusPacket
from wire.errors import Reason, WireError
from wire.frame_story import ClockReply, ClockRequest, Display, DisplayPhase, FrameReport, decode_story, encode_story
from wire.limits import INPUT_BATCH_MAX_BYTES, STORY_MESSAGE_MAX_BYTES
from wire.session_control import PeerState, VideoCodec
from wire.worker_control import IceMode, IceSpec

STORY_BUFFER_MAX_BYTES = 64 * 1024
"""Unsent story bytes beyond which newer ones are dropped: a story that comes late helps nobody."""

TICK_S = 0.2
"""Between looks at liveness and time limits; a silent peer is noticed at most this much late."""

REPORT_US = 800_000
"""Between sender reports."""

log = structlog.get_logger()


@dataclass(frozen=True)
class PeerCallbacks:
    """What a peer tells its owner, always on the loop. Exceptions are logged and change nothing for the peer."""

    on_input: Callable[[bytes, int], None]
    """An input batch, and the monotonic µs of its arrival."""
    on_state: Callable[[PeerState, Reason | None], None]
    """Every change of state; the last one is lost or left, with its reason."""
    on_keyframe_needed: Callable[[], None]
    """This peer can show nothing until a keyframe comes; debounced, repeated while it lasts."""
    on_display_phase: Callable[[int], None] = lambda later_us: None
    """The page asks for frames so much later (µs) between two refreshes of its display."""
    on_rate: Callable[[], None] = lambda: None
    """``video_bps`` changed."""
    on_room: Callable[[], None] = lambda: None
    """``takes_frame`` is true again after it was not."""
    on_frames_lost: Callable[[int, int], None] | None = None
    """First and newest frame that this peer lacks; a frame that depends on neither helps it, as a keyframe would.
    None where no encoder makes such frames: a keyframe is asked for instead."""
    on_story_open: Callable[[], None] = lambda: None
    """The story channel takes messages: the moment for what is latest-wins, such as the cursor and the newest ack."""


class PeerSession:
    """Owns one connection from its description until ``close``; ends itself when the peer is gone.

    Args:
        peer_id: For logs.
        codec: What the rung encodes.
        ice: Where to be reached; peers of one specification share one socket.
        limits: Bounds of the video's rate.
        callbacks: Called on the loop.
    """

    def __init__(
        self, peer_id: str, *, codec: VideoCodec, ice: IceSpec, limits: RateLimits, callbacks: PeerCallbacks
    ) -> None:
        aiortc_hooks.install()
        self.peer_id = peer_id
        self.state = PeerState.INVITED
        self.display = Display(NOMINAL_FPS, 100)
        """What the page can show, as it says; what every page can until it does."""
        self.messages_refused = 0
        """Messages from this peer that made no sense; counted, not logged, since it decides how many there are."""
        self._codec = codec
        self._ice_spec = ice
        self._callbacks = callbacks
        self._loop = asyncio.get_running_loop()
        self._unix_offset_us = monotonic.unix_offset_us()
        self._liveness = Liveness()
        self._answered_us: int | None = None
        self._reported_us = 0
        self._timer: asyncio.TimerHandle | None = None
        self._built: BuiltConnection | None = None
        self._closing: asyncio.Task[None] | None = None
        self.path = SendPath(
            limits, on_rate=self._guarded(callbacks.on_rate), on_room=self._guarded(callbacks.on_room)
        )
        """Where its packets leave, and what is known of their way."""
        self.video = PeerVideo(
            codec,
            self.path,
            on_keyframe_needed=self._guarded(callbacks.on_keyframe_needed),
            on_frames_lost=self._guarded(callbacks.on_frames_lost) if callbacks.on_frames_lost else None,
        )
        """What it is sent of the rung's frames, once it is connected."""
        self.sound = PeerSound(self.path)
        """How it is sent the title's sound, once it is connected."""
        self.feedback = PeerFeedback(self.video.receipts, self.video.lost)

    @property
    def sent_bytes(self) -> int:
        """Bytes of media handed to the socket."""
        return self.path.wire_bytes

    @property
    def video_bps(self) -> int:
        """What its network carries, within its limits."""
        return self.path.target_bps

    @property
    def _describes(self) -> bool:
        """Whether frames may refer further back than to the one before, and the peer may be told so."""
        return self._codec is VideoCodec.VP8

    def takes_frame(self) -> bool:
        """Tell whether a frame may be sent now; one that is not yet encoded is better left out otherwise."""
        return self.state is not PeerState.CONNECTED or self.path.takes_frame()

    def is_behind(self) -> bool:
        """Tell whether it has taken no frames for so long that others should not wait for it."""
        return self.state is PeerState.CONNECTED and self.path.is_behind()

    async def offer(self) -> str:
        """Return our offer: video, audio and data channels.

        Raises:
            WireError: ``no_room`` or ``internal`` if no socket could be opened, ``bad_state`` if already described.
        """
        built = self._build(audio=True, data=True, answering=False)
        await built.pc.setLocalDescription(await built.pc.createOffer())
        return finish_offer(
            built.pc.localDescription.sdp,
            built.video.parity_ssrc,
            describes_dependencies=self._describes,
            ice_lite=self._ice_spec.mode is IceMode.LITE,
        )

    async def accept_answer(self, sdp: str) -> None:
        """Take the page's answer and start connecting.

        Raises:
            WireError: ``bad_sdp``, ``no_common_codec`` or ``bad_state``; the session stays as it was.
        """
        if self._built is None or self._answered_us is not None or self.state is not PeerState.INVITED:
            raise WireError(Reason.BAD_STATE, "no answer is expected")
        remote = check_remote(sdp, answer=True)
        check_codec(remote, self._codec)
        await self._set_remote(self._built, remote, "answer")
        self._start_connecting()

    async def answer(self, remote_offer: str) -> str:
        """Return our answer to a WHEP player's offer and start connecting.

        Raises:
            WireError: as ``accept_answer`` and ``offer``.
        """
        if self.state is not PeerState.INVITED:
            raise WireError(Reason.BAD_STATE, "this peer has ended")
        remote = check_remote(remote_offer, answer=False)
        check_codec(remote, self._codec)
        has_data = remote.section("application") is not None
        built = self._build(audio=remote.section("audio") is not None, data=has_data, answering=True)
        await self._set_remote(built, remote, "offer")
        self._start_connecting()
        await built.pc.setLocalDescription(await built.pc.createAnswer())
        return finish_answer(
            built.pc.localDescription.sdp,
            remote,
            built.video.parity_ssrc,
            describes_dependencies=self._describes,
            ice_lite=self._ice_spec.mode is IceMode.LITE,
        )

    def confirmed_id(self) -> int | None:
        """Return the newest frame that this peer has, with all it builds on; None while it waits for a keyframe."""
        return self.video.confirmed_id(heard_us=self._liveness.heard_us, rtt_us=self.feedback.rtt_us)

    def send_audio(self, packet: OpusPacket) -> None:
        """Send a sound packet now, or drop it."""
        if self.state is PeerState.CONNECTED:
            met = self._parts().video.protection
            self.sound.send(packet, depth=met.policy.sound_depth(self.video_bps) if met is not None else 0)

    def send_story(self, data: bytes) -> bool:
        """Send a story message, or drop it if the channel is not open or behind; tells which."""
        channel = self._built.story if self._built is not None else None
        if channel is None or channel.readyState != "open" or channel.bufferedAmount > STORY_BUFFER_MAX_BYTES:
            return False
        try:
            channel.send(data)
        except Exception:
            log.exception("story_not_sent", peer_id=self.peer_id)
            return False
        return True

    async def close(self, reason: Reason) -> None:
        """End the connection and release all it holds; later calls wait for the first one."""
        self._finish(reason)
        if self._closing is not None:
            await asyncio.shield(self._closing)

    def _build(self, *, audio: bool, data: bool, answering: bool) -> BuiltConnection:
        if self._built is not None:
            raise WireError(Reason.BAD_STATE, "this peer is already described")
        handlers = Handlers(
            on_sender_ready=self._sender_ready,
            on_rtcp=self._guarded(self._rtcp_received),
            on_input=self._guarded(self._input_received),
            on_story=self._guarded(self._story_received),
            on_story_open=self._guarded(self._callbacks.on_story_open),
            on_data=lambda: self._liveness.heard(monotonic.now_us()),
            on_data_fault=self._data_fault,
        )
        self._built = build_connection(
            self._codec, self._ice_spec, self.path, handlers, audio=audio, data=data, answering=answering
        )
        self._built.pc.on("connectionstatechange", self._guarded(self._connection_changed))
        return self._built

    async def _set_remote(self, built: BuiltConnection, remote: RemoteDescription, kind: str) -> None:
        for sender, part in ((built.video, remote.section("video")), (built.audio, remote.section("audio"))):
            if sender is not None and part is not None:
                ids = part.extension_ids()
                sender.extension_ids = ids if self._describes else replace(ids, dependency_descriptor=None)
                if sender is built.video and sender.extension_ids.transport_seq is not None:
                    self.path.expect_feedback()
                sender.red_payload_type = part.red_payload_type
                sender.parity_payload_type = part.parity_payload_type
        try:
            await built.pc.setRemoteDescription(RTCSessionDescription(sdp=remote.sdp, type=kind))
        except OperationError as error:
            raise WireError(Reason.NO_COMMON_CODEC, str(error)) from error
        except Exception as error:
            raise WireError(Reason.BAD_SDP, f"aiortc refused it: {error!r}") from error

    def _start_connecting(self) -> None:
        self._answered_us = monotonic.now_us()
        self._move(PeerState.CONNECTING, None)
        self._timer = self._loop.call_later(TICK_S, self._tick)

    def _sender_ready(self, sender: RtpSender) -> None:
        if sender.kind == "video":
            self.video.begin(sender)
        else:
            self.sound.begin(sender)

    def _connection_changed(self) -> None:
        built = self._parts()
        if built.pc.connectionState == "connected" and aiortc_hooks.is_secured(built.dtls):
            self._liveness.heard(monotonic.now_us())
            self._move(PeerState.CONNECTED, None)
        elif built.pc.connectionState == "failed":
            refused = aiortc_hooks.is_fingerprint_refused(built.dtls)
            self._finish(Reason.BAD_FINGERPRINT if refused else Reason.PEER_CLOSED)
        elif built.pc.connectionState == "closed":
            self._finish(Reason.PEER_CLOSED)

    def _tick(self) -> None:
        # Armed before the turn, which may fail: the next one is what ends a session whose peer is gone.
        self._timer = self._loop.call_later(TICK_S, self._tick)
        self._guarded(self._look_after)(monotonic.now_us())

    def _look_after(self, now_us: int) -> None:
        built = self._parts()
        if built.ice.heard_us is not None:
            self._liveness.heard(built.ice.heard_us)
        if self.state is PeerState.CONNECTING and now_us - (self._answered_us or now_us) > CONNECT_US:
            self._finish(Reason.CONNECT_TIMEOUT)
        elif self.state is PeerState.CONNECTED and self._liveness.is_lost(now_us):
            self._finish(Reason.PEER_SILENT)
        if self.state is PeerState.CONNECTED:
            self._send_reports(now_us)
            self.video.help(now_us)

    def _send_reports(self, now_us: int) -> None:
        if now_us - self._reported_us < REPORT_US:
            return
        self._reported_us = now_us
        built = self._parts()
        for sender in (built.video, built.audio):
            if sender is not None:
                sender.send_report(now_us=now_us, now_ntp=self._ntp(now_us))

    def _rtcp_received(self, data: bytes) -> None:
        now_us = monotonic.now_us()
        self._liveness.heard(now_us)
        if self.feedback.receive(data, self._parts().video, self.path, now_us=now_us, now_ntp=self._ntp(now_us)):
            self.video.want_keyframe(now_us)

    def _input_received(self, message: bytes | str) -> None:
        if isinstance(message, bytes) and len(message) <= INPUT_BATCH_MAX_BYTES:
            self._callbacks.on_input(message, monotonic.now_us())
        else:
            self.messages_refused += 1

    def _story_received(self, message: bytes | str) -> None:
        received_us = monotonic.now_us()
        if not isinstance(message, bytes) or len(message) > STORY_MESSAGE_MAX_BYTES:
            self.messages_refused += 1
            return
        try:
            story = decode_story(message)
        except WireError:
            self.messages_refused += 1
            return
        if isinstance(story, ClockRequest):
            self.send_story(encode_story(ClockReply(story.client_us, received_us, monotonic.now_us())))
        elif isinstance(story, FrameReport):
            self.video.reported(story.rtp_ts)
        elif isinstance(story, Display):
            self.display = story
        elif isinstance(story, DisplayPhase):
            self._guarded(self._callbacks.on_display_phase)(story.later_us)

    def _data_fault(self) -> None:
        self.messages_refused += 1

    def _ntp(self, now_us: int) -> int:
        return ntp_from_unix_us(now_us + self._unix_offset_us)

    def _move(self, state: PeerState, reason: Reason | None) -> bool:
        if not may_follow(self.state, state):
            return False
        self.state = state
        self._guarded(self._callbacks.on_state)(state, reason)
        return True

    def _finish(self, reason: Reason) -> None:
        if not self._move(end_state(reason), reason):
            return
        self.video.end()
        self.sound.end()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._built is not None:
            self._closing = self._loop.create_task(self._close_connection(self._built))

    async def _close_connection(self, built: BuiltConnection) -> None:
        self.path.close()
        try:
            await built.pc.close()
        except Exception:
            log.exception("peer_close_failed", peer_id=self.peer_id)
        await built.ice.close()

    def _parts(self) -> BuiltConnection:
        assert self._built is not None, "nothing calls this before the connection is built"
        return self._built

    def _guarded(self, handler: Callable[..., None]) -> Callable[..., None]:
        """Return ``handler`` without its exceptions, one of which would make aiortc close the session."""

        def call(*args: Any) -> None:
            try:
                handler(*args)
            except Exception:
                log.exception("peer_handler_failed", peer_id=self.peer_id, handler=getattr(handler, "__name__", "?"))

        return call
