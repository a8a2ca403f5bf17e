"""Builds one peer's connection: our sender and ICE in aiortc's, two media streams, three negotiated data channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from aiortc import RTCDataChannel, RTCPeerConnection, RTCRtpTransceiver
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from render_node.session.io import aiortc_hooks
from render_node.session.io.ice_full import FullConnection
from render_node.session.io.ice_lite import LiteConnection
from render_node.session.io.ice_transport import IceConnection
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath
from wire.session_control import VideoCodec
from wire.worker_control import IceMode, IceSpec

INPUT_CHANNEL_ID = 0
STORY_CHANNEL_ID = 1
FRAMES_CHANNEL_ID = 2
"""Reports of decoded frames; apart from the rest, since a thread of the page's own sends them."""


_ADAPTERS = {IceMode.LITE: LiteConnection, IceMode.FULL: FullConnection}


@dataclass(frozen=True)
class Handlers:
    """What a connection calls, on the loop. None may raise: aiortc would close the connection."""

    on_sender_ready: Callable[[RtpSender], None]
    on_rtcp: Callable[[bytes], None]
    """A decrypted compound packet."""
    on_input: Callable[[bytes | str], None]
    on_story: Callable[[bytes | str], None]
    """A message on the story channel, or on that of frame reports."""
    on_story_open: Callable[[], None]
    on_data: Callable[[], None]
    """A data packet decrypted, whatever is in it."""
    on_data_fault: Callable[[], None]
    """A data packet made no sense to SCTP."""


@dataclass(frozen=True)
class BuiltConnection:
    """A connection and its parts; ``pc.close()`` and then ``ice.close()`` release all of it."""

    pc: RTCPeerConnection
    video: RtpSender
    audio: RtpSender | None
    story: RTCDataChannel | None
    dtls: RTCDtlsTransport
    ice: IceConnection


def build_connection(
    codec: VideoCodec, ice: IceSpec, path: SendPath, handlers: Handlers, *, audio: bool, data: bool, answering: bool
) -> BuiltConnection:
    """Return a connection without descriptions yet.

    Args:
        codec: The only video codec that it takes.
        ice: Where to be reached.
        path: Where its packets leave.
        handlers: What it calls.
        audio: Whether sound is sent.
        data: Whether the data channels are there.
        answering: Whether the other side makes the offer.
    """
    parts = aiortc_hooks.Parts(
        make_sender=lambda kind, transport: RtpSender(kind, transport, path, handlers.on_sender_ready),
        make_connection=lambda user, password: _ADAPTERS[ice.mode](ice, user, password),
    )
    with aiortc_hooks.our_parts(parts):
        pc = aiortc_hooks.new_connection()
        picture = pc.addTransceiver("video", direction="sendonly")
        picture.setCodecPreferences(_video_codecs(codec, all_profiles=answering))
        video = _our_sender(picture)
        sound = _add_sound(pc, video) if audio else None
        story = _open_channels(pc, handlers) if data else None
    aiortc_hooks.mark_bundled(pc)
    aiortc_hooks.take_over_rtcp(video.transport, handlers.on_rtcp)
    return BuiltConnection(pc, video, sound, story, video.transport, aiortc_hooks.ice_connection(video.transport))


def _add_sound(pc: RTCPeerConnection, video: RtpSender) -> RtpSender:
    transceiver = pc.addTransceiver("audio", direction="sendonly")
    transceiver.setCodecPreferences(_capabilities("audio", "audio/opus"))
    sender = _our_sender(transceiver)
    # A stream of its own: within one, a receiver holds the picture back to keep lips in time with sound.
    sender._stream_id = f"sound-{video._stream_id}"
    return sender


def _open_channels(pc: RTCPeerConnection, handlers: Handlers) -> RTCDataChannel:
    inputs = pc.createDataChannel("input", ordered=False, maxRetransmits=0, negotiated=True, id=INPUT_CHANNEL_ID)
    inputs.on("message", handlers.on_input)
    story = pc.createDataChannel("story", ordered=False, maxRetransmits=0, negotiated=True, id=STORY_CHANNEL_ID)
    story.on("message", handlers.on_story)
    story.on("open", handlers.on_story_open)
    frames = pc.createDataChannel("frames", ordered=False, maxRetransmits=0, negotiated=True, id=FRAMES_CHANNEL_ID)
    frames.on("message", handlers.on_story)
    assert pc.sctp is not None
    aiortc_hooks.guard_data(pc.sctp, handlers.on_data, handlers.on_data_fault)
    return story


def _our_sender(transceiver: RTCRtpTransceiver) -> RtpSender:
    sender = transceiver.sender
    if not isinstance(sender, RtpSender):
        raise aiortc_hooks.HookMismatch("the RTP sender is not ours")
    return sender


def _capabilities(kind: str, *mime_types: str) -> list[RTCRtpCodecCapability]:
    return [codec for codec in RtpSender.getCapabilities(kind).codecs if codec.mimeType in mime_types]


def _video_codecs(codec: VideoCodec, *, all_profiles: bool) -> list[RTCRtpCodecCapability]:
    """Return what to offer or accept: constrained baseline first, whose streams plain baseline decoders take too."""
    rtx = _capabilities("video", "video/rtx")
    if codec is VideoCodec.VP8:
        return _capabilities("video", "video/VP8") + rtx
    h264 = _capabilities("video", "video/H264")
    constrained = [entry for entry in h264 if entry.parameters.get("profile-level-id") == "42e01f"]
    rest = [entry for entry in h264 if entry not in constrained] if all_profiles else []
    return constrained + rest + rtx
