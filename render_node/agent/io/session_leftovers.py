"""Folders and control groups of sessions, as far as the agent has to do with them: before a worker and after it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from render_node.session.io.control_group import ControlGroup, find_home, remove_left_behind
from title_archive.removal import remove_tree
from wire.sandbox import SESSION_PREFIX, Wall, session_name
from wire.worker_control import StartWorker

ENTER_ONLY = 0o711
"""Others may pass through a folder without seeing what is in it."""


class SessionLeftovers:
    """Removes what a worker leaves that was killed; else it removes these things itself."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir

    def remove(self, session_id: str) -> None:
        """Remove what is left of a session of this agent; may block for two seconds."""
        name = session_name(os.getpid(), session_id)
        with suppress(OSError):
            ControlGroup(find_home(), name).remove()
        remove_tree(self.run_dir / name)

    def remove_of_the_dead(self) -> None:
        """Remove what agents have left that live no more."""
        with suppress(OSError):
            remove_left_behind(find_home())
        for folder in self.run_dir.glob(f"{SESSION_PREFIX}*"):
            owner = folder.name.removeprefix(SESSION_PREFIX).partition("-")[0]
            if not os.path.exists(f"/proc/{owner}"):
                remove_tree(folder)


def prepare_save_folder(data_dir: Path, start: StartWorker) -> None:
    """Make a session's save folder, and let a title with a user of its own pass through to it.

    Raises:
        OSError: the folder cannot be made.
    """
    save_dir = Path(start.save_dir)
    save_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    if Wall.OWN_USER in start.sandbox.walls:
        for folder in save_dir.parents:
            if folder.is_relative_to(data_dir):
                folder.chmod(ENTER_ONLY)
