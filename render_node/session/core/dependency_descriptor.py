"""The dependency descriptor: which frame each frame needs, told in a header extension of every packet.

AV1 RTP specification, appendix A, in the bits that a receiver needs for one layer: template 0 depends on nothing,
template 1 on the frame before. A receiver that has it decodes on behind a lost frame as soon as one comes that does
not need it; without it, everything waits for a keyframe.
"""

from __future__ import annotations

from dataclasses import dataclass

DEPENDENCY_DESCRIPTOR_URI = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"

FRAME_MODULUS = 1 << 16
DISTANCE_MAX = 1 << 12
"""Frames between a frame and the one that it needs."""

_STRUCTURE = (
    (0b1, 1), (0b0000, 4),  # template structure follows, no active targets, nothing custom
    (0, 6), (0, 5),  # template ids from 0, one decode target
    (0b00, 2), (0b11, 2),  # two templates in one layer, then the end
    (0b10, 2), (0b10, 2),  # both are where a receiver may switch to the target
    (0b0, 1),  # template 0: no dependency
    (0b1, 1), (0b0000, 4), (0b0, 1),  # template 1: the frame 1 before, then the end
    (0b0, 1), (0b0, 1),  # no chains, no resolutions
)  # fmt: skip
_ONLY_CUSTOM_DISTANCES = (0b00010, 5)
_END_OF_DISTANCES = (0b00, 2)


@dataclass(frozen=True, slots=True)
class FrameDescriptor:
    """Values of the extension in one frame's packets."""

    first: bytes
    middle: bytes
    last: bytes
    only: bytes
    """Of a frame's single packet."""

    def of_packet(self, index: int, packets: int) -> bytes:
        """Return the value of packet ``index`` of so many."""
        if index == 0:
            return self.only if packets == 1 else self.first
        return self.last if index == packets - 1 else self.middle


def describe_frame(frame_id: int, distance: int | None) -> FrameDescriptor:
    """Return what a frame's packets say.

    Args:
        frame_id: Counts all frames, lost and skipped ones too; any size.
        distance: How many frames before it the one is that it needs, 1 to ``DISTANCE_MAX``; None for a keyframe.
    """
    number = frame_id % FRAME_MODULUS
    template = 0 if distance is None else 1
    more: tuple[tuple[int, int], ...] = ()
    if distance is not None and distance > 1:
        more = (_ONLY_CUSTOM_DISTANCES, *_distance(distance), _END_OF_DISTANCES)
    start = _STRUCTURE if distance is None else more
    return FrameDescriptor(
        first=_bits((0b10, 2), (template, 6), (number, 16), *start),
        middle=_bits((0b00, 2), (template, 6), (number, 16), *more),
        last=_bits((0b01, 2), (template, 6), (number, 16), *more),
        only=_bits((0b11, 2), (template, 6), (number, 16), *start),
    )


def _distance(distance: int) -> tuple[tuple[int, int], ...]:
    size = 1 if distance <= 1 << 4 else 2 if distance <= 1 << 8 else 3
    return (size, 2), (distance - 1, 4 * size)


def _bits(*fields: tuple[int, int]) -> bytes:
    value = width = 0
    for field, bits in fields:
        value = value << bits | field
        width += bits
    padding = -width % 8
    return (value << padding).to_bytes((width + padding) // 8, "big")
