"""What passes between a sender core and a receiver in the simulation, and what a sender core must offer.

Sequence numbers are unwrapped here: a core that works with 16 bits takes them modulo 65536.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeAlias


class PacketKind(Enum):
    """Why a packet is sent."""

    MEDIA = "media"
    RTX = "rtx"
    """A media packet once more."""
    PADDING = "padding"
    """Only to probe the link."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An encoded picture."""

    frame_id: int
    """Counts up by one."""
    captured_us: int
    packets: int
    references: tuple[int, ...]
    """Frames that it cannot be decoded without; none for a keyframe."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet."""

    size_bytes: int
    """As the link sees it, IP and UDP headers included."""
    wide_seq: int
    """Transport-wide number, counting up by one over all packets of any kind in the order of sending."""
    kind: PacketKind = PacketKind.MEDIA
    seq: int = -1
    """Number in the media stream; for a repeat that of the repeated packet, for padding none."""
    frame: Frame | None = None
    """What it carries a part of; none for padding."""


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """A transport-wide feedback report (draft-holmer-rmcat-transport-wide-cc-extensions-01)."""

    count: int
    """Number of the report, modulo 256."""
    arrivals: tuple[tuple[int, int | None], ...]
    """Transport-wide numbers in order without a gap, and when each packet came, on the receiver's clock in steps of
    250 µs; None for a packet that has not."""


@dataclass(frozen=True, slots=True)
class Nack:
    """Media packets that the receiver misses."""

    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PictureLoss:
    """The receiver cannot go on without a keyframe."""


@dataclass(frozen=True, slots=True)
class FrameReport:
    """The page saw a decoded frame: its word on a data channel, a few milliseconds after the last packet."""

    frame_id: int
    seen_us: int
    """On the receiver's clock."""


Signal: TypeAlias = TransportFeedback | Nack | PictureLoss | FrameReport


class Sender(Protocol):
    """A sender core in the simulation; every call that returns packets has them sent at once, in that order."""

    def on_frame(self, now_us: int) -> Sequence[Packet]:
        """A frame interval begins: a picture may be encoded."""
        ...

    def on_feedback(self, feedback: TransportFeedback, now_us: int) -> Sequence[Packet]:
        """A feedback report came."""
        ...

    def on_nack(self, seqs: Sequence[int], now_us: int) -> Sequence[Packet]:
        """The receiver misses packets."""
        ...

    def on_picture_loss(self, now_us: int) -> Sequence[Packet]:
        """The receiver wants a keyframe."""
        ...

    def on_frame_report(self, report: FrameReport, now_us: int) -> Sequence[Packet]:
        """The page saw a frame."""
        ...

    def next_timer_us(self) -> int | None:
        """Return when `on_timer` is wanted; asked after each call. None if it is not."""
        ...

    def on_timer(self, now_us: int) -> Sequence[Packet]:
        """The time that was asked for has come."""
        ...
