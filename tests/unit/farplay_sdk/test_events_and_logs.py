"""Events and input logs: what was written reads back, and nothing else is taken."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farplay_sdk.events import Event, checked_event
from farplay_sdk.input_log import InputLog, LogUnreadable, read_log
from tests.unit.farplay_sdk.event_values import EVENTS, TICKS
from tests.unit.wire.wire_values import JSON

HEAD = json.dumps({"farplay_input_log": 1, "seed": 1, "state": None})


@given(EVENTS)
def test_all_that_a_worker_sends_is_an_event(event: Event) -> None:
    assert checked_event(json.loads(json.dumps(event))) == event


@given(JSON | st.lists(JSON, max_size=4))
def test_other_things_are_events_or_refused(raw: Any) -> None:
    with suppress(ValueError):
        assert isinstance(checked_event(raw), tuple)


@pytest.mark.parametrize(
    "raw",
    [[0, "key", 4], [0, "key", 0, 1], [0, "key", 4, True], [8, "release"], [0, "jump"], [0, "text", ""], [0], "key"],
)
def test_near_misses_are_refused(raw: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        checked_event(raw)


@given(st.integers(), st.none() | st.binary(max_size=40), TICKS)
def test_a_log_reads_back(seed: int, state: bytes | None, ticks: list[list[Event]]) -> None:
    log = InputLog(seed, state)
    for events in ticks:
        log.note(events)
    assert log.ticks == len(ticks)
    assert read_log(list(log.lines())) == log


@given(st.lists(JSON.map(json.dumps) | st.text(max_size=20) | st.just(HEAD), max_size=4))
def test_any_text_is_a_log_or_refused(lines: list[str]) -> None:
    with suppress(LogUnreadable):
        assert isinstance(read_log(lines), InputLog)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "empty"),
        (["{}"], "line 1"),
        ([HEAD, "[3]", '[2, [0, "release"]]'], "line 3"),
        ([HEAD, '[0, [0, "fly"]]'], "line 2: there is no event 'fly'"),
        (['{"farplay_input_log": 1, "seed": 1, "state": "*"}'], "line 1"),
    ],
)
def test_a_broken_log_names_its_line(lines: list[str], words: str) -> None:
    with pytest.raises(LogUnreadable, match=words):
        read_log(lines)
