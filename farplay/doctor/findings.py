"""What the doctor found: one line each, and what all lines say together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    LACKS = "lacks"
    """Farplay runs, but something is missing or slower."""
    FAILS = "fails"
    """Farplay does not run before this is mended."""


class Group(StrEnum):
    """What a finding is about, in the order of the report."""

    MACHINE = "Machine"
    SOFTWARE = "Software"
    MEDIA = "Picture and sound"
    SANDBOX = "Sandbox"
    NETWORK = "Network"
    TITLES = "Titles"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    group: Group
    name: str
    level: Level
    words: str
    advice: str = ""
    """What to do, in words or as a command; empty if nothing needs doing."""


def ok(group: Group, name: str, words: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(group, name, Level.OK, words)


def is_healthy(findings: Iterable[Finding]) -> bool:
    """Tell whether Farplay runs here."""
    return all(finding.level is not Level.FAILS for finding in findings)


def summary(findings: Iterable[Finding]) -> str:
    """Return one sentence on all findings."""
    levels = [finding.level for finding in findings]
    fails, lacks = levels.count(Level.FAILS), levels.count(Level.LACKS)
    if fails:
        return f"Farplay does not run here yet: {_things(fails)} to mend."
    if lacks:
        return f"Farplay runs here. {_things(lacks).capitalize()} could be better."
    return "Farplay runs here, and nothing is missing."


def _things(count: int) -> str:
    return "one thing" if count == 1 else f"{count} things"


def as_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the report for a program."""
    listed = list(findings)
    return {"healthy": is_healthy(listed), "findings": [asdict(finding) for finding in listed]}
