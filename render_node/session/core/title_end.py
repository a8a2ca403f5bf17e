"""Why a title's process is no more, as its exit tells it. Pure."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from wire.errors import Reason

BUILDERS = ("bwrap:", "launcher:")
"""Who says so first when a wall cannot be built."""

SIGNAL_EXIT = 128
"""Exit statuses above are signals."""


@dataclass(frozen=True, slots=True)
class TitleEnd:
    """Why a title's process is no more."""

    reason: Reason
    detail: str
    violations: int
    """How often it ran against a wall in a way that no honest title does."""


def read_exit(status: int, *, connected: bool, memory_kills: int, last_words: str) -> TitleEnd:
    """Return why a title exited by itself.

    Args:
        status: Of the exit; 128 + n for signal n.
        connected: Whether it has ever spoken to the worker.
        memory_kills: How many of its processes the kernel killed because its memory was used up.
        last_words: What it printed, or who built its walls.
    """
    number = status - SIGNAL_EXIT
    if not connected and last_words.startswith(BUILDERS):
        return TitleEnd(Reason.SANDBOX_UNAVAILABLE, "the sandbox could not be built", 0)
    if memory_kills and number == signal.SIGKILL:
        return TitleEnd(Reason.TITLE_MEMORY, "the title used up the memory that it may have", memory_kills)
    if number == signal.SIGSYS:
        return TitleEnd(Reason.TITLE_VIOLATION, "the title made a system call that no title may make", 1)
    if status == 0:
        return TitleEnd(Reason.TITLE_QUIT, "", 0)
    how = f"signal {number}" if number > 0 else f"exit status {status}"
    return TitleEnd(Reason.TITLE_CRASHED, f"the title ended with {how}", 0)
