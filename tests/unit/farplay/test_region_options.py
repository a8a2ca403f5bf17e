"""Regions on the command line: what is taken, and what is refused with what to do."""

from __future__ import annotations

from datetime import UTC

import pytest

from farplay.failures import CommandFailure
from farplay.region_options import check_pools, region_name, region_rules
from session_broker.core.pools.pool import Adapter, FleetConfig, Pool
from session_broker.core.regions import RegionRules
from wire.limits import REGIONS_MAX

EU, US = "eu=https://eu.play.example.org/healthz", "us-east1=https://us.play.example.org/ping?a=b"


def test_regions_are_named_with_the_address_that_pages_ask() -> None:
    rules = region_rules((EU, US), 50.0, 30.0)
    urls = {"eu": "https://eu.play.example.org/healthz", "us-east1": "https://us.play.example.org/ping?a=b"}
    assert rules == RegionRules(urls, 50.0, 30.0)
    assert region_rules((), 80.0, 60.0) == RegionRules()
    assert (region_name(None), region_name(""), region_name("eu")) == ("", "", "eu")


@pytest.mark.parametrize(
    ("named", "words"),
    [
        (("eu",), "names no region with an address"),
        (("=https://eu/",), "names no region with an address"),
        (("-eu=https://eu/",), "cannot be the name of a region"),
        ((f"{'x' * 33}=https://eu/",), "cannot be the name of a region"),
        (("eu=ftp://eu/",), "does not begin with https://"),
        (("eu=",), "does not begin with https://"),
        ((EU, EU), "is named twice"),
        (tuple(f"r{n}=https://r/" for n in range(REGIONS_MAX + 1)), "There may be 32 regions"),
    ],
)
def test_what_cannot_be_used_is_said(named: tuple[str, ...], words: str) -> None:
    with pytest.raises(CommandFailure, match=words):
        region_rules(named, 80.0, 60.0)


def test_pools_are_in_regions_that_the_broker_names_if_it_names_any() -> None:
    fleet = FleetConfig(
        (Pool("own", Adapter.LOCAL, 1), Pool("burst", Adapter.KUBERNETES, 1, regions=("eu", "mars"))), UTC
    )
    check_pools(fleet, RegionRules())
    check_pools(fleet, RegionRules({"eu": "https://eu/", "mars": "https://mars/"}))
    with pytest.raises(CommandFailure, match="the region 'mars', which the broker does not name"):
        check_pools(fleet, region_rules((EU,), 80.0, 60.0))
