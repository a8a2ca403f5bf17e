"""The story channel: all that can be written can be read, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.wire.wire_values import STORIES
from wire.errors import Reason, WireError
from wire.frame_story import (
    NO_INPUT_US,
    Ack,
    ClockRequest,
    Cursor,
    FrameStory,
    Story,
    decode_story,
    encode_story,
)
from wire.limits import STORY_MESSAGE_MAX_BYTES


@given(STORIES)
def test_round_trip(story: Story) -> None:
    assert decode_story(encode_story(story)) == story


@given(st.binary(max_size=100))
def test_no_noise_crashes_the_reader(noise: bytes) -> None:
    try:
        story = decode_story(noise)
    except WireError:
        return
    assert encode_story(story) == noise


@given(STORIES, st.data())
def test_a_cut_story_is_refused(story: Story, data: st.DataObject) -> None:
    raw = encode_story(story)
    with pytest.raises(WireError):
        decode_story(raw[: data.draw(st.integers(0, len(raw) - 1))])


def test_durations_beyond_the_field_are_capped() -> None:
    late = FrameStory(1, 2, 3, 4, 5, 6, 2**40, 2**40, 2**40, 2**40)
    read = decode_story(encode_story(late))
    assert isinstance(read, FrameStory)
    assert (read.capture_dus, read.encoded_dus, read.sent_dus) == (2**32 - 1,) * 3
    assert read.input_received_dus == 2**31 - 1
    early = decode_story(encode_story(FrameStory(1, 2, 3, 4, 5, 6, 7, 8, 9, -(2**40))))
    assert isinstance(early, FrameStory)
    assert early.input_received_dus == NO_INPUT_US


@pytest.mark.parametrize("story", [Ack(-1), Ack(2**32), ClockRequest(2**64), FrameStory(-1, 0, 0, 0, 0, 0, 0, 0, 0)])
def test_numbers_out_of_range_are_not_written(story: Story) -> None:
    with pytest.raises(WireError) as caught:
        encode_story(story)
    assert caught.value.reason is Reason.MALFORMED


def test_a_cursor_is_as_large_as_its_picture() -> None:
    with pytest.raises(WireError) as caught:
        encode_story(Cursor(True, False, 65, 1, 0, 0, bytes(260)))
    assert caught.value.reason is Reason.TOO_LARGE
    with pytest.raises(WireError) as caught:
        encode_story(Cursor(True, False, 2, 2, 0, 0, bytes(15)))
    assert caught.value.reason is Reason.MALFORMED
    largest = encode_story(Cursor(True, False, 64, 64, 0, 0, bytes(64 * 64 * 4)))
    assert len(largest) <= STORY_MESSAGE_MAX_BYTES
