"""Input over bad links and from bad pages: no edge lost, none twice, nothing stuck, nothing unbounded."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from render_node.session.core.input_receiver import EVENTS_PER_S, InputReceiver, ReceivedEvent
from tests.unit.session_peer.lossy_page import PARTICIPANT, Page, play
from wire.errors import Reason
from wire.input_events import (
    InputBatch,
    InputEvent,
    Key,
    MouseAbs,
    MouseButton,
    Pad,
    PadPresence,
    ReleaseAll,
    Text,
    Touch,
    TouchPhase,
    encode_batch,
)
from wire.limits import INPUT_BATCHES_PER_S
from wire.session_control import Role

A, B = 4, 5
NEUTRAL = (0, 0, 0, 0, 0, 0)


def player(seats: tuple[int, ...] = (0,)) -> InputReceiver:
    return InputReceiver(PARTICIPANT, seats, Role.PLAYER)


def batch(
    first_seq: int, *payloads: object, snapshot: bool = False, device: int = 0, time_us: int = 1_000_000
) -> bytes:
    events = tuple(InputEvent(payload, device) for payload in payloads)  # type: ignore[arg-type]
    return encode_batch(InputBatch(PARTICIPANT, first_seq, time_us, events, snapshot))


def heard(events: list[ReceivedEvent]) -> list[object]:
    return [event.event.payload for event in events]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([1, 2**32 - 40, 77_777]))
def test_at_five_percent_loss_every_edge_arrives_once_in_order(seed: int, first_seq: int) -> None:
    page = Page(next_seq=first_seq)
    receiver = InputReceiver(PARTICIPANT, (0,), Role.PLAYER, ack_seq=first_seq - 1)
    received = play(page, receiver, random.Random(seed), loss=0.05, seconds=1.5)
    if page.snapshots == 0:
        assert [(event.seq, event.event.payload) for event in received] == page.sent
    check_edges(received, page)
    assert receiver.refused == 0
    assert not page.unacked
    assert not page.snapshot


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.3, 0.8))
def test_heavy_loss_and_a_blackout_leave_no_key_stuck(seed: int, loss: float) -> None:
    page, receiver = Page(), player()
    received = play(page, receiver, random.Random(seed), loss=loss, seconds=2, blackout_us=(300_000, 1_100_000))
    assert page.snapshots > 0
    assert receiver.refused == 0
    check_edges(received, page)


def check_edges(received: list[ReceivedEvent], page: Page) -> None:
    """Presses and releases of each key alternate, and what is held at the end is what the player holds."""
    down: dict[int, bool] = defaultdict(bool)
    for event in received:
        key = event.event.payload
        assert isinstance(key, Key)
        assert down[key.usage] != key.down
        down[key.usage] = key.down
    assert {usage for usage, pressed in down.items() if pressed} == page.held


def test_repeats_are_applied_once_and_reordering_is_harmless() -> None:
    receiver = player()
    assert heard(receiver.receive(batch(1, Key(A, True), Key(A, False)), 0)) == [Key(A, True), Key(A, False)]
    assert receiver.receive(batch(1, Key(A, True)), 0) == []
    assert heard(receiver.receive(batch(1, Key(A, True), Key(A, False), Key(A, True)), 0)) == [Key(A, True)]
    assert receiver.ack_seq == 3
    assert receiver.refused == 0


def test_a_batch_behind_a_gap_is_refused_and_a_snapshot_heals_it() -> None:
    receiver = player()
    receiver.receive(batch(1, Key(A, True)), 0)
    assert receiver.receive(batch(9, Key(A, False)), 0) == []
    assert receiver.gaps == 1
    assert receiver.ack_seq == 1
    healed = receiver.receive(batch(9, Key(B, True), MouseAbs(1, 2), snapshot=True), 0)
    assert heard(healed) == [Key(A, False), Key(B, True), MouseAbs(1, 2)]
    assert receiver.ack_seq == 10
    assert receiver.receive(batch(9, Key(B, True), snapshot=True), 0) == []


def test_sequence_numbers_wrap() -> None:
    receiver = player()
    receiver.receive(batch(2**32 - 1, Key(A, True)), 0)
    assert receiver.ack_seq == 2**32 - 1
    (event,) = receiver.receive(batch(2**32 - 1, Key(A, True), Key(A, False)), 0)
    assert (event.seq, receiver.ack_seq) == (0, 0)
    assert receiver.receive(batch(2**32 - 1, Key(A, True)), 0) == []
    assert heard(receiver.receive(batch(1, Key(B, True)), 0)) == [Key(B, True)]


def test_a_lost_peer_releases_all_and_the_sequence_goes_on() -> None:
    receiver = player()
    receiver.receive(batch(1, Key(A, True)), 0)
    receiver.receive(batch(2, MouseButton(0, True), device=1), 0)
    receiver.receive(batch(3, Touch(7, TouchPhase.DOWN, 10, 20), device=2), 0)
    receiver.receive(batch(4, PadPresence(0, True), Pad(0, 5, NEUTRAL), device=16), 0)
    released = receiver.release_all(99)
    assert heard(released) == [
        Key(A, False),
        MouseButton(0, False),
        Touch(7, TouchPhase.CANCEL, 10, 20),
        Pad(0, 0, NEUTRAL),
    ]
    assert {event.received_us for event in released} == {99}
    assert receiver.release_all(100) == []
    assert receiver.receive(batch(3, Touch(7, TouchPhase.DOWN, 10, 20), device=2), 0) == []
    assert heard(receiver.receive(batch(6, Key(A, True)), 0)) == [Key(A, True)]


def test_release_all_is_told_as_edges() -> None:
    receiver = player()
    events = receiver.receive(batch(1, Key(A, True), Key(B, True), ReleaseAll(), Key(A, False)), 0)
    assert heard(events) == [Key(A, True), Key(B, True), Key(A, False), Key(B, False)]
    assert [event.seq for event in events] == [1, 2, 3, 3]
    assert receiver.ack_seq == 4


def test_a_snapshot_tells_only_differences() -> None:
    receiver = player()
    receiver.receive(batch(1, Key(A, True), Touch(1, TouchPhase.DOWN, 5, 5), Pad(0, 1, NEUTRAL)), 0)
    events = receiver.receive(
        batch(4, Key(A, True), Touch(1, TouchPhase.MOVE, 6, 6), Touch(2, TouchPhase.MOVE, 7, 7), snapshot=True), 0
    )
    assert heard(events) == [
        Pad(0, 0, NEUTRAL),
        Touch(1, TouchPhase.MOVE, 6, 6),
        Touch(2, TouchPhase.DOWN, 7, 7),
    ]
    assert heard(receiver.receive(batch(7, snapshot=True), 0)) == []
    assert receiver.ack_seq == 6
    assert heard(receiver.receive(batch(8, Text("é"), snapshot=True), 0)) == [
        Key(A, False),
        Touch(1, TouchPhase.CANCEL, 6, 6),
        Touch(2, TouchPhase.CANCEL, 7, 7),
        Text("é"),
    ]


def test_a_snapshot_that_names_nothing_releases_all() -> None:
    receiver = player()
    receiver.receive(batch(1, Key(A, True), PadPresence(1, True)), 0)
    events = receiver.receive(batch(9, snapshot=True), 0)
    assert heard(events) == [Key(A, False), PadPresence(1, False)]
    assert receiver.ack_seq == 8
    assert heard(receiver.receive(batch(9, Key(A, True)), 0)) == [Key(A, True)]


def test_devices_play_on_their_seats_and_ages_become_times() -> None:
    receiver = player((2, 5))
    key = InputEvent(Key(A, True), device=0, age_100us=15)
    pads = [InputEvent(Pad(index, 1, NEUTRAL), device=16 + index) for index in (0, 1, 2)]
    events = receiver.receive(encode_batch(InputBatch(PARTICIPANT, 1, 10_000, (key, *pads))), 77)
    assert [event.seat for event in events] == [2, 2, 5, 2]
    assert events[0].client_time_us == 8_500
    assert events[0].received_us == 77


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.MALFORMED),
        (bytes(2000), Reason.TOO_LARGE),
        (b"\2" + batch(1, Key(A, True))[1:], Reason.PROTOCOL_VERSION),
        (batch(1, Key(A, True)) + b"x", Reason.MALFORMED),
        (encode_batch(InputBatch(PARTICIPANT + 1, 1, 0, (InputEvent(Key(A, True)),))), Reason.FORBIDDEN),
        (batch(1, Key(A, True), device=20), Reason.MALFORMED),
    ],
)
def test_bad_batches_are_counted_and_change_nothing(data: bytes, reason: Reason) -> None:
    receiver = player()
    assert receiver.receive(data, 0) == []
    assert receiver.refused == 1
    assert receiver.last_refusal is not None
    assert receiver.last_refusal.reason is reason
    assert receiver.ack_seq == 0


@given(st.lists(st.binary(max_size=1300), max_size=20))
def test_noise_never_raises(datagrams: list[bytes]) -> None:
    receiver = player()
    for data in datagrams:
        receiver.receive(data, 0)
        receiver.receive(b"\1\0" + PARTICIPANT.to_bytes(2, "big") + data, 0)


@pytest.mark.parametrize("receiver", [InputReceiver(PARTICIPANT, (0,), Role.SPECTATOR), player(())])
def test_those_without_a_seat_are_refused(receiver: InputReceiver) -> None:
    assert receiver.receive(batch(1, Key(A, True)), 0) == []
    assert receiver.refused == 1


def test_a_flood_of_batches_is_bounded_and_the_page_recovers() -> None:
    receiver = player()
    for _ in range(3 * INPUT_BATCHES_PER_S):
        receiver.receive(batch(1, Key(A, True)), 0)
    assert receiver.refused == 2 * INPUT_BATCHES_PER_S
    assert heard(receiver.receive(batch(1, Key(A, True), Key(A, False)), 10_000)) == [Key(A, False)]


def test_a_flood_of_events_is_bounded() -> None:
    receiver = player()
    told = sum(
        len(receiver.receive(batch(1 + 64 * index, *([MouseAbs(1, 1)] * 64)), 0)) for index in range(500)
    )  # fmt: skip
    assert told <= EVENTS_PER_S
    assert receiver.refused == 1
    assert receiver.gaps > 400


def test_holding_everything_is_bounded() -> None:
    receiver = player()
    seq, told = 1, 0
    for device in range(16):
        for usage in range(1, 257, 64):
            keys = [Key(number, True) for number in range(usage, usage + 64)]
            told += len(receiver.receive(batch(seq, *keys, device=device), seq * 100_000))
            seq += 64
    assert told == 256
    assert len(receiver.release_all(0)) == 256


def test_an_earlier_workers_acknowledgement_is_taken_up() -> None:
    receiver = InputReceiver(PARTICIPANT, (0,), Role.PLAYER, ack_seq=100)
    assert heard(receiver.receive(batch(99, Key(A, True), Key(A, False), Key(B, True)), 0)) == [Key(B, True)]
