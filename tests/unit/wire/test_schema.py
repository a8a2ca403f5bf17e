"""Control messages are checked field by field, and every fault is named."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire import node_control, session_control, worker_control
from wire.errors import Reason, WireError
from wire.limits import (
    ARCHIVES_PER_NODE_MAX,
    CONTROL_MESSAGE_MAX_BYTES,
    FIGURES_PER_HEARTBEAT,
    NODE_MESSAGE_MAX_BYTES,
    SESSIONS_PER_NODE_MAX,
    TITLES_PER_NODE_MAX,
)
from wire.schema import LIST_MAX_ITEMS, TEXT_MAX_CHARS, Message, decode, encode, family
from wire.version import ProtocolRange


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 7


@dataclass(frozen=True, slots=True)
class Sample(Message):
    TYPE: ClassVar[str] = "sample"
    name: str
    count: int = field(default=1, metadata={"min": 0, "max": 9})
    share: float = 0.5
    on: bool = False
    colour: Colour = Colour.RED
    point: Point = Point(1)
    tags: tuple[str, ...] = field(default=(), metadata={"max_len": 2})
    maybe: Point | None = None
    short: str = field(default="", metadata={"max_len": 3})


SAMPLES = family(Sample)
ALL_FAMILIES = {
    "from tab": session_control.FROM_TAB,
    "to tab": session_control.TO_TAB,
    "from node": node_control.FROM_NODE,
    "to node": node_control.TO_NODE,
    "to worker": worker_control.TO_WORKER,
    "from worker": worker_control.FROM_WORKER,
}


def read(**fields: object) -> Sample:
    return decode(json.dumps({"type": "sample", **fields}), SAMPLES)


def test_round_trip_with_everything_set() -> None:
    sample = Sample("n", 9, 1.25, True, Colour.BLUE, Point(3, 4), ("a", "b"), Point(5), "abc")
    assert decode(encode(sample), SAMPLES) == sample
    assert decode(encode(sample).encode(), SAMPLES) == sample


def test_defaults_stand_in_and_unknown_fields_are_ignored() -> None:
    assert read(name="n", of_a_newer_peer=[1]) == Sample("n")


def test_a_whole_number_is_a_float_too() -> None:
    assert read(name="n", share=2).share == 2.0


def test_text_is_written_as_it_is() -> None:
    assert "字" in encode(Sample("字"))


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({}, "sample.name is missing"),
        ({"name": 1}, "sample.name must be str"),
        ({"name": "x" * (TEXT_MAX_CHARS + 1)}, "sample.name may have"),
        ({"name": "\ud800"}, "sample.name is not valid Unicode"),
        ({"name": "n", "short": "abcd"}, "sample.short may have 3"),
        ({"name": "n", "count": 10}, "sample.count must be in 0..9"),
        ({"name": "n", "count": -1}, "sample.count must be in 0..9"),
        ({"name": "n", "count": True}, "sample.count must be int"),
        ({"name": "n", "count": 1.0}, "sample.count must be int"),
        ({"name": "n", "share": float("nan")}, "sample.share must be in"),
        ({"name": "n", "share": float("inf")}, "sample.share must be in"),
        ({"name": "n", "on": 1}, "sample.on must be bool"),
        ({"name": "n", "colour": "green"}, "sample.colour must be one of red, blue"),
        ({"name": "n", "colour": ["red"]}, "sample.colour must be one of"),
        ({"name": "n", "point": 1}, "sample.point must be an object"),
        ({"name": "n", "point": {}}, "sample.point.x is missing"),
        ({"name": "n", "point": {"x": 2**53 + 1}}, "sample.point.x must be in"),
        ({"name": "n", "tags": "ab"}, "sample.tags must be a list"),
        ({"name": "n", "tags": ["a", "b", "c"]}, "sample.tags must be a list of at most 2"),
        ({"name": "n", "tags": ["a", 1]}, r"sample.tags\[1\] must be str"),
        ({"name": "n", "maybe": {"x": "1"}}, "sample.maybe.x must be int"),
    ],
)
def test_a_fault_names_its_field(fields: dict[str, object], where: str) -> None:
    with pytest.raises(WireError, match=where) as caught:
        read(**fields)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "1", '"sample"', "{}", '{"type":1}', '{"type":["sample"]}'])
def test_what_is_no_message(text: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(text, SAMPLES)
    assert caught.value.reason is Reason.MALFORMED


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(WireError) as caught:
        decode(b"\xff\xfe{}", SAMPLES)
    assert caught.value.reason is Reason.MALFORMED


def test_an_unknown_type_is_said_shortly() -> None:
    with pytest.raises(WireError) as caught:
        decode(json.dumps({"type": "z" * 1000}), SAMPLES)
    assert caught.value.reason is Reason.UNKNOWN_TYPE
    assert len(caught.value.detail) < 100


def test_size_counts_bytes_not_characters() -> None:
    fits = json.dumps({"type": "sample", "name": "n", "pad": ""})
    pad = "x" * (CONTROL_MESSAGE_MAX_BYTES - len(fits))
    assert decode(fits.replace('"pad": ""', f'"pad": "{pad}"'), SAMPLES) == Sample("n")
    wide = json.dumps(
        {"type": "sample", "name": "n", "pad": "字" * (CONTROL_MESSAGE_MAX_BYTES // 2)}, ensure_ascii=False
    )
    assert len(wide) < CONTROL_MESSAGE_MAX_BYTES
    with pytest.raises(WireError) as caught:
        decode(wide, SAMPLES)
    assert caught.value.reason is Reason.TOO_LARGE


def test_nesting_beyond_reason_is_malformed() -> None:
    depth = CONTROL_MESSAGE_MAX_BYTES // 2 - 20
    with pytest.raises(WireError) as caught:
        decode('{"type":"sample","name":' + "[" * depth + "]" * depth + "}", SAMPLES)
    assert caught.value.reason is Reason.MALFORMED


def test_one_label_names_one_message() -> None:
    with pytest.raises(ValueError, match="share a TYPE"):
        family(Sample, Sample)


def test_a_list_without_its_own_limit_has_the_common_one() -> None:
    tags = [{"title_id": "a", "version": "1"}] * (LIST_MAX_ITEMS + 1)
    with pytest.raises(WireError, match="video_codecs must be a list of at most 16"):
        decode(json.dumps({"type": "open_peer", "video_codecs": ["a"] * 17}), session_control.FROM_TAB)
    with pytest.raises(WireError, match=f"at most {LIST_MAX_ITEMS}"):
        decode(json.dumps({**WELCOME, "seats": [0] * len(tags)}), session_control.TO_TAB)


WELCOME = {
    "type": "welcome", "protocol": 1, "session_id": "s", "participant_id": "p", "participant_index": 0,
    "role": "player", "seats": [], "title_id": "t", "title_name": "T",
}  # fmt: skip

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("messages", ALL_FAMILIES.values(), ids=ALL_FAMILIES.keys())
@given(data=st.data())
def test_no_message_crashes_a_reader(messages: dict[str, type[Message]], data: st.DataObject) -> None:
    kind = messages[data.draw(st.sampled_from(sorted(messages)))]
    names = list(kind.__dataclass_fields__)  # type: ignore[attr-defined]  # messages are dataclasses
    body = data.draw(st.dictionaries(st.sampled_from(names), JSON)) if names else {}
    try:
        message = decode(json.dumps({"type": kind.TYPE, **body}), messages)
    except WireError:
        return
    assert decode(encode(message), messages) == message


@given(st.binary(max_size=200) | st.text(max_size=200))
def test_no_noise_crashes_a_reader(noise: bytes | str) -> None:
    with pytest.raises(WireError):
        decode(noise, SAMPLES)


def test_the_largest_messages_of_a_node_pass() -> None:
    """What the limits of each list allow must fit together into one message."""
    sessions = tuple(
        node_control.RunningSession(f"ses_{number:024}", 2**31, worker_control.PlacementState.SUPERSEDED)
        for number in range(SESSIONS_PER_NODE_MAX)
    )
    titles = tuple(node_control.CachedTitle("t" * 64, "1" * 64) for _ in range(TITLES_PER_NODE_MAX))
    figures = tuple(
        node_control.SessionFigures(f"ses_{number:024}", 1024, 1234.56789, 123456789.123, 123.456789, 123.456789)
        for number in range(FIGURES_PER_HEARTBEAT)
    )
    capacity = node_control.NodeCapacity(SESSIONS_PER_NODE_MAX, 64, 2**40, 12.345, ("libx264",) * 8)
    archives = tuple("f" * 64 for _ in range(ARCHIVES_PER_NODE_MAX))
    hello = node_control.NodeHello(ProtocolRange(), "n" * 64, capacity, titles, sessions, archives=archives)
    for message in (hello, node_control.Heartbeat(sessions, 100.0, 2**40, figures, archives)):
        text = encode(message)
        assert decode(text, node_control.FROM_NODE, max_bytes=NODE_MESSAGE_MAX_BYTES) == message
