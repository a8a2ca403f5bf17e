"""What a title has written: measured while it runs, since nothing else bounds a folder, and cut back after.

A title whose folder grows over its bound is ended; then what it wrote last goes first until the folder fits again, so
that older saves stay and the next session can start. Links are never followed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

BLOCK_BYTES = 512
"""Unit of ``st_blocks``."""


@dataclass(frozen=True, slots=True)
class StorageBound:
    """A folder and what may lie in it."""

    folder: str
    max_bytes: int
    """Disk space, holes not counted."""
    max_entries: int
    """Files, folders and links."""


@dataclass(frozen=True, slots=True)
class _Entry:
    path: str
    used_bytes: int
    changed_ns: int
    is_folder: bool


def fault(bound: StorageBound) -> str | None:
    """Return in words how a folder is over its bound, None if it is not; stops looking as soon as it is.

    Blocks for as long as it takes to look at ``max_entries`` entries, about 50 ms; any thread.
    """
    used_bytes = 0
    for entries, entry in enumerate(_entries(bound.folder), start=1):
        used_bytes += entry.used_bytes
        if used_bytes > bound.max_bytes:
            return f"the title wrote more than {bound.max_bytes >> 20} MiB into its folder"
        if entries > bound.max_entries:
            return f"the title wrote more than {bound.max_entries} files into its folder"
    return None


def cut_back(bound: StorageBound) -> int:
    """Remove what was written last until the folder is within its bound; return how many entries went.

    Nobody may write to the folder any more.
    """
    entries = sorted(_entries(bound.folder), key=lambda entry: entry.changed_ns)
    used_bytes = sum(entry.used_bytes for entry in entries)
    kept = len(entries)
    removed = 0
    while entries and (used_bytes > bound.max_bytes or kept > bound.max_entries):
        entry = entries.pop()
        with suppress(OSError):
            (os.rmdir if entry.is_folder else os.unlink)(entry.path)
            used_bytes -= entry.used_bytes
            kept -= 1
            removed += 1
    return removed


def _entries(folder: str) -> Iterator[_Entry]:
    """Yield what lies in a folder, what lies in a folder before it."""
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        with suppress(OSError), os.scandir(place) as found:
            for each in found:
                is_folder = each.is_dir(follow_symlinks=False)
                if is_folder:
                    waiting.append(each.path)
                with suppress(OSError):
                    status = each.stat(follow_symlinks=False)
                    yield _Entry(str(Path(each.path)), status.st_blocks * BLOCK_BYTES, status.st_ctime_ns, is_folder)
