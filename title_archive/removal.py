"""Removes folders however deep they are: titles write what they like, and Python's own removal is recursive."""

from __future__ import annotations

import itertools
import os
import secrets
from contextlib import suppress
from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_tree(folder: Path) -> None:
    """Remove a folder with all that lies in it, read-only or not; nothing if it is not there.

    Folders in folders are moved up to the top before they are emptied, so that neither depth nor the length of a path
    is bounded, and a few descriptors are enough. Links are never followed. What cannot be removed stays.
    """
    with suppress(OSError):
        above = os.open(folder.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _allow_writing(folder.name, above)
            top = os.open(folder.name, _FOLDER, dir_fd=above)
            try:
                _remove_all(top)
            finally:
                os.close(top)
            os.rmdir(folder.name, dir_fd=above)
        finally:
            os.close(above)


def _remove_all(top: int) -> None:
    moved = (f".{secrets.token_hex(8)}.{number}" for number in itertools.count())
    waiting = _unlink_files(top)
    while waiting:
        name = waiting.pop()
        with suppress(OSError):
            place = os.open(name, _FOLDER, dir_fd=top)
            try:
                for child in _unlink_files(place):
                    waiting.append(next(moved))
                    os.rename(child, waiting[-1], src_dir_fd=place, dst_dir_fd=top)
            finally:
                os.close(place)
            os.rmdir(name, dir_fd=top)


def _unlink_files(place: int) -> list[str]:
    """Remove all but the folders in a folder, which may be written to afterwards; return their names."""
    folders: list[str] = []
    with os.scandir(place) as found:
        entries = list(found)
    for entry in entries:
        with suppress(OSError):
            if entry.is_dir(follow_symlinks=False):
                _allow_writing(entry.name, place)
                folders.append(entry.name)
            else:
                os.unlink(entry.name, dir_fd=place)
    return folders


def _allow_writing(name: str, above: int) -> None:
    """Give a folder's owner all rights; a link in its place is refused, not followed."""
    place = os.open(name, os.O_PATH | _FOLDER, dir_fd=above)
    try:
        os.chmod(f"/proc/self/fd/{place}", 0o700)
    finally:
        os.close(place)
