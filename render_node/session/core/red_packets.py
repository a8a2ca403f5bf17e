"""Redundant sound (RFC 2198): each packet carries the newest ones before it once more.

A lost packet of sound is not asked for again: it would come too late. What the next packet brings along arrives 10 ms
after it, within the time for which a browser holds sound back anyway, and costs no packet of its own.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

DEPTH_MAX = 2
"""Earlier packets that one carries at most; the oldest is 20 ms late then."""

REDUNDANT_MAX_BYTES = (1 << 10) - 1
"""Longest earlier payload that its length field can say."""

OFFSET_MAX = (1 << 14) - 1
"""Greatest difference of RTP times that the field for it can say: 341 ms at 48 kHz."""

_FOLLOWS = 0x80
"""Flag in a block's first byte: another block's header comes after this one."""


class RedStream:
    """Builds the payloads of one stream, whose newest packets it keeps.

    Args:
        payload_type: Of what is carried, as negotiated.
    """

    def __init__(self, payload_type: int) -> None:
        self._payload_type = payload_type
        self._earlier: deque[tuple[int, bytes]] = deque(maxlen=DEPTH_MAX)

    def keep(self, payload: bytes, rtp_ts: int) -> None:
        """Keep a packet for those that come after it, however it was sent itself."""
        self._earlier.append((rtp_ts, payload))

    def carry(self, payload: bytes, rtp_ts: int, *, depth: int, max_bytes: int) -> bytes:
        """Return a packet's payload with the kept ones before it.

        Args:
            payload: The newest, not kept yet.
            rtp_ts: Its RTP time, and that of the packet.
            depth: How many it carries, 1 to ``DEPTH_MAX``; fewer where there are not as many, where one is too long
                or too old for the format, or where they have no room.
            max_bytes: Of the result, unless the newest alone is longer.
        """
        blocks = _that_fit(list(self._earlier)[-depth:], rtp_ts, max_bytes - 1 - len(payload))
        heads = b"".join(_head(self._payload_type, offset, len(data)) for offset, data in blocks)
        return b"".join((heads, bytes((self._payload_type,)), *(data for _, data in blocks), payload))


def _that_fit(earlier: Sequence[tuple[int, bytes]], rtp_ts: int, room_bytes: int) -> list[tuple[int, bytes]]:
    """Return the newest of these that can be said and have room, as offsets and payloads, oldest first."""
    kept: list[tuple[int, bytes]] = []
    for before_ts, data in reversed(earlier):
        offset = (rtp_ts - before_ts) % 2**32
        room_bytes -= 4 + len(data)
        if not 0 < offset <= OFFSET_MAX or len(data) > REDUNDANT_MAX_BYTES or room_bytes < 0:
            break
        kept.append((offset, data))
    return kept[::-1]


def _head(payload_type: int, offset: int, size: int) -> bytes:
    return bytes((_FOLLOWS | payload_type,)) + ((offset << 10) | size).to_bytes(3, "big")
