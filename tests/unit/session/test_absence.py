"""Absence: here, warned, away, over, and back at once."""

from __future__ import annotations

import pytest

from render_node.session.core.absence import AbsenceClock
from wire.frame_story import Absence, Presence


def test_it_warns_then_pauses_then_ends() -> None:
    clock = AbsenceClock(pause_s=600, end_s=1800, seen_s=1000.0)
    looks = {
        1000.0: (Presence.HERE, 600),
        1539.9: (Presence.HERE, 60),
        1540.0: (Presence.WARNED, 60),
        1599.0: (Presence.WARNED, 1),
        1600.0: (Presence.AWAY, 1800),
        3399.0: (Presence.AWAY, 1),
        9999.0: (Presence.AWAY, 0),
    }
    for now_s, (presence, next_s) in looks.items():
        assert clock.story(now_s) == Absence(presence, next_s), now_s
    assert not clock.is_over(3399.9)
    assert clock.is_over(3400.0)


@pytest.mark.parametrize("back_s", [1550.0, 1700.0, 3399.0])
def test_input_starts_it_anew(back_s: float) -> None:
    clock = AbsenceClock(pause_s=600, end_s=1800, seen_s=1000.0)
    clock.seen(back_s)
    assert clock.presence(back_s) is Presence.HERE
    assert clock.presence(back_s + 599.0) is Presence.WARNED
    assert not clock.is_over(back_s + 2399.0)


def test_a_short_limit_is_warned_of_at_its_half() -> None:
    clock = AbsenceClock(pause_s=10, end_s=10, seen_s=0.0)
    assert clock.presence(4.9) is Presence.HERE
    assert clock.presence(5.0) is Presence.WARNED
