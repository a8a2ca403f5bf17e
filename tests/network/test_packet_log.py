"""What the shaper tells of a packet by its first bytes."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network.link_model import Fate
from tests.network.packet_log import RECORD, RECORD_DTYPE, Direction, Traffic, delivered, read_log, traffic_of


def ipv4(protocol: int, payload: bytes) -> bytes:
    return (
        struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0, bytes(4), bytes(4)) + payload
    )


def udp(payload: bytes) -> bytes:
    return ipv4(17, struct.pack("!HHHH", 1, 2, 8 + len(payload), 0) + payload)


@pytest.mark.parametrize(
    ("packet", "told"),
    [
        (udp(struct.pack("!BBHII", 0x90, 0x80 | 101, 4242, 7, 99) + bytes(50)), (Traffic.RTP, 101, 99, 4242)),
        (udp(struct.pack("!BBHII", 0x8F, 205, 6, 1, 2) + bytes(12)), (Traffic.RTCP, 0, 0, 0)),
        (udp(b"\x17\xfe\xfd" + bytes(40)), (Traffic.DTLS, 0, 0, 0)),
        (udp(b"\x00\x01" + bytes(18)), (Traffic.STUN, 0, 0, 0)),
        (udp(b"\x40" + bytes(30)), (Traffic.OTHER, 0, 0, 0)),
        (udp(b"\x80"), (Traffic.OTHER, 0, 0, 0)),
        (ipv4(6, bytes(20)), (Traffic.TCP, 0, 0, 0)),
        (b"\x60" + bytes(60), (Traffic.OTHER, 0, 0, 0)),
    ],
)
def test_kinds_of_traffic(packet: bytes, told: tuple[Traffic, int, int, int]) -> None:
    assert traffic_of(packet) == told


@given(st.binary(max_size=80))
def test_any_bytes_are_some_traffic(packet: bytes) -> None:
    assert traffic_of(packet)[0] in Traffic


def test_a_log_is_read_back(tmp_path: Path) -> None:
    assert RECORD.size == RECORD_DTYPE.itemsize
    rows = [
        (10, 20, 5, 0xFFFFFFFF, 1228, 65535, Direction.DOWN, Fate.DELIVERED, Traffic.RTP, 101),
        (11, 0, 6, 2, 60, 3, Direction.UP, Fate.LOST, Traffic.DTLS, 0),
    ]
    path = tmp_path / "log"
    path.write_bytes(b"".join(RECORD.pack(*row) for row in rows) + b"cut off")
    log = read_log(path)
    assert [tuple(record.item()) for record in log] == rows
    assert list(delivered(log, Direction.DOWN)["seq"]) == [65535]
    assert len(delivered(log, Direction.UP)) == 0
