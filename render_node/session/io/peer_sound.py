"""How one peer is sent the title's sound: packet by packet, with earlier ones in each where packets are lost."""

from __future__ import annotations

from render_node.session.core.red_packets import RedStream
from render_node.session.core.rtp_packets import PAYLOAD_MAX_BYTES
from render_node.session.core.sent_packets import PacketKind
from render_node.session.io import monotonic
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath
from render_node.session.media import OpusPacket


class PeerSound:
    """One peer's sound.

    Args:
        path: Where packets leave.
    """

    def __init__(self, path: SendPath) -> None:
        self._path = path
        self._sender: RtpSender | None = None
        self._red: RedStream | None = None

    def begin(self, sender: RtpSender) -> None:
        """The connection is up: send from now on."""
        self._sender = sender
        self._red = RedStream(sender.payload_type) if sender.red_payload_type is not None else None

    def end(self) -> None:
        """Send nothing any more."""
        self._sender = None

    def send(self, packet: OpusPacket, *, depth: int) -> None:
        """Send a packet now.

        Args:
            packet: The newest.
            depth: How many earlier ones it carries where the peer takes that; 0 for a packet of its own.
        """
        sender = self._sender
        if sender is None:
            return
        payload, payload_type = packet.payload, None
        if self._red is not None:
            if depth:
                payload = self._red.carry(payload, packet.rtp_ts, depth=depth, max_bytes=PAYLOAD_MAX_BYTES)
                payload_type = sender.red_payload_type
            self._red.keep(packet.payload, packet.rtp_ts)
        now_us = monotonic.now_us()
        sound = sender.frame((payload,), packet.rtp_ts, media_us=now_us, now_us=now_us, payload_type=payload_type)
        self._path.send(sound.media, PacketKind.AUDIO)
