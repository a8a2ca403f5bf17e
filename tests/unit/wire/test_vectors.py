"""The Python codecs against ``wire/vectors``, which the page's codecs pass as well (``tests/js``)."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest

import wire
from wire import frame_story
from wire.errors import Reason, WireError
from wire.frame_story import StoryKind, decode_story, encode_story
from wire.input_events import EventType, InputBatch, InputEvent, decode_batch, encode_batch
from wire.limits import INPUT_BATCH_MAX_BYTES, STORY_MESSAGE_MAX_BYTES
from wire.schema import Message, decode, encode
from wire.session_control import FROM_TAB, TO_TAB

FOLDER = Path(wire.__file__).parent / "vectors"
FAMILIES = {"from_tab": FROM_TAB, "to_tab": TO_TAB}


def load(name: str) -> list[dict[str, Any]]:
    vectors: list[dict[str, Any]] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return vectors


def each(name: str) -> pytest.MarkDecorator:
    vectors = load(name)
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


def code_of(codes: type[IntEnum], kind: type) -> str:
    """Return ``MOUSE_ABS`` for ``MouseAbs``."""
    (name,) = (code.name for code in codes if code.name.replace("_", "") == kind.__name__.upper())
    return name


def event_fields(event: InputEvent) -> dict[str, Any]:
    payload = {field.name: plain(getattr(event.payload, field.name)) for field in dataclasses.fields(event.payload)}
    kind = code_of(EventType, type(event.payload))
    return {"type": kind, "device": event.device, "age_100us": event.age_100us, **payload}


def batch_fields(batch: InputBatch) -> dict[str, Any]:
    return {
        "participant": batch.participant,
        "first_seq": batch.first_seq,
        "client_time_us": batch.client_time_us,
        "snapshot": batch.snapshot,
        "events": [event_fields(event) for event in batch.events],
    }


def story_fields(story: frame_story.Story) -> dict[str, Any]:
    kind = "FRAME" if isinstance(story, frame_story.FrameStory) else code_of(StoryKind, type(story))
    return {"kind": kind, **{field.name: plain(getattr(story, field.name)) for field in dataclasses.fields(story)}}


def plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return list(value) if isinstance(value, tuple) else value


def reason_of(act: Any, *arguments: Any) -> Reason:
    with pytest.raises(WireError) as caught:
        act(*arguments)
    return caught.value.reason


@each("input_batch")
def test_input_batch(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    if "reason" in vector:
        assert reason_of(decode_batch, data) == vector["reason"]
        return
    batch = decode_batch(data)
    assert batch_fields(batch) == vector["fields"]
    assert encode_batch(batch) == data


@each("frame_story")
def test_frame_story(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    if "reason" in vector:
        assert reason_of(decode_story, data) == vector["reason"]
        return
    story = decode_story(data)
    assert story_fields(story) == vector["fields"]
    assert encode_story(story) == data


@each("session_control")
def test_session_control(vector: dict[str, Any]) -> None:
    messages, text = FAMILIES[vector["side"]], vector["text"]
    if "reason" in vector:
        assert reason_of(decode, text, messages) == vector["reason"]
        assert reason_of(decode, text.encode("utf-8", "surrogatepass"), messages) == vector["reason"]
        return
    message = decode(text, messages)
    assert decode(text.encode(), messages) == message
    written = encode(message)
    assert json.loads(written) == vector["fields"]
    assert decode(written, messages) == message
    if list(json.loads(text)) == list(vector["fields"]):
        assert written == text, "a message that leaves nothing out is written as it was read"


@pytest.mark.parametrize("name", ["input_batch", "frame_story", "session_control"])
def test_vectors_are_named_once_and_of_all_three_kinds(name: str) -> None:
    vectors = load(name)
    assert max(Counter(vector["name"] for vector in vectors).values()) == 1
    assert {vector["kind"] for vector in vectors} == {"valid", "boundary", "malformed"}
    for vector in vectors:
        assert ("reason" in vector) == (vector["kind"] == "malformed"), vector["name"]


def test_every_kind_of_message_has_a_valid_vector() -> None:
    events = [event["type"] for vector in load("input_batch") for event in vector.get("fields", {}).get("events", ())]
    stories = [vector["fields"]["kind"] for vector in load("frame_story") if "fields" in vector]
    assert set(events) == {code.name for code in EventType}
    assert set(stories) == {code.name for code in StoryKind}
    for side, family in FAMILIES.items():
        kinds: dict[str, type[Message]] = dict(family)
        labels = {v["fields"]["type"] for v in load("session_control") if v["side"] == side and "fields" in v}
        assert labels == set(kinds)


def test_limits_of_the_vectors_are_the_contracts() -> None:
    """A limit that moves must move its boundary vectors as well."""
    sizes = [len(vector["hex"]) // 2 for vector in load("input_batch")]
    assert {INPUT_BATCH_MAX_BYTES, INPUT_BATCH_MAX_BYTES + 1} <= set(sizes)
    sizes = [len(vector["hex"]) // 2 for vector in load("frame_story")]
    assert STORY_MESSAGE_MAX_BYTES + 1 in sizes
