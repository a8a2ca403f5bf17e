"""Our RTP sender: makes the packets of one stream, which leave by the peer's ``SendPath``.

It stands in for aiortc's ``RTCRtpSender``, which pulls frames from a track and sends them in a task of its own.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiortc import RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpSendParameters

from render_node.session.core.dependency_descriptor import FrameDescriptor
from render_node.session.core.flexfec import ParityIds, ParityStream
from render_node.session.core.frame_protection import FrameProtection
from render_node.session.core.protection import Protection
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
from render_node.session.io import aiortc_hooks
from render_node.session.io.send_path import Outgoing, SendPath

_FIRST_SEQ_MAX = 1 << 15
"""Sequences start in the lower half, so that SRTP's rollover counter cannot be mistaken at the start (RFC 3711)."""


@dataclass(frozen=True, slots=True)
class FramePackets:
    """What goes out for one frame."""

    media: list[Outgoing]
    parity: list[Outgoing]


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
        self.parity_payload_type: int | None = None
        """Payload type of parity if the other side took it; set likewise."""
        self.red_payload_type: int | None = None
        """Payload type of sound that carries earlier sound if the other side took it; set likewise."""
        self.parity_ssrc = secrets.randbits(32)
        self.protection: FrameProtection | None = None
        """Of video, once it is ready."""
        self.is_ready = False
        self.packets = 0
        self.repeats = 0
        self.payload_bytes = 0
        self._path = path
        self._on_ready = on_ready
        self._seq = secrets.randbelow(_FIRST_SEQ_MAX)
        self._rtx_seq = secrets.randbelow(_FIRST_SEQ_MAX)
        self._history = SendHistory() if self.kind == "video" else None
        self._clock_hz = 90_000 if self.kind == "video" else 48_000
        self._newest: tuple[int, int] | None = None
        self._ids: StreamIds
        self._extensions: ExtensionBlock
        self._parity_extensions: ExtensionBlock
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
        if self.kind == "video":
            self.protection = FrameProtection(self._parity_stream())
            # The SSRC tells whose parity it is, and it is never shown.
            numbers = ExtensionIds(
                abs_send_time=self.extension_ids.abs_send_time, transport_seq=self.extension_ids.transport_seq
            )
            self._parity_extensions = ExtensionBlock(numbers, "")
        self._cname = parameters.rtcp.cname or ""
        protect, self._protect_rtcp = aiortc_hooks.srtp_protect(self.transport)
        self._path.open(aiortc_hooks.ice_connection(self.transport), protect)
        self.is_ready = True
        self._on_ready(self)

    async def stop(self) -> None:
        """Send nothing any more."""
        self.is_ready = False

    @property
    def payload_type(self) -> int:
        """Of the stream's own packets, once it is ready."""
        return self._ids.payload_type

    @property
    def next_seq(self) -> int:
        """Sequence number of the next packet."""
        return self._seq

    def frame(
        self,
        payloads: Sequence[bytes],
        rtp_ts: int,
        *,
        media_us: int,
        now_us: int,
        descriptor: FrameDescriptor | None = None,
        payload_type: int | None = None,
        on_left: Callable[[int], None] | None = None,
    ) -> FramePackets:
        """Return one frame's packets; the last one of its payloads gets the marker.

        Args:
            payloads: Of one frame.
            rtp_ts: Its RTP time.
            media_us: When it was captured, on the clock of ``now_us``; ties ``rtp_ts`` to NTP in sender reports.
            now_us: Monotonic clock.
            descriptor: What the frame depends on, for peers that were offered to be told.
            payload_type: In place of the stream's own.
            on_left: Called when the last packet was handed to the socket, with the time in µs; must not raise.
        """
        first_seq, count = self._seq, len(payloads)
        ids = self._ids if payload_type is None else replace(self._ids, payload_type=payload_type)
        plan = self.protection.for_frame(count) if self.protection is not None else None
        echoes = plan is not None and plan.repeat_tail
        media = []
        for index, payload in enumerate(payloads):
            is_last = index == count - 1
            extensions = self._extensions.block
            if descriptor is not None:
                extensions = self._extensions.described(descriptor.of_packet(index, count))
            packet = build_packet(ids, self._seq, rtp_ts, marker=is_last, extensions=extensions, payload=payload)
            if self._history is not None:
                self._history.add(self._seq, packet, now_us)
            self._seq = (self._seq + 1) % SEQ_MODULUS
            self.payload_bytes += len(payload)
            media.append(Outgoing(packet, self._extensions, on_left if is_last else None, repeat=is_last and echoes))
        self.packets += len(payloads)
        self._newest = (rtp_ts, media_us)
        return FramePackets(media, [] if plan is None else self._parity(plan, media, first_seq))

    def _parity(self, plan: Protection, media: Sequence[Outgoing], first_seq: int) -> list[Outgoing]:
        assert self.protection is not None
        self.protection.tails_repeated += plan.repeat_tail
        packets = [each.packet for each in media]
        made = self.protection.parity(plan, packets, first_seq, self._parity_extensions.block)
        return [Outgoing(packet, self._parity_extensions) for packet in made]

    def newest(self, count: int) -> list[Outgoing]:
        """Return the newest packets again: who has them drops them, and who lacks one is glad of it."""
        if self._history is None or self._ids.rtx_payload_type is None:
            return []
        return [self._as_repeat(packet) for packet in self._history.newest(count)]

    def repeat(self, seqs: Sequence[int], *, now_us: int, rtt_us: int) -> list[Outgoing]:
        """Return again what a NACK names, in the RTX stream if there is one."""
        if self._history is None or not self.is_ready:
            return []
        repeats = []
        again = self.protection is not None and self.protection.policy.doubles_repeats
        wanted = self.protection.covered.to_repeat(seqs) if self.protection is not None else seqs
        for seq in wanted:
            packet = self._history.repeat(seq, now_us, rtt_us)
            if packet is None:
                continue
            self.repeats += 1
            repeats.append(self._as_repeat(packet, again=again))
        return repeats

    def _as_repeat(self, packet: bytes, *, again: bool = False) -> Outgoing:
        if self._ids.rtx_payload_type is not None:
            packet = build_rtx(self._ids, packet, self._rtx_seq)
            self._rtx_seq = (self._rtx_seq + 1) % SEQ_MODULUS
        return Outgoing(packet, self._extensions, repeat=again)

    def is_stuck(self, seqs: Sequence[int], *, now_us: int, rtt_us: int) -> bool:
        """Note what a NACK names; tell whether some of it has been asked for in vain for too long."""
        history = self._history
        if history is None:
            return False
        stuck = [seq for seq in seqs if history.is_stuck(seq, now_us, rtt_us)]
        return bool(stuck)

    def give_up(self) -> None:
        """Repeat nothing that was sent so far."""
        if self._history is not None:
            self._history.clear()

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
            self._path.send_protected(self._protect_rtcp(packet))

    def _parity_stream(self) -> ParityStream | None:
        if self.parity_payload_type is None:
            return None
        ids = ParityIds(self.parity_ssrc, self.parity_payload_type, self._ssrc)
        return ParityStream(ids, secrets.randbelow(_FIRST_SEQ_MAX))
