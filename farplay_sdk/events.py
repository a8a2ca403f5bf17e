"""What happened to a device, in the form that is logged and replayed. Pure.

An event is ``(seat, kind, *values)`` of integers and texts alone, so that a log reads back exactly::

    key usage down | text TEXT | point x y | move dx dy | button number down | wheel dx dy
    touch finger phase x y | pad index buttons lx ly rx ry lt rt | plug index connected | release

``x`` and ``y`` are 0 at the picture's left and top edge and 65535 at the others, ``dx`` and ``dy`` pixels, wheel
1/120 notch, phases 0 down, 1 move, 2 up, 3 cancelled, axes -32768 to 32767; ``release`` lets all of the seat go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from farplay_sdk.inputs import SEATS

Event: TypeAlias = tuple[int | str, ...]

TEXT_MAX = 64
_U16, _I16, _U32 = (0, 65535), (-32768, 32767), (0, 2**32 - 1)
_FLAG = (0, 1)
_BOUNDS: dict[str, tuple[tuple[int, int], ...]] = {
    "key": ((1, 511), _FLAG),
    "point": (_U16, _U16),
    "move": (_I16, _I16),
    "button": ((0, 4), _FLAG),
    "wheel": (_I16, _I16),
    "touch": ((0, 255), (0, 3), _U16, _U16),
    "pad": ((0, 3), _U32, *(_I16,) * 6),
    "plug": ((0, 3), _FLAG),
    "release": (),
}


def checked_event(raw: Any) -> Event:
    """Return an event that came from outside.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(raw, (list, tuple)) or len(raw) < 2:
        raise ValueError("an event is a list of a seat, a kind and its values")
    seat, kind, *values = raw
    if not _is_number(seat, (0, SEATS - 1)):
        raise ValueError(f"seat {seat!r} is not 0 to {SEATS - 1}")
    if kind == "text":
        if len(values) != 1 or not isinstance(values[0], str) or not 0 < len(values[0]) <= TEXT_MAX:
            raise ValueError(f"text has 1 to {TEXT_MAX} characters")
        return (seat, kind, values[0])
    bounds = _BOUNDS.get(kind) if isinstance(kind, str) else None
    if bounds is None:
        raise ValueError(f"there is no event {kind!r}")
    if not _fit(values, bounds):
        raise ValueError(f"{kind} does not take {values!r}")
    return (seat, kind, *values)


def _fit(values: Sequence[Any], bounds: Sequence[tuple[int, int]]) -> bool:
    return len(values) == len(bounds) and all(map(_is_number, values, bounds))


def _is_number(value: Any, bounds: tuple[int, int]) -> bool:
    return type(value) is int and bounds[0] <= value <= bounds[1]
