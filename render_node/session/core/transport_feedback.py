"""Transport-wide congestion control feedback: which of our packets arrived, and when.

Wire format (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1; RTPFB, FMT 15), after the two SSRCs::

    base seq u16 | status count u16 | reference time i24, 64 ms | feedback count u8 | chunks u16... | deltas

A chunk is a run (0 | symbol 2 bits | length 13 bits) or a vector of 14 one-bit (10...) or 7 two-bit (11...) symbols.
Symbols: 0 not received, 1 received with a u8 delta, 2 with an i16 one, 3 reserved. A delta counts 250 µs from the
arrival before, the first one from the reference time.

The peer may be hostile. Work and memory are bounded by the packet's own length: packets that did not arrive cost
nothing, however many a run claims, and those that did cost at least a byte each.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

TRANSPORT_CC_FORMAT = 15
"""The FMT that tells it from the other transport-layer feedback of RFC 4585."""

DELTA_US = 250
"""Resolution of an arrival."""

REFERENCE_US = 64_000
"""Unit of the reference time."""

REFERENCE_MODULUS = 1 << 24

_HEAD = struct.Struct("!HHIH")
_SSRCS_BYTES = 8
_LOST, _SMALL, _LARGE = 0, 1, 2
_RUN_MAX = 0x1FFF


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """One report. Packets from ``base_seq`` on that are not among the arrivals had not come when it was made."""

    base_seq: int
    """Transport-wide sequence number of the first packet that it speaks of, 16 bits."""
    status_count: int
    """Packets that it speaks of, at least 1."""
    reference_time: int
    """On the receiver's clock, in units of 64 ms modulo 2**24."""
    feedback_count: int
    """Counts the reports, modulo 256."""
    arrivals: tuple[tuple[int, int], ...]
    """Of each packet that arrived: its offset from ``base_seq``, and its arrival in µs from the reference time (which
    may be negative). By ascending offset."""


def parse_transport_feedback(body: bytes) -> TransportFeedback | None:
    """Read one feedback message, or return None if it contradicts itself or the format.

    Args:
        body: What follows the common RTCP header, padding removed.
    """
    if len(body) < _SSRCS_BYTES + _HEAD.size:
        return None
    base_seq, status_count, time_and_count, _ = _HEAD.unpack_from(body, _SSRCS_BYTES)
    read = _received(body, _SSRCS_BYTES + _HEAD.size - 2, status_count)
    if read is None:
        return None
    received, offset = read
    arrivals = _arrivals(body, offset, received)
    if arrivals is None:
        return None
    return TransportFeedback(base_seq, status_count, time_and_count >> 8, time_and_count & 0xFF, arrivals)


def _received(body: bytes, offset: int, status_count: int) -> tuple[list[tuple[int, int]], int] | None:
    """Return (packet offset, symbol) of each packet that arrived, and where the deltas begin."""
    received: list[tuple[int, int]] = []
    # Every arrival has a delta of a byte or more: a run that claims more than there are bytes is not unrolled.
    arrivals_max = len(body) - offset
    index = 0
    while index < status_count:
        if offset + 2 > len(body):
            return None
        chunk = body[offset] << 8 | body[offset + 1]
        offset += 2
        left = status_count - index
        if chunk < 0x8000:
            symbol, run = chunk >> 13, min(chunk & _RUN_MAX, left)
            if run == 0:
                return None
            if symbol != _LOST:
                if len(received) + run > arrivals_max:
                    return None
                received += [(index + at, symbol) for at in range(run)]
            index += run
        elif chunk < 0xC000:
            received += [(index + at, _SMALL) for at in range(min(14, left)) if chunk >> (13 - at) & 1]
            index += 14
        else:
            symbols = ((index + at, chunk >> (12 - 2 * at) & 3) for at in range(min(7, left)))
            received += [item for item in symbols if item[1] != _LOST]
            index += 7
    return (received, offset) if status_count else None


def _arrivals(body: bytes, offset: int, received: list[tuple[int, int]]) -> tuple[tuple[int, int], ...] | None:
    arrivals: list[tuple[int, int]] = []
    ticks = 0
    end = len(body)
    for index, symbol in received:
        if symbol == _SMALL and offset < end:
            ticks += body[offset]
            offset += 1
        elif symbol == _LARGE and offset + 2 <= end:
            delta = body[offset] << 8 | body[offset + 1]
            ticks += delta - 0x10000 if delta & 0x8000 else delta
            offset += 2
        else:
            return None
        arrivals.append((index, ticks * DELTA_US))
    return tuple(arrivals)
