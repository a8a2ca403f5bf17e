"""Transport-wide feedback as Chrome sends it: when a report leaves, what it says, and how it looks on the wire."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

from tests.network.sender_port import TransportFeedback

REPORT_INTERVAL_US = 62_500
"""Seen in Chromium at 3 and at 8 Mbit/s."""
FIRST_REPORT_US = 29_000
"""From the first packet to the first report."""
KEPT_US = 500_000
"""Arrivals before the next report's start are forgotten after this long."""
TICK_US = 250
REFERENCE_US = 64_000

_NOT_RECEIVED, _SMALL_DELTA, _LARGE_DELTA = 0, 1, 2
_RUN_MAX = 0x1FFF
_VECTOR_SYMBOLS = 7
_HEAD = struct.Struct("!BBHIIHHI")


class FeedbackModel:
    """Collects arrivals and reports them; a packet that comes late has all from it on reported once more."""

    def __init__(self) -> None:
        self._arrivals_us: dict[int, int] = {}
        self._start: int | None = None
        self._end = 0
        self._count = 0
        self.next_us: int | None = None
        """When the next report is due; None before the first packet."""

    def on_packet(self, wide_seq: int, now_us: int) -> None:
        """Take an arrival."""
        if wide_seq in self._arrivals_us:
            return
        if self.next_us is None:
            self.next_us = now_us + FIRST_REPORT_US
        self._arrivals_us[wide_seq] = now_us // TICK_US * TICK_US
        self._start = wide_seq if self._start is None else min(self._start, wide_seq)
        self._end = max(self._end, wide_seq + 1)

    def report(self, now_us: int) -> TransportFeedback | None:
        """Return what is due now; None if nothing came since the last report."""
        if self.next_us is None:
            return None
        self.next_us = now_us + REPORT_INTERVAL_US
        if self._start is None or self._start == self._end:
            return None
        arrivals = tuple((seq, self._arrivals_us.get(seq)) for seq in range(self._start, self._end))
        feedback = TransportFeedback(self._count, arrivals)
        self._count = (self._count + 1) % 256
        self._start = self._end
        self._arrivals_us = {seq: us for seq, us in self._arrivals_us.items() if us > now_us - KEPT_US}
        return feedback


def encode_feedback(feedback: TransportFeedback, *, sender_ssrc: int, media_ssrc: int) -> bytes:
    """Return the RTCP packet (RTPFB, format 15).

    Raises:
        ValueError: two arrivals are further apart than a delta can say, or nothing arrived.
    """
    known_us = [us for _, us in feedback.arrivals if us is not None]
    if not known_us:
        raise ValueError("a report needs an arrival")
    reference = known_us[0] // REFERENCE_US
    symbols, deltas = _symbols(feedback.arrivals, reference * REFERENCE_US)
    body = b"".join(_chunks(symbols)) + deltas
    body += bytes(-len(body) % 4)
    head = _HEAD.pack(
        0x8F, 205, 4 + len(body) // 4, sender_ssrc, media_ssrc, feedback.arrivals[0][0] % 65536,
        len(feedback.arrivals), (reference & 0xFFFFFF) << 8 | feedback.count,
    )  # fmt: skip
    return head + body


def _symbols(arrivals: Iterable[tuple[int, int | None]], last_us: int) -> tuple[list[int], bytes]:
    symbols, deltas = [], b""
    for _, us in arrivals:
        if us is None:
            symbols.append(_NOT_RECEIVED)
            continue
        ticks, last_us = (us - last_us) // TICK_US, us
        if 0 <= ticks < 256:
            symbols.append(_SMALL_DELTA)
            deltas += struct.pack("!B", ticks)
        elif -(1 << 15) <= ticks < 1 << 15:
            symbols.append(_LARGE_DELTA)
            deltas += struct.pack("!h", ticks)
        else:
            raise ValueError(f"no delta says {ticks} ticks")
    return symbols, deltas


def _chunks(symbols: list[int]) -> Iterator[bytes]:
    """Yield run-length chunks for what repeats, and vectors of two-bit symbols for the rest."""
    at = 0
    while at < len(symbols):
        run = 1
        while at + run < len(symbols) and symbols[at + run] == symbols[at] and run < _RUN_MAX:
            run += 1
        if run >= _VECTOR_SYMBOLS or at + run == len(symbols):
            yield struct.pack("!H", symbols[at] << 13 | run)
            at += run
            continue
        vector = (symbols[at : at + _VECTOR_SYMBOLS] + [_NOT_RECEIVED] * _VECTOR_SYMBOLS)[:_VECTOR_SYMBOLS]
        packed = 0
        for symbol in vector:
            packed = packed << 2 | symbol
        yield struct.pack("!H", 0xC000 | packed)
        at += _VECTOR_SYMBOLS
