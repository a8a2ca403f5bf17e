"""Worker and title: what an untrusted title may say, and what it is told."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wire.wire_values import EVENTS, I32, SEAT_RUMBLES, U8, U32, cursors
from wire.errors import Reason, WireError
from wire.frame_story import Ack, Cursor, TextInput, encode_story
from wire.input_events import InputEvent, Key
from wire.limits import PICTURE_MAX_HEIGHT_PX, PICTURE_MAX_WIDTH_PX
from wire.title_ipc import (
    MESSAGE_MAX_BYTES,
    RING_CONTROL_BYTES,
    Frame,
    FromTitle,
    Hello,
    Input,
    IpcKind,
    Ping,
    Quit,
    RingLayout,
    Shift,
    Sound,
    Stream,
    decode_from_title,
    decode_to_title,
    encode_from_title,
    encode_to_title,
)

LAYOUT = RingLayout()
FRAMES = st.builds(
    Frame,
    st.integers(0, LAYOUT.slots - 1),
    st.integers(16, 1920),
    st.integers(16, 1080),
    U32,
    U32,
    st.integers(0, 2**64 - 1),
)
FROM_TITLE: st.SearchStrategy[FromTitle] = st.one_of(
    st.builds(Hello, U32),
    FRAMES,
    cursors(),
    SEAT_RUMBLES,
    st.builds(TextInput, st.booleans()),
    st.builds(
        Sound, st.integers(8000, 192_000), st.sampled_from([1, 2]), st.booleans(), st.sampled_from([8, 16, 32])
    ),
)


@given(FROM_TITLE)
def test_round_trip_from_title(message: FromTitle) -> None:
    assert decode_from_title(encode_from_title(message), LAYOUT) == message


@given(U32, st.integers(0, 7), EVENTS)
def test_round_trip_of_input(seq: int, seat: int, event: InputEvent) -> None:
    assert decode_to_title(encode_to_title(Input(seq, seat, event))) == Input(seq, seat, event)


@given(st.builds(Shift, I32) | st.builds(Stream, U32, U8, U32))
def test_round_trip_of_what_concerns_the_stream(message: Shift | Stream) -> None:
    assert decode_to_title(encode_to_title(message)) == message


@pytest.mark.parametrize("message", [Quit(), Ping()])
def test_round_trip_of_what_has_no_fields(message: Quit | Ping) -> None:
    assert decode_to_title(encode_to_title(message)) == message


@given(st.binary(max_size=64))
def test_no_noise_of_a_title_crashes_the_worker(noise: bytes) -> None:
    try:
        message = decode_from_title(noise, LAYOUT)
    except WireError:
        return
    assert encode_from_title(message) == noise


@given(st.binary(max_size=64))
def test_no_noise_crashes_the_launcher(noise: bytes) -> None:
    try:
        message = decode_to_title(noise)
    except WireError:
        return
    assert encode_to_title(message) == noise


def frame(*, slot: int = 0, width: int = 1280, height: int = 720) -> bytes:
    return encode_from_title(Frame(slot, width, height, 1, 1, 1))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", Reason.MALFORMED),
        (bytes(MESSAGE_MAX_BYTES + 1), Reason.TOO_LARGE),
        (b"\x00", Reason.UNKNOWN_TYPE),
        (b"\x41", Reason.UNKNOWN_TYPE),
        (struct.pack("!BBI", IpcKind.HELLO, 1, 1), Reason.PROTOCOL_VERSION),
        (struct.pack("!BBI", IpcKind.HELLO, 3, 1), Reason.PROTOCOL_VERSION),
        (struct.pack("!BB", IpcKind.HELLO, 2), Reason.MALFORMED),
        (frame(slot=3), Reason.MALFORMED),
        (frame(slot=255), Reason.MALFORMED),
        (frame(width=15), Reason.MALFORMED),
        (frame(width=PICTURE_MAX_WIDTH_PX + 1), Reason.MALFORMED),
        (frame(height=0), Reason.MALFORMED),
        (frame(height=PICTURE_MAX_HEIGHT_PX + 1), Reason.MALFORMED),
        (frame()[:-1], Reason.MALFORMED),
        (frame() + b"\0", Reason.MALFORMED),
        (struct.pack("!BIBBB", IpcKind.SOUND, 7999, 2, 1, 16), Reason.MALFORMED),
        (struct.pack("!BIBBB", IpcKind.SOUND, 192_001, 2, 1, 16), Reason.MALFORMED),
        (struct.pack("!BIBBB", IpcKind.SOUND, 48_000, 3, 1, 16), Reason.MALFORMED),
        (struct.pack("!BIBBB", IpcKind.SOUND, 48_000, 2, 2, 16), Reason.MALFORMED),
        (struct.pack("!BIBBB", IpcKind.SOUND, 48_000, 2, 1, 24), Reason.MALFORMED),
        (bytes([IpcKind.CURSOR]), Reason.MALFORMED),
        (bytes([IpcKind.CURSOR]) + encode_story(Ack(1)), Reason.MALFORMED),
        (bytes([IpcKind.CURSOR]) + encode_story(TextInput(True)), Reason.MALFORMED),
        (bytes([IpcKind.RUMBLE]) + encode_story(Cursor(True, False)), Reason.MALFORMED),
    ],
)
def test_what_a_title_may_not_say(data: bytes, reason: Reason) -> None:
    with pytest.raises(WireError) as caught:
        decode_from_title(data, LAYOUT)
    assert caught.value.reason is reason


def test_a_smaller_ring_takes_only_what_fits_its_slots() -> None:
    small = RingLayout(640, 480, 2)
    assert decode_from_title(frame(slot=1, width=640, height=480), small)
    for too_much in (
        frame(slot=2, width=640, height=480),
        frame(width=641, height=480),
        frame(width=640, height=481),
    ):
        with pytest.raises(WireError):
            decode_from_title(too_much, small)


@pytest.mark.parametrize("seat", [-1, 8])
def test_no_input_for_a_seat_that_is_not_there(seat: int) -> None:
    with pytest.raises(WireError):
        encode_to_title(Input(1, seat, InputEvent(Key(4, True))))


def test_input_with_bytes_behind_it_is_malformed() -> None:
    raw = encode_to_title(Input(1, 0, InputEvent(Key(4, True))))
    with pytest.raises(WireError) as caught:
        decode_to_title(raw + b"\0")
    assert caught.value.reason is Reason.MALFORMED


@given(st.integers(16, 1920), st.integers(16, 1080), st.integers(1, 4))
def test_slots_hold_a_picture_on_whole_pages_and_do_not_overlap(width: int, height: int, slots: int) -> None:
    layout = RingLayout(width, height, slots)
    assert layout.slot_bytes >= width * height * 4
    assert layout.slot_bytes % 4096 == 0
    offsets = [layout.slot_offset(slot) for slot in range(slots)]
    assert offsets[0] == RING_CONTROL_BYTES
    assert all(b - a == layout.slot_bytes for a, b in itertools.pairwise(offsets))
    assert offsets[-1] + layout.slot_bytes == layout.total_bytes


def test_the_frame_count_wraps() -> None:
    raw = encode_from_title(Frame(0, 16, 16, 2**32 + 5, 0, 0))
    read = decode_from_title(raw, LAYOUT)
    assert isinstance(read, Frame)
    assert read.frame_seq == 5
