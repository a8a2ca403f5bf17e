"""What the command says when it cannot go on, and the exit status that scripts see."""

from __future__ import annotations

from enum import IntEnum


class ExitStatus(IntEnum):
    """Exit statuses of ``farplay``; 2 is the option parser's."""

    OK = 0
    FAILED = 1
    LOCKED = 3
    """Another process works on the same data folder."""
    PORT_IN_USE = 4
    UNSUPPORTED = 5
    """This system cannot run Farplay."""
    BAD_TITLE = 6


class CommandFailure(Exception):
    """A failure that a person can act on.

    Attributes:
        status: The exit status.
        words: What happened.
        advice: What to do about it; may be empty.
    """

    def __init__(self, status: ExitStatus, words: str, advice: str = "") -> None:
        super().__init__(words)
        self.status = status
        self.words = words
        self.advice = advice
