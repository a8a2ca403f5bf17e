"""Transport-wide feedback as receivers write it, at the wraps of its counters, and as nobody should write it."""

from __future__ import annotations

import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from render_node.session.core.rtcp import MalformedFeedback, Nack, parse_rtcp
from render_node.session.core.transport_feedback import (
    DELTA_US,
    REFERENCE_MODULUS,
    REFERENCE_US,
    TransportFeedback,
    parse_transport_feedback,
)
from tests.support.transport_feedback import build_transport_feedback

HEAD = struct.Struct("!IIHHI")


def body(chunks: list[int], deltas: bytes, *, base: int = 0, count: int = 1) -> bytes:
    return HEAD.pack(1, 2, base, count, 5 << 8 | 3) + b"".join(struct.pack("!H", chunk) for chunk in chunks) + deltas


def read(packet: bytes) -> TransportFeedback:
    (feedback,) = parse_rtcp(packet)
    assert isinstance(feedback, TransportFeedback)
    return feedback


gaps = st.one_of(
    st.none(), st.integers(0, 255), st.integers(-0x8000, 0x7FFF), st.just(1), st.just(0), st.sampled_from((255, 256))
)


@given(st.lists(gaps, min_size=1, max_size=200), st.integers(0, 0xFFFF), st.integers(0, 255))
@example([None] * 20 + [1] * 9 + [None] + [300] * 3 + [-2], 0xFFF0, 255)
def test_what_a_receiver_writes_is_read(deltas: list[int | None], base: int, count: int) -> None:
    ticks = 40_000_000
    arrivals: list[int | None] = []
    for delta in deltas:
        if delta is not None:
            ticks += delta
        arrivals.append(None if delta is None else ticks * DELTA_US)
    first = next((arrival for arrival in arrivals if arrival is not None), 0)
    # A delta from the reference time to the first arrival is under 64 ms, so small ones and large ones both occur.
    feedback = read(build_transport_feedback(base, arrivals, feedback_count=count))
    assert (feedback.base_seq, feedback.status_count, feedback.feedback_count) == (base, len(arrivals), count)
    reference_us = first // REFERENCE_US * REFERENCE_US
    assert feedback.arrivals == tuple(
        (offset, arrival - reference_us) for offset, arrival in enumerate(arrivals) if arrival is not None
    )


def test_the_reference_time_wraps() -> None:
    feedback = read(build_transport_feedback(7, [REFERENCE_MODULUS * REFERENCE_US + 500]))
    assert feedback.reference_time == 0
    assert feedback.arrivals == ((0, 500),)


def test_it_comes_out_of_a_compound_beside_other_feedback() -> None:
    nack = bytes.fromhex("81cd0003000000010000000900050000")
    found = parse_rtcp(nack + build_transport_feedback(1, [0, None]) + nack)
    assert [type(item) for item in found] == [Nack, TransportFeedback, Nack]


def test_symbols_beyond_the_count_are_padding() -> None:
    parsed = parse_transport_feedback(body([0x8000 | 0x3FFF], b"\x04\x08", count=2))
    assert parsed is not None
    assert parsed.arrivals == ((0, 1000), (1, 3000))
    parsed = parse_transport_feedback(body([0x2000 | 0x1FFF], b"\x04", count=1))
    assert parsed is not None
    assert parsed.arrivals == ((0, 1000),)


def test_a_run_of_lost_packets_costs_nothing() -> None:
    parsed = parse_transport_feedback(body([0x1FFF] * 9, b"", count=0xFFFF))
    assert parsed is not None
    assert parsed.status_count == 0xFFFF
    assert parsed.arrivals == ()


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "nothing"),
        (body([], b"", count=1), "no chunk"),
        (body([0x2001], b"", count=0), "nothing reported"),
        (body([0x2000], b"\x01", count=1), "an empty run"),
        (body([0x2002], b"\x01", count=2), "a delta is missing"),
        (body([0x4001], b"\x01", count=1), "half a delta"),
        (body([0x6001], b"\x01\x01", count=1), "the reserved symbol in a run"),
        (body([0xC000 | 3 << 12], b"\x01\x01", count=1), "the reserved symbol in a vector"),
        (body([0x2001], b"\x01", count=2), "chunks end early"),
        (body([0x2000 | 0x1FFF] * 8, bytes(1400), count=0xFFFF), "more arrivals than bytes"),
    ],
)
def test_contradictions_are_refused(data: bytes, why: str) -> None:
    assert parse_transport_feedback(data) is None, why


def test_a_malformed_one_is_told_so_that_it_can_be_counted() -> None:
    assert parse_rtcp(bytes.fromhex("8fcd0002") + bytes(8)) == [MalformedFeedback()]


@given(st.binary(max_size=300))
def test_noise_never_raises_and_its_work_is_bounded(data: bytes) -> None:
    parsed = parse_transport_feedback(data)
    assert parsed is None or len(parsed.arrivals) <= len(data)


@given(st.binary(max_size=60), st.binary(max_size=120), st.integers(1, 0xFFFF))
def test_noise_behind_a_good_head_never_raises(chunks: bytes, deltas: bytes, count: int) -> None:
    parsed = parse_transport_feedback(HEAD.pack(1, 2, 3, count, 0) + chunks + deltas)
    if parsed is not None:
        offsets = [offset for offset, _ in parsed.arrivals]
        assert offsets == sorted(set(offsets))
        assert all(0 <= offset < count for offset in offsets)
