"""Ticks, state and replay: the same game every time, in every process."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farplay_sdk import Title
from farplay_sdk.events import Event
from farplay_sdk.input_log import InputLog
from farplay_sdk.machine import BadTitle, Machine, StateUnreadable
from farplay_sdk.replay import replay
from tests.unit.farplay_sdk.counting_title import Counting
from tests.unit.farplay_sdk.event_values import TICKS

PROGRAM = Path(__file__).with_name("counting_title.py")
ROOT = Path(__file__).resolve().parents[3]


def busy_log(ticks: int) -> InputLog:
    """Return a log in which keys, pads and pointers are never at rest."""
    chance, log = random.Random(5), InputLog(77)
    for _ in range(ticks):
        seat = chance.randrange(3)
        kinds: list[Event] = [
            (seat, "key", chance.randrange(4, 100), chance.randrange(2)),
            (seat, "pad", 0, chance.getrandbits(17), *(chance.randrange(-32768, 32768) for _ in range(6))),
            (seat, "point", chance.randrange(65536), chance.randrange(65536)),
            (seat, "text", chance.choice("abcé中")),
            (seat, "touch", chance.randrange(3), chance.randrange(4), 100, 60000),
        ]
        log.note(chance.sample(kinds, chance.randrange(3)))
    return log


def test_ten_thousand_ticks_replay_to_the_same_state_in_two_processes(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(busy_log(10_000).lines()), encoding="utf-8")
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "farplay_sdk", "replay", str(PROGRAM), str(path)],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed}, stdout=subprocess.PIPE, text=True,
        )
        for seed in ("1", "2")
    ]  # fmt: skip
    first, second = (run.communicate(timeout=100)[0] for run in runs)
    assert first == second
    assert first.startswith("10000 ticks, state ")
    assert replay(Counting, busy_log(9_999)).digest() not in first, "the hash tells games apart"


@settings(max_examples=30)
@given(TICKS, TICKS)
def test_a_game_goes_on_from_its_state_as_if_nothing_had_been(
    before: list[list[Event]], after: list[list[Event]]
) -> None:
    machine = Machine(Counting, 3)
    for events in before:
        machine.update(events)
    saved = machine.save()
    assert saved is not None
    resumed = Machine(Counting, 99)
    resumed.load(saved)
    assert resumed.digest() == machine.digest()
    for events in after:
        machine.update(events)
        resumed.update(events)
    assert resumed.digest() == machine.digest()
    assert resumed.tick == len(before) + len(after)


@given(st.binary(max_size=200))
def test_no_state_but_ours_is_gone_on_from(saved: bytes) -> None:
    with pytest.raises(StateUnreadable):
        Machine(Counting, 1).load(saved)


def test_a_state_that_the_title_refuses_is_unreadable() -> None:
    saved = Machine(Counting, 1).save()
    assert saved is not None
    with pytest.raises(StateUnreadable):
        Machine(Counting, 1).load(saved + b"]")


def test_the_rules_for_a_title_are_told_in_words() -> None:
    class Huge(Title):
        size = (4000, 100)

    class Fast(Title):
        tick_hz = 1000

    class Odd(Title):
        def save_state(self) -> bytes:
            return "text"  # type: ignore[return-value]

    for broken, words in ((Huge, "size"), (Fast, "tick_hz"), (int, "Title")):
        with pytest.raises(BadTitle, match=words):
            Machine(broken, 1)  # type: ignore[arg-type]
    with pytest.raises(BadTitle, match="bytes, not str"):
        Machine(Odd, 1).save()
    with pytest.raises(BadTitle, match="keeps no state"):
        Machine(Title, 1).digest()


def test_a_program_started_by_hand_says_how_to_play_it() -> None:
    done = subprocess.run(
        [sys.executable, str(PROGRAM)], env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode, "farplay title run" in done.stderr) == (1, True)
