"""Why a title ended is read from its exit."""

from __future__ import annotations

import signal

import pytest

from render_node.session.core.title_end import SIGNAL_EXIT, TitleEnd, read_exit
from wire.errors import Reason

KILLED = SIGNAL_EXIT + signal.SIGKILL
FORBIDDEN_CALL = SIGNAL_EXIT + signal.SIGSYS


@pytest.mark.parametrize(
    ("status", "memory_kills", "reason", "words", "violations"),
    [
        (0, 0, Reason.TITLE_QUIT, "", 0),
        (1, 0, Reason.TITLE_CRASHED, "the title ended with exit status 1", 0),
        (128, 0, Reason.TITLE_CRASHED, "the title ended with exit status 128", 0),
        (SIGNAL_EXIT + signal.SIGSEGV, 0, Reason.TITLE_CRASHED, "the title ended with signal 11", 0),
        (KILLED, 0, Reason.TITLE_CRASHED, "the title ended with signal 9", 0),
        (KILLED, 2, Reason.TITLE_MEMORY, "the title used up the memory that it may have", 2),
        # A child of its was killed, and it went on.
        (1, 1, Reason.TITLE_CRASHED, "the title ended with exit status 1", 0),
        (FORBIDDEN_CALL, 0, Reason.TITLE_VIOLATION, "the title made a system call that no title may make", 1),
    ],
)
def test_exits_are_told_apart(status: int, memory_kills: int, reason: Reason, words: str, violations: int) -> None:
    end = read_exit(status, connected=True, memory_kills=memory_kills, last_words="bwrap: says the title itself")
    assert end == TitleEnd(reason, words, violations)


@pytest.mark.parametrize("said", ["bwrap: no permissions\n", "launcher: landlock\n"])
def test_walls_that_cannot_be_built_are_not_the_title_s_fault(said: str) -> None:
    end = read_exit(1, connected=False, memory_kills=0, last_words=said)
    assert end == TitleEnd(Reason.SANDBOX_UNAVAILABLE, "the sandbox could not be built", 0)
    assert read_exit(1, connected=False, memory_kills=0, last_words=f"oh, {said}").reason is Reason.TITLE_CRASHED
