"""A sender core and a receiving page over two links, in virtual time: seeded, without sockets, minutes in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.network.link_model import Fate, LinkConfig, LinkModel
from tests.network.receiver_model import ReceiverConfig, ReceiverModel
from tests.network.sender_port import (
    Frame,
    FrameReport,
    Nack,
    Packet,
    PacketKind,
    PictureLoss,
    Sender,
    Signal,
    TransportFeedback,
)
from tests.network.simulation import Simulation

OVERHEAD_BYTES = 28 + 14
"""IPv4, UDP and the tail of SRTCP, for what the page sends."""
SIGNAL_BYTES = 40
"""A report's, a request's or a data channel message's own size, about."""


@dataclass(frozen=True, slots=True)
class SentPacket:
    """A packet that the sender put on the link."""

    packet: Packet
    sent_us: int
    fate: Fate
    waited_us: int
    deliver_us: int | None


@dataclass(frozen=True, slots=True)
class FrameOutcome:
    """What became of a frame of which at least one packet was sent."""

    frame: Frame
    completed_us: int | None
    decoded_us: int | None

    @property
    def delay_us(self) -> int | None:
        """Capture until it could be decoded; None if it never was."""
        return None if self.decoded_us is None else self.decoded_us - self.frame.captured_us


@dataclass(slots=True)
class Outcome:
    """All that happened."""

    packets: list[SentPacket] = field(default_factory=list)
    frames: list[FrameOutcome] = field(default_factory=list)
    signals: list[tuple[int, Signal]] = field(default_factory=list)
    """What reached the sender, and when."""


class Exchange:
    """One run.

    Args:
        sender: The core under test.
        forward: The link from the sender to the page.
        back: The link from the page to the sender.
        seed: Of both links.
        fps: Frame intervals per second at the sender.
        receiver: What the page is like.
    """

    def __init__(
        self,
        sender: Sender,
        forward: LinkConfig,
        back: LinkConfig,
        *,
        seed: int,
        fps: int = 60,
        receiver: ReceiverConfig | None = None,
    ) -> None:
        self._sender = sender
        self._time = Simulation(forward, 2 * seed)
        self._back = LinkModel(back, 2 * seed + 1)
        self._receiver = ReceiverModel(receiver or ReceiverConfig())
        self._fps = fps
        self._timers_us: dict[Callable[[], None], int] = {}
        self._sent_frames: dict[int, Frame] = {}
        self._outcome = Outcome()

    def run(self, seconds: float) -> Outcome:
        """Play from virtual time 0; frames and packets under way at the end count as they are."""
        end_us = round(seconds * 1e6)
        for index in range(round(seconds * self._fps)):
            self._time.at(index * 1_000_000 // self._fps, self._frame)
        self._time.run(end_us)
        received = self._receiver.frames
        for frame_id, frame in self._sent_frames.items():
            got = received.get(frame_id)
            outcome = (None, None) if got is None else (got.completed_us, got.decoded_us)
            self._outcome.frames.append(FrameOutcome(frame, *outcome))
        return self._outcome

    def _frame(self) -> None:
        self._send(self._sender.on_frame(self._time.now_us))

    def _send(self, packets: Sequence[Packet]) -> None:
        for packet in packets:
            passage = self._time.send(packet.size_bytes, self._arrive, packet)
            sent = SentPacket(packet, self._time.now_us, passage.fate, passage.waited_us, passage.deliver_us)
            self._outcome.packets.append(sent)
            if packet.frame is not None and packet.kind is PacketKind.MEDIA:
                self._sent_frames.setdefault(packet.frame.frame_id, packet.frame)
        self._arm(self._sender.next_timer_us(), self._sender_timer)

    def _sender_timer(self) -> None:
        if self._timers_us.get(self._sender_timer) == self._time.now_us:
            del self._timers_us[self._sender_timer]
            self._send(self._sender.on_timer(self._time.now_us))

    def _arrive(self, packet: Packet) -> None:
        self._answer(self._receiver.on_packet(packet, self._time.now_us))

    def _receiver_timer(self) -> None:
        if self._timers_us.get(self._receiver_timer) == self._time.now_us:
            del self._timers_us[self._receiver_timer]
            self._answer(self._receiver.on_timer(self._time.now_us))

    def _answer(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            passage = self._back.offer(OVERHEAD_BYTES + SIGNAL_BYTES, self._time.now_us)
            if passage.deliver_us is not None:
                self._time.at(passage.deliver_us, self._take, signal)
        self._arm(self._receiver.next_timer_us(), self._receiver_timer)

    def _take(self, signal: Signal) -> None:
        self._outcome.signals.append((self._time.now_us, signal))
        match signal:
            case TransportFeedback():
                self._send(self._sender.on_feedback(signal, self._time.now_us))
            case Nack(seqs):
                self._send(self._sender.on_nack(seqs, self._time.now_us))
            case PictureLoss():
                self._send(self._sender.on_picture_loss(self._time.now_us))
            case FrameReport():
                self._send(self._sender.on_frame_report(signal, self._time.now_us))

    def _arm(self, due_us: int | None, happen: Callable[[], None]) -> None:
        """Have a timer's call at a moment; an earlier arming of it counts no more."""
        if due_us is None:
            self._timers_us.pop(happen, None)
            return
        due_us = max(due_us, self._time.now_us)
        if self._timers_us.get(happen) != due_us:
            self._timers_us[happen] = due_us
            self._time.at(due_us, happen)
