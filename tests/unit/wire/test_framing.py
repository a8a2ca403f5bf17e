"""A byte stream becomes messages, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.errors import Reason, WireError
from wire.framing import Deframer, frame
from wire.limits import CONTROL_MESSAGE_MAX_BYTES


@given(st.lists(st.text(max_size=50), max_size=6), st.integers(1, 20))
def test_messages_come_out_as_they_went_in(texts: list[str], step: int) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    stream = b"".join(frame(text) for text in texts)
    deframer = Deframer()
    pieces = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert [message.decode() for piece in pieces for message in deframer.feed(piece)] == texts


def test_an_unfinished_message_waits() -> None:
    deframer = Deframer()
    whole = frame("hello")
    assert deframer.feed(whole[:-1]) == []
    assert deframer.feed(whole[-1:] + frame("")) == [b"hello", b""]


def test_the_largest_message_passes_and_a_larger_one_ends_the_stream() -> None:
    assert len(Deframer().feed(frame("x" * CONTROL_MESSAGE_MAX_BYTES))[0]) == CONTROL_MESSAGE_MAX_BYTES
    with pytest.raises(WireError) as caught:
        Deframer().feed((CONTROL_MESSAGE_MAX_BYTES + 1).to_bytes(4, "big"))
    assert caught.value.reason is Reason.TOO_LARGE
