"""Whether installed libraries are the versions that Farplay was built for. Pure.

Only what ``pyproject.toml`` uses is understood: names with optional extras, and ``>=``, ``>``, ``<=``, ``<``, ``==``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

_REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*\(?([^;)]*)\)?\s*(;.*)?")
_CLAUSE = re.compile(r"(>=|<=|==|>|<)\s*([0-9][0-9.]*)")
_COMPARE: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}
_PARTS = 4
"""Numbers of a version that are compared; missing ones count as 0."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A library and the versions that will do."""

    name: str
    clauses: tuple[tuple[str, str], ...]

    def allows(self, version: str) -> bool:
        """Tell whether a version will do; a pre-release counts as its release."""
        found = _numbers(version)
        return all(_COMPARE[sign](found, _numbers(bound)) for sign, bound in self.clauses)

    def __str__(self) -> str:
        return self.name + ",".join(f"{sign}{bound}" for sign, bound in self.clauses)


def read_requirement(text: str) -> Requirement | None:
    """Return a line of the metadata read; None for one that holds only elsewhere (an extra or another system)."""
    match = _REQUIREMENT.fullmatch(text.strip())
    if match is None or match[3] is not None:
        return None
    return Requirement(match[1], tuple((sign, bound) for sign, bound in _CLAUSE.findall(match[2])))


def _numbers(version: str) -> tuple[int, ...]:
    parts = [int(part) for part in re.findall(r"\d+", re.split(r"[a-zA-Z+-]", version, maxsplit=1)[0])]
    return tuple((parts + [0] * _PARTS)[:_PARTS])
