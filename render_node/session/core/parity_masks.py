"""Which packets each parity packet covers.

Every packet is covered by a set of parity packets, other sets than its neighbours'. Two lost packets with different
sets can both be repaired, one after the other, where plain interleaving fails whenever both are in one row: with 14
packets, 3 parity packets and 5% random loss 4.3% of the frames stay broken, not 8.5%. A burst of three is repaired as
by interleaving.
"""

from __future__ import annotations

from functools import cache

PACKETS_MAX = 46
"""Packets under one set of masks: the span of FlexFEC-03's second mask size."""

_GROUP_PARITIES = 4
"""With more, the packets are dealt out to several groups."""

_SETS = {
    1: (0b1,),
    2: (0b01, 0b10, 0b11),
    3: (0b001, 0b010, 0b110, 0b011, 0b100, 0b101, 0b111),
    4: (0b0001, 0b0010, 0b0100, 0b1000, 0b1111, 0b1001, 0b1100, 0b1010, 0b0111, 0b1011,
        0b0011, 0b1110, 0b0101, 0b0110, 0b1101),
}  # fmt: skip
"""The sets by number of parity packets, in the order in which packets get them. Found by search: any three packets in
a row (any two with two parity packets) can be repaired together, round the end as well."""


@cache
def parity_masks(packets: int, parities: int) -> tuple[int, ...]:
    """Return a mask per parity packet; bit ``i`` stands for packet ``i``.

    Args:
        packets: 1 to ``PACKETS_MAX``.
        parities: At least 1; no more than one per packet are made, two for a single packet.
    """
    parities = min(parities, max(packets, 2))
    groups = -(-parities // _GROUP_PARITIES)
    masks: list[int] = []
    for group in range(groups):
        members = range(group, packets, groups)
        count = parities // groups + (1 if group < parities % groups else 0)
        masks += _group_masks(members, count)
    return tuple(mask for mask in masks if mask)


def _group_masks(members: range, parities: int) -> list[int]:
    sets = _SETS[parities]
    if len(members) <= len(sets) - parities:
        # Few packets do without the sets of one, and so outlive the loss of a parity packet.
        sets = tuple(covering for covering in sets if covering.bit_count() > 1)
    masks = [0] * parities
    for place, packet in enumerate(members):
        covering = sets[place % len(sets)]
        for parity in range(parities):
            masks[parity] |= (covering >> parity & 1) << packet
    return masks
