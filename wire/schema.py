"""Strict reading and writing of JSON control messages described by frozen dataclasses.

A message family is a set of dataclasses with a ``TYPE`` label. ``decode`` checks every field's type and length
and names the field that is wrong; unknown fields are ignored (a newer peer may send more), an unknown type is a
typed error. Field metadata: ``max_len`` (strings, lists), ``min``/``max`` (numbers).
"""

from __future__ import annotations

import dataclasses
import json
import types
import typing
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, TypeVar

from wire.errors import Reason, WireError
from wire.limits import CONTROL_MESSAGE_MAX_BYTES

TEXT_MAX_CHARS = 512
"""Length of a string field that names no limit of its own."""

LIST_MAX_ITEMS = 256
"""Length of a list field that names no limit of its own."""

NUMBER_MAX = 2**53
"""Bound, either way, of a number field that names none of its own: what a page holds exactly."""


class Message:
    """Base of every control message; subclasses are frozen dataclasses."""

    __slots__ = ()
    TYPE: ClassVar[str]


M = TypeVar("M", bound=Message)


def family(*members: type[M]) -> Mapping[str, type[M]]:
    """Return the messages that one connection may carry in one direction, by type label."""
    table = {member.TYPE: member for member in members}
    if len(table) != len(members):
        raise ValueError("two messages of a family share a TYPE")
    return table


def encode(message: Message) -> str:
    """Return the message as compact JSON text."""
    body = {"type": message.TYPE, **_plain(message)}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False)


def decode(text: str | bytes, messages: Mapping[str, type[M]], *, max_bytes: int = CONTROL_MESSAGE_MAX_BYTES) -> M:
    """Read one message of a family.

    Args:
        text: JSON.
        messages: The family.
        max_bytes: What a message of this sender may have.

    Raises:
        WireError: ``too_large``, ``malformed`` (names the field) or ``unknown_type``.
    """
    size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "surrogatepass"))
    if size > max_bytes:
        raise WireError(Reason.TOO_LARGE, f"a control message may have {max_bytes} bytes, got {size}")
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError(Reason.MALFORMED, "not JSON") from error
    if not isinstance(body, dict) or not isinstance(body.get("type"), str):
        raise WireError(Reason.MALFORMED, "a control message is an object with a string 'type'")
    kind = messages.get(body["type"])
    if kind is None:
        raise WireError(Reason.UNKNOWN_TYPE, f"unknown message type {body['type'][:40]!r}")
    return typing.cast(M, _read_object(kind, body, body["type"]))


def written_bytes(text: str) -> int:
    """Return the bytes that a text takes in a message: escaped, in UTF-8, without its quotes."""
    return len(json.dumps(text, ensure_ascii=False).encode()) - 2


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read_object(kind: type, body: Any, where: str) -> Any:
    if not isinstance(body, dict):
        raise WireError(Reason.MALFORMED, f"{where} must be an object")
    hints = _hints(kind)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(kind):
        path = f"{where}.{field.name}"
        if field.name in body:
            values[field.name] = _read(hints[field.name], body[field.name], path, field.metadata)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise WireError(Reason.MALFORMED, f"{path} is missing")
    return kind(**values)


def _read(hint: Any, value: Any, where: str, limits: Mapping[str, Any]) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        inner = [arg for arg in typing.get_args(hint) if arg is not type(None)]
        return None if value is None else _read(inner[0], value, where, limits)
    if origin is tuple:
        return _read_list(typing.get_args(hint)[0], value, where, limits)
    if origin is not None or not isinstance(hint, type):
        hint = getattr(hint, "__supertype__", hint)
    if dataclasses.is_dataclass(hint):
        return _read_object(typing.cast(type, hint), value, where)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return _read_enum(hint, value, where)
    return _read_scalar(hint, value, where, limits)


def _read_list(item: Any, value: Any, where: str, limits: Mapping[str, Any]) -> tuple[Any, ...]:
    longest = limits.get("max_len", LIST_MAX_ITEMS)
    if not isinstance(value, list) or len(value) > longest:
        raise WireError(Reason.MALFORMED, f"{where} must be a list of at most {longest}")
    return tuple(_read(item, entry, f"{where}[{index}]", {}) for index, entry in enumerate(value))


def _read_enum(hint: type[StrEnum], value: Any, where: str) -> StrEnum:
    try:
        return hint(value)
    except ValueError as error:
        raise WireError(Reason.MALFORMED, f"{where} must be one of {_names(hint)}") from error


def _names(hint: Iterable[StrEnum]) -> str:
    return ", ".join(str(member) for member in hint)


def _read_scalar(hint: Any, value: Any, where: str, limits: Mapping[str, Any]) -> Any:
    if hint is float and type(value) is int and abs(value) <= NUMBER_MAX:
        value = float(value)
    if type(value) is not hint:
        raise WireError(Reason.MALFORMED, f"{where} must be {getattr(hint, '__name__', hint)}")
    if hint is str:
        longest = limits.get("max_len", TEXT_MAX_CHARS)
        if len(value) > longest:
            raise WireError(Reason.MALFORMED, f"{where} may have {longest} characters")
        if any(0xD800 <= ord(char) <= 0xDFFF for char in value):
            raise WireError(Reason.MALFORMED, f"{where} is not valid Unicode")
        if "max_bytes" in limits and written_bytes(value) > limits["max_bytes"]:
            raise WireError(Reason.MALFORMED, f"{where} may take {limits['max_bytes']} bytes")
    elif hint in (int, float):
        low, high = limits.get("min", -NUMBER_MAX), limits.get("max", NUMBER_MAX)
        if not low <= value <= high:
            raise WireError(Reason.MALFORMED, f"{where} must be in {low}..{high}")
    return value
