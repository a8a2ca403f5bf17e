"""Findings as the steps of a check make them, of no more text than a report carries."""

from __future__ import annotations

from collections.abc import Sequence

from wire.title_check import FINDING_ADVICE_MAX_CHARS, FINDING_WORDS_MAX_CHARS, Finding, Outcome


def judged(name: str, good: bool, words: str, advice: str) -> Finding:
    """Return a finding that passed, or failed with advice; of longer texts the beginning."""
    words, advice = _carried(words, FINDING_WORDS_MAX_CHARS), _carried(advice, FINDING_ADVICE_MAX_CHARS)
    return Finding(name, Outcome.PASSED, words) if good else Finding(name, Outcome.FAILED, words, advice)


def skipped(names: Sequence[str], words: str) -> list[Finding]:
    """Return findings of what could not be looked at."""
    return [Finding(name, Outcome.SKIPPED, words) for name in names]


def _carried(text: str, most: int) -> str:
    """Return what a message can hold of a text; names of files may be no Unicode."""
    return text[:most].encode("utf-8", "replace").decode()
