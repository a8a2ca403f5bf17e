"""Regions as the command line names them; all faults in words."""

from __future__ import annotations

from farplay.failures import CommandFailure, ExitStatus
from session_broker.core.pools.pool import FleetConfig
from session_broker.core.regions import NAME_PATTERN, NO_REGION, RegionRules, url_fault
from wire.limits import REGION_MAX_CHARS, REGIONS_MAX

WRITTEN = "Write it like --region eu=https://eu.play.example.org/healthz."


def region_rules(named: tuple[str, ...], rtt_max_ms: float, far_after_s: float) -> RegionRules:
    """Return what a broker is told of regions.

    Args:
        named: Each as ``NAME=URL``.
        rtt_max_ms: As in ``RegionRules``.
        far_after_s: As in ``RegionRules``.

    Raises:
        CommandFailure: one cannot be used.
    """
    urls: dict[str, str] = {}
    for text in named:
        name, mark, url = text.partition("=")
        if not mark or not name:
            raise CommandFailure(ExitStatus.FAILED, f"{text!r} names no region with an address.", WRITTEN)
        if name in urls:
            raise CommandFailure(ExitStatus.FAILED, f"The region {name!r} is named twice.")
        fault = url_fault(url)
        if fault:
            raise CommandFailure(ExitStatus.FAILED, f"The address of the region {name!r} {fault}: {url!r}.", WRITTEN)
        urls[region_name(name)] = url
    if len(urls) > REGIONS_MAX:
        raise CommandFailure(ExitStatus.FAILED, f"There may be {REGIONS_MAX} regions, not {len(urls)}.")
    return RegionRules(urls, rtt_max_ms, far_after_s)


def region_name(text: str | None) -> str:
    """Return a region's name, empty if there is none.

    Raises:
        CommandFailure: it cannot be one.
    """
    if not text:
        return NO_REGION
    if NAME_PATTERN.fullmatch(text) is None:
        words = f"A region's name has up to {REGION_MAX_CHARS} letters, digits and . _ - between them."
        raise CommandFailure(ExitStatus.FAILED, f"{text!r} cannot be the name of a region.", words)
    return text


def check_pools(fleet: FleetConfig, regions: RegionRules) -> None:
    """Compare the regions of pools with those that pages measure.

    Raises:
        CommandFailure: a pool is in a region that is not named, where others are.
    """
    for pool in fleet.pools if regions.urls else ():
        for name in pool.regions:
            if name not in regions.urls:
                raise CommandFailure(
                    ExitStatus.FAILED,
                    f"The pool {pool.name!r} is in the region {name!r}, which the broker does not name.",
                    f"Add --region {name}=URL, or name none at all.",
                )
