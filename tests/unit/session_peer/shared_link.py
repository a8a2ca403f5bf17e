"""A link that several flows share, and what it has carried of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from render_node.session.core.sent_packets import PacketKind
from tests.network.link_model import LinkConfig
from tests.network.simulation import Simulation


class Flow(Protocol):
    """Who gets a packet at the other end."""

    def arrived(self, packet: Packet) -> None: ...


@dataclass
class Packet:
    """On its way; the flow numbers it."""

    flow: Flow
    size_bytes: int
    seq: int
    kind: PacketKind = PacketKind.VIDEO
    frame_id: int = 0
    part: int = 0
    parts: int = 1
    waited_us: int = 0
    """In the queue, before its own transmission."""


class SharedLink(Simulation):
    """See the module."""

    def __init__(self, config: LinkConfig, seed: int) -> None:
        super().__init__(config, seed)
        self.carried: list[tuple[int, Packet]] = []
        """What the link transmits, and when it has, in that order."""
        self.dropped = 0
        """Packets that found the queue full."""

    def carry(self, packet: Packet) -> None:
        """Put a packet into the queue, or drop it."""
        passage = self.send(packet.size_bytes, packet.flow.arrived, packet)
        if passage.out_us is None:
            self.dropped += 1
            return
        packet.waited_us = passage.waited_us
        self.carried.append((passage.out_us, packet))
