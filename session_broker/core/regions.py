"""Regions: how far a player is from each, by their page's word, and in which a session waits for a node.

A region is a name that the operator gives to a place where nodes are. Pages measure round trips to it; what they say
decides about nothing but the player's own session, and is bounded all the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

from wire.limits import REGION_MAX_CHARS

NAME_PATTERN = re.compile(rf"[A-Za-z0-9](?:[A-Za-z0-9._-]{{0,{REGION_MAX_CHARS - 2}}}[A-Za-z0-9])?")
"""What a region's name must be: a value that a label of a Kubernetes cluster may have."""

_HOST = re.compile(r"(?:\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?")
"""What can stand in a page's content policy."""

NO_REGION = ""
"""Of a node that does not say where it is, or says what no operator has named."""

ROUND_TRIP_MAX_MS = 10_000.0
"""Longest round trip that is told apart from longer ones."""

Line: TypeAlias = frozenset[str] | None
"""Regions in one of which a session waits for a node; None if any will do."""


@dataclass(frozen=True, slots=True)
class RegionRules:
    """What an operator says of regions."""

    urls: Mapping[str, str] = field(default_factory=dict)
    """Where pages measure the round trip to each region, by its name."""
    rtt_max_ms: float = 80.0
    """Longest round trip to a node while one within it is there, or can be made; milliseconds."""
    far_after_s: float = 60.0
    """Seconds of waiting after which any node will do."""

    def known(self, name: str) -> str:
        """Return a region's name as a node said it, if there is such a region."""
        return name if name in self.urls else NO_REGION

    def believed(self, said: Mapping[str, float]) -> dict[str, float]:
        """Return what a page said of round trips, in milliseconds: of regions that there are, within bounds."""
        return {
            name: min(max(0.0, float(said[name])), ROUND_TRIP_MAX_MS)
            for name in self.urls
            if name in said and math.isfinite(said[name])
        }

    def line(self, round_trips_ms: Mapping[str, float], waited_s: float) -> Line:
        """Return where a session may be placed now, unless nothing is there at all.

        Args:
            round_trips_ms: To the regions that its player's page has measured; empty if nothing is known.
            waited_s: For how long it has been waiting.
        """
        return None if waited_s >= self.far_after_s else self.near(round_trips_ms)

    def near(self, round_trips_ms: Mapping[str, float]) -> Line:
        """Return where a session may be placed while it has not waited for long."""
        return frozenset([name for name, ms in round_trips_ms.items() if ms <= self.rtt_max_ms]) or None


def url_fault(url: str) -> str:
    """Return what keeps an address from being one that pages can measure with, in words; empty if nothing does."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is no address"
    if parts.scheme not in ("http", "https") or _HOST.fullmatch(parts.netloc) is None or port == 0:
        return "does not begin with https:// and a host"
    return "has a fragment" if parts.fragment else ""


def origin_of(url: str) -> str:
    """Return the origin of such an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def meet(one: Line, other: Line) -> bool:
    """Tell whether two that wait could take the same node from each other."""
    return one is None or other is None or not one.isdisjoint(other)
