"""What a title has written: measured while it runs, since nothing else bounds a folder, and cut back after.

A title whose folder grows over its bound is ended; then what it wrote last goes first until the folder fits again, so
that older saves stay and the next session can start. What cannot be measured is over the bound, and goes before all
else. Links are never followed.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from title_archive.removal import remove_tree

BLOCK_BYTES = 512
"""Unit of ``st_blocks``."""

DEPTH_MAX = 64
"""Folders in folders; no save needs more, and each must be opened to be measured."""


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
    fault: str = ""
    """Why what lies in it cannot be measured, in words."""
    is_hidden: bool = False
    """The title made it so; a disk that fails, or a process without descriptors, costs no saves."""


def fault(bound: StorageBound) -> str | None:
    """Return in words how a folder is over its bound, None if it is not; stops looking as soon as it is.

    Blocks for as long as it takes to look at ``max_entries`` entries, about 50 ms; any thread.
    """
    used_bytes = 0
    for entries, entry in enumerate(_entries(bound.folder), start=1):
        if entry.fault:
            return entry.fault
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
    with suppress(OSError):
        os.chmod(bound.folder, 0o700)
    hidden = [entry.path for entry in _entries(bound.folder) if entry.is_hidden and entry.path != bound.folder]
    for path in hidden:
        remove_tree(Path(path))
    removed = len(hidden)
    # A folder may have changed after what lies in it, and is empty only once that is gone.
    while gone := _remove_newest(bound):
        removed += gone
    return removed


def _remove_newest(bound: StorageBound) -> int:
    entries = sorted(_entries(bound.folder), key=lambda entry: entry.changed_ns)
    used_bytes = sum(entry.used_bytes for entry in entries)
    kept, removed = len(entries), 0
    while entries and (used_bytes > bound.max_bytes or kept > bound.max_entries):
        entry = entries.pop()
        with suppress(OSError):
            (os.rmdir if entry.is_folder else os.unlink)(entry.path)
            used_bytes -= entry.used_bytes
            kept -= 1
            removed += 1
    return removed


def _entries(folder: str) -> Iterator[_Entry]:
    """Yield what lies in a folder, what lies in a folder before it; a folder that cannot be measured once more."""
    waiting = [(folder, 0)]
    while waiting:
        place, depth = waiting.pop()
        try:
            if depth > DEPTH_MAX:
                words = f"the title made more than {DEPTH_MAX} folders in each other"
                yield _Entry(place, 0, 0, True, words, is_hidden=True)
                continue
            with os.scandir(place) as found:
                for each in found:
                    with suppress(FileNotFoundError):
                        status = each.stat(follow_symlinks=False)
                        is_folder = each.is_dir(follow_symlinks=False)
                        if is_folder:
                            waiting.append((each.path, depth + 1))
                        used_bytes = status.st_blocks * BLOCK_BYTES
                        yield _Entry(str(Path(each.path)), used_bytes, status.st_ctime_ns, is_folder)
        except (FileNotFoundError, NotADirectoryError):
            # The title removed it meanwhile.
            continue
        except OSError as error:
            words = f"what the title wrote into its folder cannot be measured: {error.strerror}"
            yield _Entry(place, 0, 0, True, words, is_hidden=error.errno in (errno.EACCES, errno.ENAMETOOLONG))
