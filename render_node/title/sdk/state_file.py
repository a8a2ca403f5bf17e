"""Where a title's state lies between sessions: one file in the player's save folder, replaced as a whole."""

from __future__ import annotations

from pathlib import Path

from render_node.title.save_file import KeptFile, replace_file

STATE_FILE = "state"
ASIDE_FILE = "state.unread"
"""A state that the title could not read, kept for whoever can."""
CRASH_FILE = "crash.jsonl"
"""The input log up to a crash."""


class StateFile:
    """Reads and writes in the save folder."""

    def __init__(self, folder: Path) -> None:
        self._state = KeptFile(folder / STATE_FILE)
        self._aside = folder / ASIDE_FILE
        self._crash = folder / CRASH_FILE

    def read(self) -> bytes | None:
        """Return the state of the session before; None in a first one."""
        try:
            return self._state.path.read_bytes()
        except FileNotFoundError:
            return None

    def write(self, state: bytes) -> None:
        """Put a state in the place of the one before, which stays until this one is whole; see ``settle``."""
        self._state.keep(state)

    def settle(self) -> None:
        """Wait until the state is on the disk."""
        self._state.settle()

    def put_aside(self) -> None:
        """Keep a state that cannot be read out of the way."""
        self._state.path.replace(self._aside)

    def write_crash(self, text: str) -> None:
        """Keep the input log that led to a crash, in the place of the one before."""
        replace_file(self._crash, text.encode())
