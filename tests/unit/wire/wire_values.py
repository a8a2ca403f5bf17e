"""Hypothesis strategies for whatever the wire can carry, made from the contract's own dataclasses."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from hypothesis import strategies as st

from wire import frame_story as story
from wire import input_events as inputs
from wire.limits import PADS_MAX

U8, U16, U32, U64 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32, 64))
I16, I32 = (st.integers(-(2**bits), 2**bits - 1) for bits in (15, 31))
PADS = st.integers(0, PADS_MAX - 1)
UNICODE = st.characters(exclude_categories=["Cs"])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def fields_of(kind: type) -> st.SearchStrategy[Any]:
    """Return a strategy for a dataclass of the control families, every field within its bounds."""
    hints = typing.get_type_hints(kind)
    return st.builds(
        kind, **{field.name: _field(hints[field.name], field.metadata) for field in dataclasses.fields(kind)}
    )


def _field(hint: Any, bounds: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        (inner,) = (arg for arg in typing.get_args(hint) if arg is not type(None))
        return st.none() | _field(inner, bounds)
    if origin is tuple:
        return st.lists(_field(typing.get_args(hint)[0], {}), max_size=min(3, bounds.get("max_len", 3))).map(tuple)
    if dataclasses.is_dataclass(hint):
        return fields_of(typing.cast(type, hint))
    if issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if hint is str:
        return st.text(UNICODE, max_size=min(20, bounds.get("max_len", 20)))
    if hint is bool:
        return st.booleans()
    low, high = bounds.get("min", -(2**53)), bounds.get("max", 2**53)
    return st.integers(low, high) if hint is int else st.floats(low, high)


PAYLOADS: st.SearchStrategy[inputs.Payload] = st.one_of(
    st.builds(inputs.Key, st.integers(1, 511), st.booleans()),
    st.text(UNICODE, min_size=1, max_size=64).filter(lambda text: len(text.encode()) <= 64).map(inputs.Text),
    st.builds(inputs.MouseAbs, U16, U16),
    st.builds(inputs.MouseRel, I16, I16),
    st.builds(inputs.MouseButton, st.integers(0, 4), st.booleans()),
    st.builds(inputs.Wheel, I16, I16),
    st.builds(inputs.Touch, U8, st.sampled_from(inputs.TouchPhase), U16, U16),
    st.builds(inputs.Pad, PADS, U32, st.tuples(I16, I16, I16, I16, I16, I16)),
    st.builds(inputs.PadPresence, PADS, st.booleans()),
    st.just(inputs.ReleaseAll()),
)
EVENTS = st.builds(inputs.InputEvent, PAYLOADS, U8, U16)
BATCHES = st.builds(
    inputs.InputBatch, U16, U32, U64, st.lists(EVENTS, max_size=16).map(tuple), snapshot=st.booleans()
)


@st.composite
def cursors(draw: st.DrawFn) -> story.Cursor:
    """Return a cursor whose image fits its size."""
    width, height = draw(st.integers(0, 8)), draw(st.integers(0, 8))
    rgba = draw(st.binary(min_size=width * height * 4, max_size=width * height * 4))
    return story.Cursor(draw(st.booleans()), draw(st.booleans()), width, height, draw(U8), draw(U8), rgba)


SEAT_RUMBLES = st.builds(story.SeatRumble, st.integers(0, 7), PADS, U16, U16, U16)
TEXT_INPUTS = st.builds(story.TextInput, st.booleans())
ABSENCES = st.builds(story.Absence, st.sampled_from(story.Presence), U32)
STORIES: st.SearchStrategy[story.Story] = st.one_of(
    st.builds(story.FrameStory, U32, U32, U32, U32, U32, U64, U32, U32, U32, I32, st.booleans()),
    st.builds(story.ClockRequest, U64),
    st.builds(story.ClockReply, U64, U64, U64),
    st.builds(story.Ack, U32),
    cursors(),
    SEAT_RUMBLES,
    TEXT_INPUTS,
    ABSENCES,
    st.builds(story.DisplayPhase, st.integers(-50_000, 50_000)),
    st.builds(story.FrameReport, st.integers(0, 2**32 - 1)),
    st.builds(story.Display, st.integers(1, 1000), st.integers(0, 100)),
)
