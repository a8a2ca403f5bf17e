"""What a check of a title found, as it goes from the node that ran it by the broker to the title's developer."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from wire.errors import Reason
from wire.schema import Message, family

FINDING_WORDS_MAX_CHARS = 1024
FINDING_ADVICE_MAX_CHARS = 8192
"""Holds what a title printed last."""
FINDINGS_MAX = 64
REPORT_MAX_BYTES = 512 * 1024
SCREENSHOT_MAX_BYTES = 16 * 1024 * 1024
"""A picture of the largest size, as PNG, which nothing in it makes smaller."""
SCREENSHOTS_MAX = 16


class Outcome(StrEnum):
    """How a requirement came out."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    """Could not be looked at, because of another failure."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement."""

    name: str = field(metadata={"max_len": 64})
    """Short and stable, such as ``frame-rate`` or ``device-pad``; scripts rely on it."""
    outcome: Outcome
    words: str = field(metadata={"max_len": FINDING_WORDS_MAX_CHARS})
    """What was seen."""
    advice: str = field(default="", metadata={"max_len": FINDING_ADVICE_MAX_CHARS})
    """What its developer can do, where it failed."""


@dataclass(frozen=True, slots=True)
class CheckReport(Message):
    """All findings of one title."""

    TYPE: ClassVar[str] = "check_report"
    title: str = field(metadata={"max_len": 4096})
    """Its id, or the path where there is no id yet."""
    findings: tuple[Finding, ...] = field(metadata={"max_len": FINDINGS_MAX})
    took_s: float = field(metadata={"min": 0.0, "max": 86_400.0})

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return not any(finding.outcome is Outcome.FAILED for finding in self.findings)


@dataclass(frozen=True, slots=True)
class CheckFailure(Message):
    """Why a node could not check a title."""

    TYPE: ClassVar[str] = "check_failure"
    reason: Reason
    detail: str = field(default="", metadata={"max_len": 4096})


RESULTS = family(CheckReport, CheckFailure)
"""What a node uploads at the end of a check."""

REPORTS = family(CheckReport)
"""What a broker gives to the title's developer."""
