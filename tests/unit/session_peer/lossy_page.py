"""A page and a link for input tests: seeded, without a clock, with loss, delay and reordering both ways."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field

from render_node.session.core.input_receiver import InputReceiver, ReceivedEvent
from wire.input_events import SEQ_MODULUS, InputBatch, InputEvent, Key, encode_batch, seq_delta
from wire.limits import INPUT_REPEAT_MAX_EVENTS, INPUT_REPEAT_MAX_MS

PARTICIPANT = 3
STEP_US = 4_000
ACK_EVERY_US = 16_000


@dataclass
class Page:
    """Numbers events and repeats what is not acknowledged, as the wire contract says and the web client does."""

    next_seq: int = 1
    held: set[int] = field(default_factory=set)
    unacked: list[tuple[int, int, InputEvent]] = field(default_factory=list)
    sent: list[tuple[int, Key]] = field(default_factory=list)
    snapshot: tuple[int, tuple[InputEvent, ...]] | None = None
    snapshots: int = 0

    def press(self, usage: int, now_us: int) -> None:
        """Toggle a key."""
        key = Key(usage, usage not in self.held)
        self.held ^= {usage}
        self.unacked.append((self.next_seq, now_us, InputEvent(key)))
        self.sent.append((self.next_seq, key))
        self.next_seq = (self.next_seq + 1) % SEQ_MODULUS

    def acknowledge(self, ack_seq: int) -> None:
        """Stop repeating what arrived."""
        self.unacked = [entry for entry in self.unacked if seq_delta(entry[0], ack_seq) > 0]
        if self.snapshot and seq_delta(ack_seq, self.snapshot[0] + len(self.snapshot[1]) - 1) >= 0:
            self.snapshot = None

    def batches(self, now_us: int) -> list[bytes]:
        """Return the next datagrams, if there is anything to say."""
        too_old = bool(self.unacked) and now_us - self.unacked[0][1] > INPUT_REPEAT_MAX_MS * 1000
        if too_old or len(self.unacked) > INPUT_REPEAT_MAX_EVENTS:
            self.snapshots += 1
            self.unacked = []
            self.snapshot = self.next_seq, tuple(InputEvent(Key(usage, True)) for usage in sorted(self.held))
            self.next_seq = (self.next_seq + len(self.held)) % SEQ_MODULUS
        out = []
        if self.snapshot:
            out.append(encode_batch(InputBatch(PARTICIPANT, self.snapshot[0], now_us, self.snapshot[1], True)))
        if self.unacked:
            events = tuple(entry[2] for entry in self.unacked)
            out.append(encode_batch(InputBatch(PARTICIPANT, self.unacked[0][0], now_us, events)))
        return out


@dataclass
class Link:
    """Loses and delays; what is sent later may arrive sooner."""

    rng: random.Random
    loss: float
    delay_us: tuple[int, int]
    flying: list[tuple[int, int, bytes]] = field(default_factory=list)
    count: int = 0

    def send(self, data: bytes, now_us: int, *, blackout: bool = False) -> None:
        """Send a datagram, sometimes twice."""
        for _ in range(2 if self.rng.random() < 0.02 else 1):
            self.count += 1
            if not blackout and self.rng.random() >= self.loss:
                heapq.heappush(self.flying, (now_us + self.rng.randint(*self.delay_us), self.count, data))

    def arrived(self, now_us: int) -> list[bytes]:
        """Return what has arrived by now."""
        out = []
        while self.flying and self.flying[0][0] <= now_us:
            out.append(heapq.heappop(self.flying)[2])
        return out


def play(
    page: Page,
    receiver: InputReceiver,
    rng: random.Random,
    *,
    loss: float,
    seconds: float,
    blackout_us: tuple[int, int] = (0, 0),
) -> list[ReceivedEvent]:
    """Let the page press keys at random for a while over lossy links, then settle."""
    up, down = Link(rng, loss, (1_000, 40_000)), Link(rng, loss, (1_000, 40_000))
    received: list[ReceivedEvent] = []
    end_us = round(seconds * 1e6)
    for now_us in range(0, end_us + 1_500_000, STEP_US):
        dark = blackout_us[0] <= now_us < blackout_us[1]
        if now_us < end_us and rng.random() < 0.3:
            page.press(rng.randrange(4, 12), now_us)
        for data in page.batches(now_us):
            up.send(data, now_us, blackout=dark)
        for data in up.arrived(now_us):
            received += receiver.receive(data, now_us)
        if now_us % ACK_EVERY_US == 0:
            down.send(receiver.ack_seq.to_bytes(4, "big"), now_us, blackout=dark)
        for data in down.arrived(now_us):
            page.acknowledge(int.from_bytes(data, "big"))
    return received
