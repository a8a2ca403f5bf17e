"""What a check found: each requirement once, with what was measured and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a requirement came out."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Could not be looked at, because of another failure."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement."""

    name: str
    """Short and stable, such as ``frame-rate`` or ``device-pad``; scripts rely on it."""
    outcome: Outcome
    words: str
    """What was seen."""
    advice: str = ""
    """What its developer can do, where it failed."""


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of one title."""

    title: str
    """Its id, or the path where there is no id yet."""
    findings: tuple[Finding, ...]
    took_s: float

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not any(finding.outcome is Outcome.FAILED for finding in self.findings)


def judged(name: str, good: bool, words: str, advice: str) -> Finding:
    """Return a finding that passed, or failed with advice."""
    return Finding(name, Outcome.PASSED, words) if good else Finding(name, Outcome.FAILED, words, advice)


def skipped(names: Sequence[str], words: str) -> list[Finding]:
    """Return findings of what could not be looked at."""
    return [Finding(name, Outcome.SKIPPED, words) for name in names]
