"""The input batch: all that can be written can be read, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wire.wire_values import BATCHES, EVENTS, U32
from wire.errors import Reason, WireError
from wire.input_events import (
    SEQ_MODULUS,
    InputBatch,
    InputEvent,
    Key,
    MouseAbs,
    Payload,
    Text,
    decode_batch,
    decode_event,
    encode_batch,
    encode_event,
    seq_delta,
)
from wire.limits import INPUT_BATCH_MAX_EVENTS


@given(BATCHES)
def test_round_trip(batch: InputBatch) -> None:
    assert decode_batch(encode_batch(batch)) == batch


@given(EVENTS, st.binary(max_size=8))
def test_an_event_says_where_it_ends(event: InputEvent, rest: bytes) -> None:
    raw = encode_event(event)
    assert decode_event(raw + rest) == (event, len(raw))


@given(BATCHES, st.data())
def test_a_cut_or_longer_batch_is_malformed(batch: InputBatch, data: st.DataObject) -> None:
    raw = encode_batch(batch)
    cut = data.draw(st.integers(0, len(raw) - 1))
    for wrong in (raw[:cut], raw + b"\0"):
        with pytest.raises(WireError):
            decode_batch(wrong)


@given(st.binary(max_size=1300))
def test_no_noise_crashes_the_reader(noise: bytes) -> None:
    with pytest.raises(WireError):
        decode_batch(noise)


@given(BATCHES, st.data())
def test_no_flipped_byte_crashes_the_reader(batch: InputBatch, data: st.DataObject) -> None:
    raw = bytearray(encode_batch(batch))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = decode_batch(bytes(raw))
    except WireError:
        return
    assert encode_batch(read) == raw


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (Text(""), Reason.MALFORMED),
        (Text("x" * 65), Reason.MALFORMED),
        (MouseAbs(65536, 0), Reason.MALFORMED),
        (MouseAbs(-1, 0), Reason.MALFORMED),
    ],
)
def test_what_does_not_fit_is_not_written(payload: Payload, reason: Reason) -> None:
    with pytest.raises(WireError) as caught:
        encode_batch(InputBatch(1, 1, 1, (InputEvent(payload),)))
    assert caught.value.reason is reason


def test_too_many_events_or_bytes_are_not_written() -> None:
    with pytest.raises(WireError) as caught:
        encode_batch(InputBatch(1, 1, 1, (InputEvent(Key(4, True)),) * (INPUT_BATCH_MAX_EVENTS + 1)))
    assert caught.value.reason is Reason.TOO_MANY
    with pytest.raises(WireError) as caught:
        encode_batch(InputBatch(1, 1, 1, (InputEvent(Text("x" * 64)),) * 18))
    assert caught.value.reason is Reason.TOO_LARGE


@given(U32, st.integers(-(2**31) + 1, 2**31 - 1))
def test_sequence_numbers_compare_across_the_wrap(seq: int, steps: int) -> None:
    assert seq_delta((seq + steps) % SEQ_MODULUS, seq) == steps
