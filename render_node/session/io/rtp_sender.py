"""Our RTP sender: makes packets of encoded frames when they are ready, for the peer's ``SendPath`` to let go.

It stands in for aiortc's ``RTCRtpSender``, which pulls frames from a track in a task of its own. What the socket does
not take is left to retransmission.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any

from aiortc import RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpSendParameters

from render_node.session.core.rtcp import build_sender_report
from render_node.session.core.rtp_packets import (
    SEQ_MODULUS,
    ExtensionBlock,
    ExtensionIds,
    StreamIds,
    build_packet,
    build_rtx,
)
from render_node.session.core.send_history import SendHistory
from render_node.session.core.sent_packets import PacketKind
from render_node.session.io import aiortc_hooks
from render_node.session.io.send_path import Outgoing, SendPath

_FIRST_SEQ_MAX = 1 << 15
"""Sequences start in the lower half, so that SRTP's rollover counter cannot be mistaken at the start (RFC 3711)."""


class RtpSender(RTCRtpSender):
    """One stream to one peer.

    Args:
        track_or_kind: ``audio`` or ``video``.
        transport: The peer's DTLS transport.
        path: Where packets leave.
        on_ready: Called when packets can be sent; must not raise.
    """

    def __init__(
        self, track_or_kind: Any, transport: RTCDtlsTransport, path: SendPath, on_ready: Callable[[RtpSender], None]
    ) -> None:
        super().__init__(track_or_kind, transport)
        self.extension_ids = ExtensionIds()
        """Header extensions that the other side took; set before the transport connects."""
        self.is_ready = False
        self.packets = 0
        self.repeats = 0
        self.payload_bytes = 0
        self._path = path
        self._on_ready = on_ready
        self._seq = secrets.randbelow(_FIRST_SEQ_MAX)
        self._rtx_seq = secrets.randbelow(_FIRST_SEQ_MAX)
        self._history = SendHistory() if self.kind == "video" else None
        self._kind = PacketKind.VIDEO if self.kind == "video" else PacketKind.AUDIO
        self._clock_hz = 90_000 if self.kind == "video" else 48_000
        self._newest: tuple[int, int] | None = None
        self._ids: StreamIds
        self._extensions: ExtensionBlock
        self._cname = ""
        self._protect_rtcp: Callable[[bytes], bytes]

    @property
    def ssrc(self) -> int:
        """The stream's SSRC."""
        return self._ssrc

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Take the negotiated parameters; aiortc calls this when DTLS is up."""
        payload_type = parameters.codecs[0].payloadType
        rtx = next(
            (codec.payloadType for codec in parameters.codecs if codec.parameters.get("apt") == payload_type), None
        )
        assert payload_type is not None
        self._ids = StreamIds(self._ssrc, payload_type, self._rtx_ssrc, rtx)
        self._extensions = ExtensionBlock(self.extension_ids, parameters.muxId)
        self._cname = parameters.rtcp.cname or ""
        protect, self._protect_rtcp = aiortc_hooks.srtp_protect(self.transport)
        self._path.open(aiortc_hooks.ice_connection(self.transport), protect)
        self.is_ready = True
        self._on_ready(self)

    async def stop(self) -> None:
        """Send nothing any more."""
        self.is_ready = False

    def send_payloads(
        self,
        payloads: Sequence[bytes],
        rtp_ts: int,
        *,
        media_us: int,
        now_us: int,
        frame_id: int | None = None,
        on_left: Callable[[int], None] | None = None,
    ) -> None:
        """Send one frame's payloads; the last one gets the marker.

        Args:
            payloads: Of one frame.
            rtp_ts: Its RTP time.
            media_us: When it was captured, on the clock of ``now_us``; ties ``rtp_ts`` to NTP in sender reports.
            now_us: Monotonic clock.
            frame_id: Of a video frame.
            on_left: Called when the last packet was handed to the socket, with the time in µs; must not raise.
        """
        if not self.is_ready:
            return
        leaving = []
        for index, payload in enumerate(payloads):
            is_last = index == len(payloads) - 1
            packet = build_packet(
                self._ids, self._seq, rtp_ts, marker=is_last, extensions=self._extensions.block, payload=payload
            )
            if self._history is not None:
                self._history.add(self._seq, packet, now_us)
            self._seq = (self._seq + 1) % SEQ_MODULUS
            self.payload_bytes += len(payload)
            leaving.append(Outgoing(packet, self._extensions, on_left if is_last else None))
        self.packets += len(payloads)
        self._newest = (rtp_ts, media_us)
        self._path.send(leaving, self._kind, frame_id=frame_id)

    def repeat(self, seqs: Sequence[int], *, now_us: int, rtt_us: int) -> None:
        """Send again what a NACK names, in the RTX stream if there is one."""
        if self._history is None or not self.is_ready:
            return
        repeats = []
        for seq in seqs:
            packet = self._history.repeat(seq, now_us, rtt_us)
            if packet is None:
                continue
            if self._ids.rtx_payload_type is not None:
                packet = build_rtx(self._ids, packet, self._rtx_seq)
                self._rtx_seq = (self._rtx_seq + 1) % SEQ_MODULUS
            self.repeats += 1
            repeats.append(Outgoing(packet, self._extensions))
        self._path.send(repeats, PacketKind.RTX)

    def send_report(self, *, now_us: int, now_ntp: int) -> None:
        """Send a sender report if anything was sent yet."""
        if self._newest is None or not self.is_ready:
            return
        rtp_ts, media_us = self._newest
        rtp_now = rtp_ts + (now_us - media_us) * self._clock_hz // 1_000_000
        self.send_rtcp(
            build_sender_report(
                self._ssrc,
                self._cname,
                ntp=now_ntp,
                rtp_ts=rtp_now,
                packets=self.packets,
                payload_bytes=self.payload_bytes,
            )
        )

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send an RTCP packet, before all that waits."""
        if self.is_ready:
            self._path.send_control(self._protect_rtcp(packet))
