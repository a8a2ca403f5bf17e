"""The bucket lets bursts through and stops floods."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from render_node.agent.core.message_rate import MessageRate


def test_a_burst_passes_and_the_next_message_does_not() -> None:
    rate = MessageRate(now=0.0, per_s=10.0, burst=3.0)
    assert [rate.take(0.0) for _ in range(4)] == [True, True, True, False]
    assert rate.take(0.1)
    assert not rate.take(0.1)


@given(gaps=st.lists(st.floats(0, 5), max_size=200))
def test_never_more_than_burst_and_refill(gaps: list[float]) -> None:
    rate = MessageRate(now=0.0, per_s=10.0, burst=20.0)
    now, passed = 0.0, 0
    for gap in gaps:
        now += gap
        passed += rate.take(now)
    assert passed <= 20.0 + now * 10.0 + 1e-6
