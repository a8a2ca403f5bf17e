"""Ask, SIGTERM, SIGKILL: each at its deadline and none twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from render_node.agent.core.escalation import Escalation, StopStep
from render_node.config import StopDeadlines


def test_steps_follow_their_deadlines() -> None:
    escalation = Escalation(StopDeadlines(ask_s=2.5, terminate_s=0.5), now=10.0)
    assert escalation.next_timeout() == 12.5
    assert escalation.handle_timeout(12.4) is None
    assert escalation.handle_timeout(12.5) is StopStep.TERMINATE
    assert escalation.next_timeout() == 13.0
    assert escalation.handle_timeout(13.1) is StopStep.KILL
    assert escalation.next_timeout() is None
    assert escalation.handle_timeout(1000.0) is None


def test_the_default_kills_within_three_seconds() -> None:
    deadlines = StopDeadlines()
    assert deadlines.ask_s + deadlines.terminate_s <= 3.0


@given(steps=st.lists(st.floats(0, 10), max_size=30))
def test_every_step_comes_once_and_in_order(steps: list[float]) -> None:
    escalation = Escalation(StopDeadlines(), now=0.0)
    now, taken = 0.0, []
    for step in steps:
        now += step
        taken.append(escalation.handle_timeout(now))
    assert [step for step in taken if step] == [StopStep.TERMINATE, StopStep.KILL][: len([s for s in taken if s])]
