"""Redundant sound, undone by a receiver written after RFC 2198, section 3."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.red_packets import DEPTH_MAX, OFFSET_MAX, REDUNDANT_MAX_BYTES, RedStream

OPUS = 96
TIME_STEP = 480
MAX_BYTES = 1136


@dataclass(frozen=True)
class Block:
    payload_type: int
    rtp_ts: int
    data: bytes


def read_red(payload: bytes, rtp_ts: int) -> list[Block]:
    """Return the blocks of a packet, newest last."""
    heads = []
    at = 0
    while payload[at] & 0x80:
        word = int.from_bytes(payload[at : at + 4], "big")
        heads.append((word >> 24 & 0x7F, word >> 10 & 0x3FFF, word & 0x3FF))
        at += 4
    last_type = payload[at]
    at += 1
    blocks = []
    for kind, offset, size in heads:
        blocks.append(Block(kind, (rtp_ts - offset) % 2**32, payload[at : at + size]))
        assert len(blocks[-1].data) == size
        at += size
    return [*blocks, Block(last_type, rtp_ts, payload[at:])]


def test_a_packet_byte_for_byte() -> None:
    stream = RedStream(OPUS)
    stream.keep(b"old", 1000)
    packet = stream.carry(b"new", 1480, depth=1, max_bytes=MAX_BYTES)
    # 1 | type 96 | offset 480 in 14 bits, length 3 in 10 bits, then 0 | type 96
    assert packet == bytes((0x80 | 96, 0x07, 0x80, 0x03, 96)) + b"oldnew"


payloads = st.lists(st.binary(max_size=400), min_size=1, max_size=20)


@given(payloads, st.integers(0, 2**32 - 1), st.data())
def test_every_packet_brings_the_newest_before_it_along(
    sounds: list[bytes], first_ts: int, data: st.DataObject
) -> None:
    stream = RedStream(OPUS)
    sent: list[Block] = []
    for index, sound in enumerate(sounds):
        depth = data.draw(st.integers(1, DEPTH_MAX))
        rtp_ts = (first_ts + index * TIME_STEP) % 2**32
        packet = stream.carry(sound, rtp_ts, depth=depth, max_bytes=MAX_BYTES * 2)
        stream.keep(sound, rtp_ts)
        sent.append(Block(OPUS, rtp_ts, sound))
        assert read_red(packet, rtp_ts) == sent[-depth - 1 :]


@given(st.lists(st.binary(max_size=1500), min_size=1, max_size=8), st.integers(1, DEPTH_MAX), st.integers(1, 1500))
def test_what_does_not_fit_is_left_out_oldest_first(sounds: list[bytes], depth: int, max_bytes: int) -> None:
    stream = RedStream(OPUS)
    for index, sound in enumerate(sounds):
        packet = stream.carry(sound, index * TIME_STEP, depth=depth, max_bytes=max_bytes)
        blocks = read_red(packet, index * TIME_STEP)
        assert blocks[-1].data == sound
        assert len(packet) <= max(max_bytes, 1 + len(sound))
        carried = [block.data for block in blocks[:-1]]
        assert carried == sounds[index - len(carried) : index]
        assert len(carried) <= depth
        assert all(len(each) <= REDUNDANT_MAX_BYTES for each in carried)
        stream.keep(sound, index * TIME_STEP)


def test_what_is_too_old_for_the_format_is_left_out() -> None:
    stream = RedStream(OPUS)
    stream.keep(b"then", 0)
    assert len(read_red(stream.carry(b"now", OFFSET_MAX, depth=1, max_bytes=MAX_BYTES), OFFSET_MAX)) == 2
    assert len(read_red(stream.carry(b"now", OFFSET_MAX + 1, depth=1, max_bytes=MAX_BYTES), OFFSET_MAX + 1)) == 1


def test_the_same_time_twice_is_carried_once() -> None:
    """A clock that stood still must not make a receiver take one packet for another's earlier self."""
    stream = RedStream(OPUS)
    stream.keep(b"one", 480)
    assert read_red(stream.carry(b"two", 480, depth=2, max_bytes=MAX_BYTES), 480) == [Block(OPUS, 480, b"two")]
