"""What pages say of regions is bounded; where a session waits follows from it, and so do places and times."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_broker.core.queue import Places
from session_broker.core.regions import (
    NAME_PATTERN,
    ROUND_TRIP_MAX_MS,
    Line,
    RegionRules,
    meet,
    origin_of,
    url_fault,
)
from session_broker.core.turnover import Turnover

NAMES = st.sampled_from(["eu", "us", "asia", "nowhere", ""])
RULES = RegionRules(dict.fromkeys(("eu", "us", "asia"), "https://there/"), rtt_max_ms=80.0, far_after_s=60.0)
LINES: st.SearchStrategy[Line] = st.none() | st.frozensets(st.sampled_from(["eu", "us", "asia"]), min_size=1)


@given(st.dictionaries(NAMES, st.floats()))
def test_only_named_regions_within_bounds_are_believed(said: dict[str, float]) -> None:
    believed = RULES.believed(said)
    assert believed.keys() <= RULES.urls.keys()
    for name, ms in believed.items():
        assert 0.0 <= ms <= ROUND_TRIP_MAX_MS
        assert ms == pytest.approx(min(max(said[name], 0.0), ROUND_TRIP_MAX_MS))
    assert all(name in believed for name, ms in said.items() if name in RULES.urls and math.isfinite(ms))


@given(st.dictionaries(st.sampled_from(["eu", "us", "asia"]), st.floats(0, 300)), st.floats(0, 120))
def test_a_session_waits_where_it_is_near_until_it_has_waited_long(far: dict[str, float], waited_s: float) -> None:
    line = RULES.line(far, waited_s)
    near = {name for name, ms in far.items() if ms <= 80.0}
    assert line == (frozenset(near) if near and waited_s < 60.0 else None)


@given(LINES, LINES)
def test_lines_meet_both_ways_and_each_itself(one: Line, other: Line) -> None:
    assert meet(one, one)
    assert meet(one, None)
    assert meet(one, other) == meet(other, one)


@given(st.lists(LINES, max_size=12))
def test_a_place_counts_those_in_front_whom_one_meets(lines: list[Line]) -> None:
    places = Places()
    given_out = [places.next(line) for line in lines]
    assert given_out == [1 + sum(meet(line, other) for other in lines[:n]) for n, line in enumerate(lines)]


def test_each_line_moves_by_itself_and_who_may_go_anywhere_moves_with_all() -> None:
    eu, us = frozenset({"eu"}), frozenset({"us"})
    turnover = Turnover()
    turnover.keep({eu, us}, 0.0)
    for second in range(101):
        turnover.note(eu, 1, float(second))
        if second % 10 == 0:
            turnover.note(us, 1, float(second))
    waits = [turnover.standing(10, line, 100.0).wait_s for line in (eu, us, eu | us, None)]
    assert waits == [pytest.approx(s, rel=0.12) for s in (10.0, 100.0, 10 / 1.1, 10 / 1.1)]
    assert turnover.standing(1, frozenset({"asia"}), 100.0).wait_s is None, "nobody has left that line"
    turnover.keep({us}, 100.0)
    assert turnover.standing(10, eu, 100.0).wait_s is None
    assert turnover.standing(10, us, 100.0).wait_s is not None


@pytest.mark.parametrize(
    "url", ["https://eu.play.example.org/healthz", "http://localhost:8080/", "https://[::1]:8443/x?y=z"]
)
def test_an_address_is_one_that_a_page_may_ask(url: str) -> None:
    assert url_fault(url) == ""
    assert url.startswith(origin_of(url))


@pytest.mark.parametrize(
    "url",
    ["", "eu", "ftp://eu/", "https://", "https://a b/", "https://u:p@eu/", "https://eu;script-src *", "https://eu/#x",
     "https://eu:99999/", "https://eu:x/", "https://*/"],
)  # fmt: skip
def test_other_addresses_are_refused(url: str) -> None:
    assert url_fault(url)


@given(st.text(max_size=200))
def test_what_is_taken_for_an_address_adds_one_origin_to_a_policy(text: str) -> None:
    for url in (text, f"https://{text}"):
        if not url_fault(url):
            assert not set(origin_of(url)) & set(" ;,'\"\\*\n\r\t")


@given(st.text(max_size=40))
def test_a_name_can_be_a_label_of_a_cluster(text: str) -> None:
    if NAME_PATTERN.fullmatch(text):
        assert text.isascii()
        assert 1 <= len(text) <= 32
        assert text[0].isalnum()
        assert text[-1].isalnum()
