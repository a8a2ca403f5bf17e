"""Our RTP sender: takes encoded frames when they are ready and puts their packets on the wire at once.

It stands in for aiortc's ``RTCRtpSender``, which pulls frames from a track in a task of its own. There is no task
here and nothing waits: a call packetises, protects and sends, and what the socket does not take is left to
retransmission.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from aiortc import RTCRtpSender
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpSendParameters

from render_node.session.core.dependency_descriptor import FrameDescriptor
from render_node.session.core.flexfec import ParityIds, ParityStream
from render_node.session.core.frame_protection import FrameProtection
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
from render_node.session.io.ice_transport import IceConnection

_FIRST_SEQ_MAX = 1 << 15
"""Sequences start in the lower half, so that SRTP's rollover counter cannot be mistaken at the start (RFC 3711)."""

AGAIN_DELAY_S = 0.004
"""Before a packet goes out a second time unasked: what loses packets often loses a few in a row."""


class RtpSender(RTCRtpSender):
    """One stream to one peer.

    Args:
        track_or_kind: ``audio`` or ``video``.
        transport: The peer's DTLS transport.
        on_ready: Called when packets can be sent; must not raise.
    """

    def __init__(
        self, track_or_kind: Any, transport: RTCDtlsTransport, on_ready: Callable[[RtpSender], None]
    ) -> None:
        super().__init__(track_or_kind, transport)
        self.extension_ids = ExtensionIds()
        """Header extensions that the other side took; set before the transport connects."""
        self.parity_payload_type: int | None = None
        """Payload type of parity if the other side took it; set likewise."""
        self.parity_ssrc = secrets.randbits(32)
        self.protection: FrameProtection | None = None
        """Of video, once it is ready."""
        self.is_ready = False
        self.packets = 0
        self.repeats = 0
        self.payload_bytes = 0
        self.wire_bytes = 0
        """Bytes of UDP payload handed to the socket, repeats included."""
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
        self._ice: IceConnection
        self._protect: Callable[[bytes], bytes]
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
            self._parity_extensions = ExtensionBlock(replace(self.extension_ids, mid=None, playout_delay=None), "")
        self._cname = parameters.rtcp.cname or ""
        self._protect, self._protect_rtcp = aiortc_hooks.srtp_protect(self.transport)
        self._ice = aiortc_hooks.ice_connection(self.transport)
        self.is_ready = True
        self._on_ready(self)

    async def stop(self) -> None:
        """Send nothing any more."""
        self.is_ready = False

    @property
    def next_seq(self) -> int:
        """Sequence number of the next packet."""
        return self._seq

    def send_payloads(
        self,
        payloads: Sequence[bytes],
        rtp_ts: int,
        *,
        media_us: int,
        now_us: int,
        now_ntp: int,
        descriptor: FrameDescriptor | None = None,
    ) -> bool:
        """Send one frame's payloads; the last one gets the marker.

        Args:
            payloads: Of one frame.
            rtp_ts: Its RTP time.
            media_us: When it was captured, on the clock of ``now_us``; ties ``rtp_ts`` to NTP in sender reports.
            now_us: Monotonic clock.
            now_ntp: The same moment as 64-bit NTP time.
            descriptor: What the frame depends on, for peers that were offered to be told.

        Returns:
            False if the socket took none of it. If it took a part, the rest waits in the history for a NACK.
        """
        if not self.is_ready:
            return False
        extensions = self._extensions.build(now_ntp)
        last = len(payloads) - 1
        first_seq = self._seq
        taken = 0
        packets: list[bytes] = []
        protected = b""
        for index, payload in enumerate(payloads):
            seq = (first_seq + index) % SEQ_MODULUS
            if descriptor is not None:
                extensions = self._extensions.build(now_ntp, descriptor.of_packet(index, len(payloads)))
            packet = build_packet(
                self._ids, seq, rtp_ts, marker=index == last, extensions=extensions, payload=payload
            )
            if taken == index and self._put(protected := self._protect(packet)):
                taken += 1
            elif taken == 0:
                return False
            packets.append(packet)
            if self._history is not None:
                self._history.add(seq, packet, now_us)
            self.payload_bytes += len(payload)
        self._seq = (first_seq + len(payloads)) % SEQ_MODULUS
        self.packets += len(payloads)
        self._newest = (rtp_ts, media_us)
        if self.protection is not None and taken == len(packets):
            self._send_protection(self.protection, packets, first_seq, protected, now_ntp)
        return True

    def _send_protection(
        self, protection: FrameProtection, packets: Sequence[bytes], first_seq: int, tail: bytes, now_ntp: int
    ) -> None:
        """Send what goes with a frame; ``tail`` is its last packet, encrypted."""
        plan = protection.for_frame(len(packets))
        for parity in protection.parity(plan, packets, first_seq, self._parity_extensions.build(now_ntp)):
            self._put(self._protect(parity))
        if plan.repeat_tail:
            protection.tails_repeated += 1
            self._put_again(tail)

    def repeat(self, seqs: Sequence[int], *, now_us: int, rtt_us: int) -> None:
        """Send again what a NACK names, in the RTX stream if there is one."""
        if self._history is None or not self.is_ready:
            return
        wanted = self.protection.covered.to_repeat(seqs) if self.protection is not None else seqs
        for seq in wanted:
            packet = self._history.repeat(seq, now_us, rtt_us)
            if packet is None:
                continue
            if self._ids.rtx_payload_type is not None:
                packet = build_rtx(self._ids, packet, self._rtx_seq)
                self._rtx_seq = (self._rtx_seq + 1) % SEQ_MODULUS
            protected = self._protect(packet)
            if not self._put(protected):
                return
            self.repeats += 1
            if self.protection is not None and self.protection.policy.doubles_repeats:
                self._put_again(protected)

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
        """Protect and send an RTCP packet."""
        if self.is_ready:
            self._put(self._protect_rtcp(packet))

    def _parity_stream(self) -> ParityStream | None:
        if self.parity_payload_type is None:
            return None
        ids = ParityIds(self.parity_ssrc, self.parity_payload_type, self._ssrc)
        return ParityStream(ids, self._extensions.volatile, secrets.randbelow(_FIRST_SEQ_MAX))

    def _put_again(self, protected: bytes) -> None:
        """Send the same bytes a little later: a receiver that has them takes them for a replay and drops them."""
        asyncio.get_running_loop().call_later(AGAIN_DELAY_S, self._put_if_ready, protected)

    def _put_if_ready(self, protected: bytes) -> None:
        if self.is_ready:
            self._put(protected)

    def _put(self, protected: bytes) -> bool:
        if not self._ice.send_now(protected):
            return False
        self.wire_bytes += len(protected)
        return True
