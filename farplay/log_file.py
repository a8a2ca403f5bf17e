"""Bounded log files for child processes that write to them directly.

The children hold the file open for appending, so that logging never waits for anybody; the supervisor copies the
content aside and truncates it when it has grown too long.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LOG_MAX_BYTES = 8 * 1024 * 1024
"""Length at which a log is set aside; one older part is kept."""

TRIM_EVERY_S = 5.0
"""How often the length is looked at."""


def open_log(path: Path) -> int:
    """Return a descriptor that appends to ``path`` (mode 0600); the caller closes it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)


def trim_log(path: Path, max_bytes: int = LOG_MAX_BYTES) -> bool:
    """Set the content aside as ``path.1`` if it is longer than ``max_bytes``; return whether it was."""
    try:
        if path.stat().st_size <= max_bytes:
            return False
        shutil.copyfile(path, path.with_name(f"{path.name}.1"))
        os.truncate(path, 0)
    except FileNotFoundError:
        return False
    return True


def last_lines(path: Path, count: int = 5) -> list[str]:
    """Return the last lines of a log, for a failure's words."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - 8192))
            return file.read().decode(errors="replace").splitlines()[-count:]
    except OSError:
        return []
