"""What one peer's video is sent beside its packets, and which requests for lost ones that answers."""

from __future__ import annotations

from collections.abc import Sequence

from render_node.session.core.covered_losses import CoveredLosses
from render_node.session.core.flexfec import ParityStream
from render_node.session.core.protection import Protection, ProtectionPolicy


class FrameProtection:
    """Policy, parity stream and answered requests of one peer.

    Args:
        parity: Where parity goes; None if the peer does not take it.
    """

    def __init__(self, parity: ParityStream | None) -> None:
        self.policy = ProtectionPolicy(has_parity=parity is not None)
        self.tails_repeated = 0
        self.covered = CoveredLosses()
        self._parity = parity

    def for_frame(self, packets: int) -> Protection:
        """Return what goes out with a frame of so many packets."""
        return self.policy.for_frame(packets)

    def parity(self, plan: Protection, packets: Sequence[bytes], first_seq: int, extensions: bytes) -> list[bytes]:
        """Return the parity packets of a frame that was sent.

        Args:
            plan: From ``for_frame``.
            packets: As ``ParityStream.protect``.
            first_seq: The first one's sequence number.
            extensions: Of the parity packets.
        """
        if self._parity is None or not plan.parities:
            return []
        made = self._parity.protect(packets, plan.parities, extensions)
        if plan.repeats_wait:
            self.covered.add(first_seq, len(packets), len(made))
        return made
