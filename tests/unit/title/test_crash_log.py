from __future__ import annotations

import pytest

from farplay_sdk.input_log import read_log
from render_node.title.sdk import crash_log
from render_node.title.sdk.crash_log import CrashLog


def test_what_was_noted_is_what_a_replay_reads() -> None:
    log = CrashLog(3, b"state")
    log.note([(0, "key", 4, 1)])
    log.note([])
    text = log.text()
    assert text is not None
    read = read_log(text.splitlines())
    assert (read.seed, read.state, read.ticks, read.events) == (3, b"state", 2, {0: ((0, "key", 4, 1),)})


def test_a_log_is_dropped_for_good_when_events_or_ticks_pass_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash_log, "LOGGED_EVENTS_MAX", 3)
    monkeypatch.setattr(crash_log, "LOGGED_TICKS_MAX", 5)
    move = (0, "move", 1, 1)
    full = CrashLog(1)
    full.note([move, move, move])
    assert full.text() is not None
    full.note([move])
    full.note([])
    assert full.text() is None
    long = CrashLog(1)
    for _ in range(5):
        long.note([])
    assert long.text() is not None
    long.note([])
    assert long.text() is None
