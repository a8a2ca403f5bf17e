"""Writes transport-wide feedback as a receiver does, with every kind of chunk."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from render_node.session.core.transport_feedback import DELTA_US, REFERENCE_MODULUS, REFERENCE_US

RUN_MIN = 8
"""Equal symbols from which a run is shorter than a vector of two-bit symbols."""


def build_transport_feedback(
    base_seq: int, arrivals_us: Sequence[int | None], *, feedback_count: int = 0, media_ssrc: int = 9
) -> bytes:
    """Return an RTCP packet.

    Args:
        base_seq: Of the first packet.
        arrivals_us: For each packet from there on, when it arrived (multiples of 250 µs) or None.
        feedback_count: Number of the report.
        media_ssrc: Any stream of the sender.
    """
    first_us = next((arrival for arrival in arrivals_us if arrival is not None), 0)
    reference = first_us // REFERENCE_US
    symbols: list[int] = []
    deltas = b""
    last_ticks = reference * REFERENCE_US // DELTA_US
    for arrival in arrivals_us:
        if arrival is None:
            symbols.append(0)
            continue
        delta = arrival // DELTA_US - last_ticks
        last_ticks += delta
        symbols.append(1 if 0 <= delta < 256 else 2)
        deltas += bytes((delta,)) if 0 <= delta < 256 else struct.pack("!h", delta)
    body = struct.pack(
        "!IIHHI",
        1,
        media_ssrc,
        base_seq & 0xFFFF,
        len(arrivals_us),
        reference % REFERENCE_MODULUS << 8 | feedback_count & 0xFF,
    )
    body += b"".join(struct.pack("!H", chunk) for chunk in _chunks(symbols)) + deltas
    padding = -len(body) % 4
    if padding:
        body += bytes(padding - 1) + bytes((padding,))
    return struct.pack("!BBH", 0x8F | (0x20 if padding else 0), 205, len(body) // 4) + body


def _chunks(symbols: Sequence[int]) -> list[int]:
    chunks: list[int] = []
    at = 0
    while at < len(symbols):
        run = next((n for n in range(len(symbols) - at) if symbols[at + n] != symbols[at]), len(symbols) - at)
        if run >= RUN_MIN:
            run = min(run, 0x1FFF)
            chunks.append(symbols[at] << 13 | run)
            at += run
        elif 2 not in symbols[at : at + 14]:
            chunks.append(0x8000 | sum(symbol << (13 - bit) for bit, symbol in enumerate(symbols[at : at + 14])))
            at += 14
        else:
            chunks.append(0xC000 | sum(symbol << (12 - 2 * pos) for pos, symbol in enumerate(symbols[at : at + 7])))
            at += 7
    return chunks
