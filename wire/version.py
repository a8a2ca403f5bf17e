"""Protocol versions: what this build speaks and how two sides agree.

Every first message carries the range ``[min, max]`` that its sender speaks. The broker answers with the
highest version that both speak, so a broker of version N serves nodes and tabs of version N-1.
"""

from __future__ import annotations

from dataclasses import dataclass

from wire.errors import Reason, WireError

PROTOCOL_MIN = 3
"""Oldest control protocol version that this build speaks."""

PROTOCOL_MAX = 4
"""Newest control protocol version that this build speaks.

Since 4 a tab is told when its machine closes, and a node may be asked for
its successor and to check a title.
"""

CLOSING_SINCE = 4
"""First version whose tabs know ``Closing``; older ones are told nothing until the end."""

SUCCESSORS_SINCE = 4
"""First version whose nodes know ``StartSuccessor``."""

TITLE_CHECKS_SINCE = 4
"""First version whose nodes know ``StartTitleCheck`` and ``EndTitleCheck``."""


@dataclass(frozen=True, slots=True)
class ProtocolRange:
    """An inclusive range of control protocol versions."""

    min: int = PROTOCOL_MIN
    """Oldest version spoken."""
    max: int = PROTOCOL_MAX
    """Newest version spoken."""


def negotiate(theirs: ProtocolRange, ours: ProtocolRange | None = None) -> int:
    """Return the highest version that both ranges hold.

    Raises:
        WireError: ``protocol_version`` if the ranges do not meet or theirs is upside down.
    """
    mine = ours or ProtocolRange()
    version = min(theirs.max, mine.max)
    if theirs.min > theirs.max or version < max(theirs.min, mine.min):
        raise WireError(
            Reason.PROTOCOL_VERSION,
            f"the other side speaks protocol {theirs.min}-{theirs.max}, this one {mine.min}-{mine.max}; "
            "update the older of the two",
        )
    return version
