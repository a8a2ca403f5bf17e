"""Which blocks of sound are sent."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.sound_rest import REPEAT_BLOCKS, REST_AFTER_BLOCKS, Sent, SoundRest


def test_silence_is_encoded_for_a_while_and_then_marked_now_and_then() -> None:
    rest = SoundRest()
    sent = [rest.take(silent=True) for _ in range(REST_AFTER_BLOCKS + 3 * REPEAT_BLOCKS)]
    assert sent[:REST_AFTER_BLOCKS] == [Sent.SOUND] * REST_AFTER_BLOCKS
    assert sent[REST_AFTER_BLOCKS:] == ([Sent.REST] + [Sent.NOTHING] * (REPEAT_BLOCKS - 1)) * 3
    assert rest.rests


@given(st.lists(st.booleans(), max_size=300))
def test_sound_is_never_left_out(blocks: list[bool]) -> None:
    rest = SoundRest()
    for silent in blocks:
        sent = rest.take(silent=silent)
        assert sent is Sent.SOUND or silent
    rest.take(silent=False)
    assert not rest.rests
