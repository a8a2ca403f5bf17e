"""A player's input on its way from the data channel to the title: decode, order, map to a seat, number, hand over.

Events reach the title's socket in the same turn of the loop in which their datagram arrived, so that its next tick
sees them. A title that does not read is given a bounded backlog; when that overflows, everything is released, since
a stuck key is worse than a lost one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence

from render_node.session.core.input_numbering import AppliedInput, InputNumbering
from render_node.session.core.input_receiver import InputReceiver, ReceivedEvent
from wire.input_events import InputEvent, ReleaseAll
from wire.session_control import Role
from wire.title_ipc import Input

BACKLOG_MAX_EVENTS = 1024
"""Events kept for a title that does not read: eight seconds of a 125 Hz mouse."""


class InputPath:
    """Feeds one title from any number of participants.

    Args:
        send: Hands one event to the title; False if its socket is full. Never blocks.
    """

    def __init__(self, send: Callable[[Input], bool]) -> None:
        self._send = send
        self._numbering = InputNumbering()
        self._backlog: deque[Input] = deque()
        self.events = 0
        """Events handed over so far."""
        self.overflows = 0
        """Times that the backlog of a title that does not read was thrown away."""

    def receive(self, participant: int, receiver: InputReceiver, data: bytes, now_us: int) -> None:
        """Take one datagram of a participant; a bad one is counted by the receiver and has no other effect."""
        self._hand_over(participant, receiver.receive(data, now_us))

    def release_all(self, participant: int, receiver: InputReceiver, now_us: int) -> None:
        """Let go of everything that a participant holds, because their connection is gone."""
        self._hand_over(participant, receiver.release_all(now_us))

    def set_seats(
        self, participant: int, receiver: InputReceiver, role: Role, seats: Sequence[int], now_us: int
    ) -> None:
        """Let a participant play on other seats; what they hold on a seat that they lose is let go."""
        self._hand_over(participant, receiver.set_seats(role, seats, now_us))

    def newest_applied(self, participant: int, title_seq: int) -> AppliedInput | None:
        """Return the participant's newest event among those that the title says it has applied."""
        return self._numbering.newest_applied(participant, title_seq)

    def forget(self, participant: int) -> None:
        """Drop what is remembered of a participant who left for good."""
        self._numbering.forget(participant)

    def flush(self) -> None:
        """Offer the backlog again; called at each frame, when a title that was busy reads again."""
        while self._backlog and self._send(self._backlog[0]):
            self._backlog.popleft()
            self.events += 1

    def _hand_over(self, participant: int, received: Iterable[ReceivedEvent]) -> None:
        for event in received:
            number = self._numbering.assign(participant, event.seq, event.received_us)
            self._backlog.append(Input(number, event.seat, event.event))
        if len(self._backlog) > BACKLOG_MAX_EVENTS:
            self._overflow()
        self.flush()

    def _overflow(self) -> None:
        self.overflows += 1
        newest = self._backlog[-1]
        seats = sorted({item.seat for item in self._backlog})
        self._backlog.clear()
        self._backlog.extend(Input(newest.seq, seat, InputEvent(ReleaseAll())) for seat in seats)
