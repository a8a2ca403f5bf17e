"""What one peer is sent of its rung's frames, what it is known to have, and what helps it when it lacks some."""

from __future__ import annotations

from collections.abc import Callable

from render_node.session.core.dependency_descriptor import FrameDescriptor, describe_frame
from render_node.session.core.frame_chain import FrameChain
from render_node.session.core.frame_receipts import FrameReceipts
from render_node.session.core.h264_packets import packetise_h264
from render_node.session.core.keyframe_policy import KeyframePolicy
from render_node.session.core.rtp_packets import PAYLOAD_MAX_BYTES
from render_node.session.core.rung_choice import RungKey
from render_node.session.core.sent_packets import PacketKind
from render_node.session.core.vp8_packets import PICTURE_ID_MODULUS, packetise_vp8
from render_node.session.io import monotonic
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath
from render_node.session.media import EncodedFrame
from wire.session_control import Role, VideoCodec

FRAMES_MAX = 256
"""Frames whose reports are understood: 4 s at 60 fps."""


class PeerVideo:
    """One peer's picture from its first keyframe to its end.

    Args:
        codec: What the rung encodes.
        path: Where packets leave.
        on_keyframe_needed: The peer can show nothing until a keyframe comes; debounced. Must not raise.
        on_frames_lost: First and newest frame that the peer lacks, where a frame without them helps it; None where no
            encoder makes such frames. Must not raise.
    """

    def __init__(
        self,
        codec: VideoCodec,
        path: SendPath,
        *,
        on_keyframe_needed: Callable[[], None],
        on_frames_lost: Callable[[int, int], None] | None,
    ) -> None:
        self.frames_sent = 0
        self.frames_dropped = 0
        """Frames not sent because the peer needs another one first, or there is no room for them."""
        self.receipts = FrameReceipts()
        self._codec = codec
        self._path = path
        self._on_keyframe_needed = on_keyframe_needed
        self._on_frames_lost = on_frames_lost
        self._keyframes = KeyframePolicy()
        self._chain = self._new_chain()
        self._frame_ids: dict[int, int] = {}
        """Of the newest frames sent, by RTP time."""
        self._rung: RungKey | None = None
        self._shift = 0
        """Added to the rung's count of frames, so that the peer's own goes on when it changes to another rung."""
        self._newest_id = 0
        self._rung_began_id = 1
        """By the peer's count."""
        self._picture_id = 0
        self._sender: RtpSender | None = None

    def begin(self, sender: RtpSender) -> None:
        """The connection is up: send from the next keyframe on."""
        self._sender = sender
        self.want_keyframe(monotonic.now_us())

    def end(self) -> None:
        """Send nothing any more."""
        self._sender = None

    def send(self, rung: RungKey, frame: EncodedFrame, on_left: Callable[[int], None]) -> bool:
        """Send a frame, or drop it whole; tells which.

        Args:
            rung: What made it; the first one of another rung than before must be a keyframe.
            frame: Of the peer's codec.
            on_left: Called when its last packet was handed to the socket, with the time in µs; must not raise.
        """
        sender = self._sender
        if sender is None:
            return False
        now_us = monotonic.now_us()
        if rung != self._rung:
            self._change_rung(rung, frame.frame_id)
        frame_id = frame.frame_id + self._shift
        reference_id = None if frame.reference_id is None else frame.reference_id + self._shift
        if not self._chain.decodes(frame_id, reference_id) or not self._takes_frame():
            self._chain.skipped(frame_id, now_us)
            self.frames_dropped += 1
            self.help(now_us)
            return False
        if self._codec is VideoCodec.H264:
            payloads = packetise_h264(frame.access_unit, PAYLOAD_MAX_BYTES)
        else:
            payloads = packetise_vp8(frame.access_unit, self._picture_id, PAYLOAD_MAX_BYTES)
        self._picture_id = (self._picture_id + 1) % PICTURE_ID_MODULUS
        self.receipts.sent(frame_id, sender.next_seq, len(payloads), now_us)
        self._chain.sent()
        self.frames_sent += 1
        self._newest_id = frame_id
        self._frame_ids[frame.rtp_ts] = frame_id
        if len(self._frame_ids) > FRAMES_MAX:
            del self._frame_ids[next(iter(self._frame_ids))]
        packets = sender.frame(
            payloads,
            frame.rtp_ts,
            media_us=frame.times.tick_us,
            now_us=now_us,
            descriptor=_describe(frame_id, reference_id) if _is_told(sender) else None,
            on_left=on_left,
        )
        self._path.send(packets.media, PacketKind.VIDEO, frame_id=frame_id)
        if (probe := self._path.take_probe()) is not None:
            self._path.send_probe(sender.newest(probe.packets), probe.rate_bps)
        self._path.send(packets.parity, PacketKind.FEC, frame_id=frame_id)
        return True

    def reported(self, rtp_ts: int) -> None:
        """The page has decoded a frame; what it was never sent is nothing to it."""
        frame_id = self._frame_ids.get(rtp_ts)
        if frame_id is not None:
            self._path.frame_report(frame_id)

    def confirmed_id(self, *, heard_us: int | None, rtt_us: int) -> int | None:
        """Return the rung's newest frame that the peer has, and all before it; None while it waits for a keyframe.

        Args:
            heard_us: When anything last came from the peer.
            rtt_us: Round trip; 0 while unknown, and then nothing is confirmed.
        """
        if self._chain.needs_keyframe:
            return None
        confirmed_id = self.receipts.confirmed_id(
            heard_us=heard_us if rtt_us else None, rtt_us=rtt_us, now_us=monotonic.now_us()
        )
        return confirmed_id - self._shift if confirmed_id >= self._rung_began_id else 0

    def lost(self, first_id: int, newest_id: int) -> None:
        """Frames that were sent are given up."""
        if self._sender is not None:
            now_us = monotonic.now_us()
            self._chain.lost(first_id, newest_id, now_us, is_told=_is_told(self._sender))
            self.help(now_us)

    def help(self, now_us: int) -> None:
        """Ask for the frame that the peer needs, if it needs one and there is room to send it."""
        if self._sender is None or not self._chain.is_broken or not self._takes_frame():
            return
        missing = self._chain.missing
        if missing is None or self._on_frames_lost is None:
            self.want_keyframe(now_us)
        else:
            first_id, newest_id = missing
            self._on_frames_lost(first_id - self._shift, newest_id - self._shift)

    def _takes_frame(self) -> bool:
        """Tell whether a frame that was made may leave: one that the socket has no room for would be cut apart."""
        return not self._path.is_behind() and not self._path.is_congested()

    def _change_rung(self, rung: RungKey, first_id: int) -> None:
        self._rung = rung
        self._rung_began_id = self._newest_id + 1
        self._shift = self._rung_began_id - first_id
        self._chain = self._new_chain()

    def _new_chain(self) -> FrameChain:
        return FrameChain(recovers=self._codec is VideoCodec.VP8 and self._on_frames_lost is not None)

    def want_keyframe(self, now_us: int) -> None:
        """Ask for a keyframe, as often as a peer may."""
        if self._keyframes.request(Role.PLAYER, now_us):
            self._on_keyframe_needed()


def _is_told(sender: RtpSender) -> bool:
    """Tell whether the peer is told which frames depend on which."""
    return sender.extension_ids.dependency_descriptor is not None


def _describe(frame_id: int, reference_id: int | None) -> FrameDescriptor:
    return describe_frame(frame_id, None if reference_id is None else frame_id - reference_id)
