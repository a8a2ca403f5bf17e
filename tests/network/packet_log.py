"""The shaper's record of every packet, and what can be told of a packet without decrypting it."""

from __future__ import annotations

import struct
from enum import IntEnum
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tests.network.link_model import Fate

RECORD = struct.Struct("<QQIIHHBBBB")
RECORD_DTYPE = np.dtype(
    [
        ("offered_us", "<u8"),
        ("arrived_us", "<u8"),
        ("waited_us", "<u4"),
        ("ssrc", "<u4"),
        ("size_bytes", "<u2"),
        ("seq", "<u2"),
        ("direction", "u1"),
        ("fate", "u1"),
        ("traffic", "u1"),
        ("payload_type", "u1"),
    ]
)
"""Times on the monotonic clock; ``arrived_us`` is 0 for what was not delivered, sizes are those of IP packets."""

PacketLog: TypeAlias = npt.NDArray[Any]
"""Records of `RECORD_DTYPE`, in the order in which the link was offered them."""

_UDP, _TCP = 17, 6
_RTP_HEAD = struct.Struct("!BBHII")


class Direction(IntEnum):
    """Which way a packet goes."""

    DOWN = 0
    """From the server to the client."""
    UP = 1


class Traffic(IntEnum):
    """What a packet carries."""

    RTP = 0
    RTCP = 1
    DTLS = 2
    """Data channels among it."""
    STUN = 3
    TCP = 4
    OTHER = 5


def traffic_of(packet: bytes) -> tuple[Traffic, int, int, int]:
    """Return what an IPv4 packet carries, and the payload type, SSRC and sequence number of RTP, else zeros.

    What shares a UDP port is told apart by its first bytes (RFC 7983, RFC 5761 §4).
    """
    if len(packet) < 20 or packet[0] >> 4 != 4:
        return Traffic.OTHER, 0, 0, 0
    if packet[9] == _TCP:
        return Traffic.TCP, 0, 0, 0
    at = (packet[0] & 15) * 4 + 8
    if packet[9] != _UDP or len(packet) < at + _RTP_HEAD.size:
        return Traffic.OTHER, 0, 0, 0
    first, second, seq, _, ssrc = _RTP_HEAD.unpack_from(packet, at)
    if first < 4:
        return Traffic.STUN, 0, 0, 0
    if 20 <= first < 64:
        return Traffic.DTLS, 0, 0, 0
    if first >> 6 != 2:
        return Traffic.OTHER, 0, 0, 0
    if 192 <= second < 224:
        return Traffic.RTCP, 0, 0, 0
    return Traffic.RTP, second & 127, ssrc, seq


def read_log(path: Path) -> PacketLog:
    """Read what a shaper has written; a record that is cut off at the end is left out."""
    data = path.read_bytes()
    return np.frombuffer(data[: len(data) // RECORD.size * RECORD.size], RECORD_DTYPE)


def delivered(log: PacketLog, direction: Direction) -> PacketLog:
    """Return the records of what arrived."""
    arrived: PacketLog = log[(log["direction"] == direction) & (log["fate"] == Fate.DELIVERED)]
    return arrived
