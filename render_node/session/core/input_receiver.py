"""One participant's input: from datagrams that may be lost, repeated, reordered or hostile to edges in order.

A batch repeats every event that the page does not know to be acknowledged, so the events of a regular batch always
begin at or before the one that is expected next, unless a snapshot before them was lost. A batch behind a gap is
passed over; the page repeats the snapshot and the batch. One receiver lives as long as its participant and is handed
from peer to peer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from render_node.session.core.held_state import HeldState
from render_node.session.core.rate_limit import TokenBucket
from wire.errors import Reason, WireError
from wire.input_events import SEQ_MODULUS, InputBatch, InputEvent, decode_batch, seq_delta
from wire.limits import INPUT_BATCH_MAX_EVENTS, INPUT_BATCHES_PER_S, PADS_MAX
from wire.session_control import Role

EVENTS_PER_S = 4000
"""New events per second: a 1 kHz mouse, four 250 Hz pads and two keyboards, and as much again."""

FIRST_PAD_DEVICE = 16
"""The tab's number of its pad 0; below are keyboard, pointer and touch."""

DEVICES = range(FIRST_PAD_DEVICE + PADS_MAX)
"""Devices that a batch may name."""


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """One edge for the title."""

    seq: int
    """The participant's sequence number; an edge that nobody sent carries the one it became known with."""
    seat: int
    event: InputEvent
    client_time_us: int
    """The page's clock when it happened; 0 for what the worker did by itself."""
    received_us: int
    """The worker's clock when the batch came."""


class InputReceiver:
    """Checks, orders and applies one participant's batches.

    Args:
        participant: The number that its batches must carry.
        seats: Seats that its devices play on; pad n plays on the n-th of them, all else on the first.
        role: Spectators are refused.
        ack_seq: Newest event received by an earlier worker, None to begin where the first batch does.
    """

    def __init__(self, participant: int, seats: Sequence[int], role: Role, *, ack_seq: int | None = None) -> None:
        self._participant = participant
        self._seats = tuple(seats)
        self._role = role
        self._ack = ack_seq
        self._held = HeldState()
        self._batches = TokenBucket(INPUT_BATCHES_PER_S, INPUT_BATCHES_PER_S)
        self._events = TokenBucket(EVENTS_PER_S, EVENTS_PER_S)
        self.refused = 0
        """Batches refused so far."""
        self.gaps = 0
        """Batches passed over because something before them has not arrived."""
        self.received = 0
        """Events received so far, each once."""
        self.last_refusal: WireError | None = None

    @property
    def seats(self) -> tuple[int, ...]:
        """Seats that its devices play on."""
        return self._seats

    @property
    def ack_seq(self) -> int:
        """Newest event up to which all were received; 0 before any."""
        return self._ack or 0

    def receive(self, data: bytes, now_us: int) -> list[ReceivedEvent]:
        """Take one datagram and return what is new in it; never raises for what a page sends."""
        try:
            return self._receive(data, now_us)
        except WireError as error:
            self.refused += 1
            self.last_refusal = error
            return []

    def release_all(self, now_us: int) -> list[ReceivedEvent]:
        """Release all that is held, because the peer is gone; the sequence goes on with the next peer."""
        return [self._received(event, self.ack_seq, 0, now_us) for event in self._held.release_all()]

    def set_seats(self, role: Role, seats: Sequence[int], now_us: int) -> list[ReceivedEvent]:
        """Play on other seats from now on.

        Returns:
            Releases of all that is held by devices whose seat changes, still on the seat that they leave.
        """
        before = self._seats
        moved = frozenset(d for d in DEVICES if _seat_of(d, before) != _seat_of(d, seats))
        released = [self._received(event, self.ack_seq, 0, now_us) for event in self._held.let_go(moved)]
        self._role, self._seats = role, tuple(seats)
        return released

    def _receive(self, data: bytes, now_us: int) -> list[ReceivedEvent]:
        if self._role is Role.SPECTATOR or not self._seats:
            raise WireError(Reason.FORBIDDEN, "this participant has no seat")
        if not self._batches.take(now_us):
            raise WireError(Reason.TOO_MANY, "input batches come too fast")
        batch = decode_batch(data)
        if batch.participant != self._participant:
            raise WireError(Reason.FORBIDDEN, "the batch names another participant")
        if any(event.device not in DEVICES for event in batch.events):
            raise WireError(Reason.MALFORMED, "unknown device")
        return self._snapshot(batch, now_us) if batch.snapshot else self._regular(batch, now_us)

    def _regular(self, batch: InputBatch, now_us: int) -> list[ReceivedEvent]:
        known = 0 if self._ack is None else seq_delta(_next(self._ack), batch.first_seq)
        if known < 0:
            self.gaps += 1
            return []
        new = batch.events[known:]
        if not new:
            return []
        self._take_events(len(new), now_us)
        out: list[ReceivedEvent] = []
        for offset, event in enumerate(new, known):
            self._ack = (batch.first_seq + offset) % SEQ_MODULUS
            out += self._edges(self._held.apply(event), self._ack, batch, now_us)
        self.received += len(new)
        return out

    def _snapshot(self, batch: InputBatch, now_us: int) -> list[ReceivedEvent]:
        last = (batch.first_seq + len(batch.events) - 1) % SEQ_MODULUS
        if self._ack is not None and seq_delta(last, self._ack) <= 0:
            return []
        self._take_events(max(1, len(batch.events)), now_us)
        released, changes = self._held.apply_snapshot(batch.events)
        out = self._edges(released, batch.first_seq if batch.events else last, batch, now_us)
        for offset, events in enumerate(changes):
            out += self._edges(events, (batch.first_seq + offset) % SEQ_MODULUS, batch, now_us)
        self._ack = last
        self.received += len(batch.events)
        return out

    def _take_events(self, count: int, now_us: int) -> None:
        assert count <= INPUT_BATCH_MAX_EVENTS
        if not self._events.take(now_us, count):
            raise WireError(Reason.TOO_MANY, "input events come too fast")

    def _edges(self, events: list[InputEvent], seq: int, batch: InputBatch, now_us: int) -> list[ReceivedEvent]:
        return [
            self._received(event, seq, max(0, batch.client_time_us - event.age_100us * 100), now_us)
            for event in events
        ]

    def _received(self, event: InputEvent, seq: int, client_time_us: int, now_us: int) -> ReceivedEvent:
        seat = _seat_of(event.device, self._seats)
        assert seat is not None, "who has no seat holds nothing"
        return ReceivedEvent(seq, seat, event, client_time_us, now_us)


def _seat_of(device: int, seats: Sequence[int]) -> int | None:
    pad = device - FIRST_PAD_DEVICE
    if not seats:
        return None
    return seats[pad] if 0 <= pad < len(seats) else seats[0]


def _next(seq: int) -> int:
    return (seq + 1) % SEQ_MODULUS
