"""Parity packets, undone by a receiver written after libwebrtc's rules."""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.dependency_descriptor import describe_frame
from render_node.session.core.flexfec import ParityIds, ParityStream
from render_node.session.core.parity_masks import PACKETS_MAX, parity_masks
from render_node.session.core.rtp_packets import (
    PAYLOAD_MAX_BYTES,
    ExtensionBlock,
    ExtensionIds,
    StreamIds,
    build_packet,
)

MEDIA = StreamIds(0x01020304, 101, 0x05060708, 102)
PARITY = ParityIds(0x0A0B0C0D, 123, MEDIA.ssrc)
IDS = ExtensionIds(mid=1, abs_send_time=3, playout_delay=6, transport_seq=7)
VOLATILE = ((17, 20), (21, 23))


@dataclass
class ReadParity:
    """A parity packet as flexfec_03_header_reader_writer.cc reads it."""

    seqs: list[int]
    head: bytes
    length: int
    payload: bytes


def read_parity(packet: bytes) -> ReadParity:
    first, kind, _, _, ssrc = struct.unpack_from("!BBHII", packet)
    assert (kind, ssrc) == (PARITY.payload_type, PARITY.ssrc)
    offset = 12
    if first & 0x10:
        offset += 4 + 4 * int.from_bytes(packet[14:16], "big")
    fec = packet[offset:]
    assert fec[0] & 0xC0 == 0
    assert fec[8] == 1
    assert int.from_bytes(fec[12:16], "big") == MEDIA.ssrc
    base = int.from_bytes(fec[16:18], "big")
    mask = int.from_bytes(fec[18:20], "big")
    bits, size = f"{mask & 0x7FFF:015b}", 20
    if not mask & 0x8000:
        longer = int.from_bytes(fec[20:24], "big")
        assert longer >> 31
        bits, size = bits + f"{longer & 0x7FFFFFFF:031b}", 24
    seqs = [(base + index) % 65536 for index, bit in enumerate(bits) if bit == "1"]
    return ReadParity(seqs, fec[:2] + b"\0\0" + fec[4:8], int.from_bytes(fec[2:4], "big"), fec[size:])


def stamped(packets: dict[int, bytes]) -> dict[int, bytes]:
    """Return packets as they leave."""
    block = ExtensionBlock(IDS, "0")
    return {seq: block.stamp(packet, seq << 40, seq) for seq, packet in packets.items()}


def zeroed(packet: bytes) -> bytes:
    made = bytearray(packet)
    for start, end in VOLATILE:
        made[start:end] = bytes(end - start)
    return bytes(made)


def repair(parity: ReadParity, present: dict[int, bytes], seq: int) -> bytes:
    """Return the missing packet, its volatile extensions zero."""
    body = bytearray(parity.payload)
    head, length = bytearray(parity.head), parity.length
    for other in parity.seqs:
        if other == seq:
            continue
        packet = zeroed(present[other])
        for at, value in enumerate(packet[12:]):
            body[at] ^= value
        for at in (0, 1, 4, 5, 6, 7):
            head[at] ^= packet[at]
        length ^= len(packet) - 12
    head[0] = head[0] | 0x80
    head[2:4] = seq.to_bytes(2, "big")
    return bytes(head) + MEDIA.ssrc.to_bytes(4, "big") + bytes(body[:length])


def peel(parities: list[ReadParity], present: dict[int, bytes]) -> dict[int, bytes]:
    """Repair what can be repaired, one missing packet of a parity packet at a time."""
    present = dict(present)
    progress = True
    while progress:
        progress = False
        for parity in parities:
            missing = [seq for seq in parity.seqs if seq not in present]
            if len(missing) == 1:
                present[missing[0]] = repair(parity, present, missing[0])
                progress = True
    return present


def frame(payloads: list[bytes], first_seq: int, rtp_ts: int = 90_000) -> dict[int, bytes]:
    block = ExtensionBlock(IDS, "0")
    packets = {}
    for index, payload in enumerate(payloads):
        seq = (first_seq + index) % 65536
        packets[seq] = build_packet(
            MEDIA,
            seq,
            rtp_ts,
            marker=index == len(payloads) - 1,
            extensions=block.block,
            payload=payload,
        )
    return packets


def protect(packets: dict[int, bytes], parities: int) -> list[ReadParity]:
    stream = ParityStream(PARITY, 65535)
    made = stream.protect(list(packets.values()), parities, b"")
    assert [int.from_bytes(packet[2:4], "big") for packet in made] == [
        (65535 + at) % 65536 for at in range(len(made))
    ]
    return [read_parity(packet) for packet in made]


@given(
    st.lists(st.binary(min_size=1, max_size=60), min_size=1, max_size=60), st.integers(0, 65535),
    st.integers(1, 6), st.data(),
)  # fmt: skip
def test_any_single_loss_is_repaired_bit_for_bit(
    payloads: list[bytes], first_seq: int, parities: int, data: st.DataObject
) -> None:
    packets = frame(payloads, first_seq)
    lost = data.draw(st.sampled_from(list(packets)))
    repaired = peel(protect(packets, parities), {seq: each for seq, each in stamped(packets).items() if seq != lost})
    assert repaired[lost] == packets[lost]


@pytest.mark.parametrize(("parities", "burst"), [(2, 2), (3, 3), (4, 3)])
def test_a_burst_is_repaired(parities: int, burst: int) -> None:
    packets = frame([bytes([index]) * 40 for index in range(14)], 65530)
    seqs = list(packets)
    made = protect(packets, parities)
    assert len(made) == parities
    for start in range(14 - burst + 1):
        lost = seqs[start : start + burst]
        repaired = peel(made, {seq: each for seq, each in stamped(packets).items() if seq not in lost})
        assert [repaired.get(seq) for seq in lost] == [packets[seq] for seq in lost], start


def test_overlapping_masks_repair_more_than_interleaving() -> None:
    rng = random.Random(5)
    packets = frame([bytes([index]) * 8 for index in range(14)], 100)
    made = protect(packets, 3)
    rows = [ReadParity([100 + at for at in range(row, 14, 3)], b"", 0, b"") for row in range(3)]

    def broken(parities: list[ReadParity]) -> int:
        count = 0
        for _ in range(2000):
            present = {seq for seq in packets if rng.random() >= 0.05}
            arrived = [parity.seqs for parity in parities if rng.random() >= 0.05]
            while helpful := next((s for s in arrived if len(set(s) - present) == 1), None):
                present |= set(helpful)
            count += len(present) < 14
        return count

    assert broken(made) < 0.65 * broken(rows)


@pytest.mark.parametrize("packets", [1, 2, 3, 7, 15, 16, 46])
@pytest.mark.parametrize("parities", [1, 2, 3, 4, 5, 12, 99])
def test_every_packet_is_covered_and_no_mask_is_empty_or_repeated(packets: int, parities: int) -> None:
    masks = parity_masks(packets, parities)
    assert all(0 < mask < 1 << packets for mask in masks)
    assert len(masks) <= max(packets, 2)
    covered = 0
    for mask in masks:
        covered |= mask
    assert covered == (1 << packets) - 1
    if packets > 1:
        assert len(set(masks)) == len(masks)


def test_a_large_frame_is_protected_in_pieces_that_a_mask_can_span() -> None:
    packets = frame([b"x"] * 120, 65500)
    made = protect(packets, 12)
    assert len(made) == 12
    for parity in made:
        span = (parity.seqs[-1] - parity.seqs[0]) % 65536
        assert span < PACKETS_MAX


def test_the_largest_parity_packet_fits_the_smallest_mtu() -> None:
    every = ExtensionIds(mid=1, abs_send_time=3, playout_delay=6, transport_seq=7, dependency_descriptor=4)
    block = ExtensionBlock(every, "0").described(describe_frame(1, None).first)
    packets = [
        build_packet(MEDIA, seq, 0, marker=False, extensions=block, payload=bytes(PAYLOAD_MAX_BYTES))
        for seq in range(46)
    ]  # fmt: skip
    own = ExtensionBlock(ExtensionIds(abs_send_time=3, transport_seq=7), "0").block
    made = ParityStream(PARITY, 0).protect(packets, 5, own)
    header_with_long_mask = 24
    assert len(made[0]) == 12 + len(own) + header_with_long_mask + len(packets[0]) - 12
    srtp_tag, udp, ipv6 = 16, 8, 40
    assert len(made[0]) + srtp_tag + udp + ipv6 <= 1280
