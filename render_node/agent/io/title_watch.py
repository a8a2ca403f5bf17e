"""Notices that a title's files changed, for developers who play what they write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from wire.title_manifest import SITE_PACKAGES, InstalledTitle

WATCH_EVERY_S = 0.5
FILES_MAX = 5000
"""Files of one title that are watched; a program that lies in a large folder has more beside it than are its own."""

_LEFT_OUT = ("__pycache__", SITE_PACKAGES)
"""Folders whose files nobody writes by hand."""

State = Mapping[str, tuple[int, int]]
"""Modification time and size by path."""


class TitleWatch:
    """Compares the files of titles with what they were at the last look."""

    def __init__(self, titles: Iterable[InstalledTitle]) -> None:
        self._folders = {title.manifest.id: title.folder for title in titles}
        self._seen = {title_id: _state(folder) for title_id, folder in self._folders.items()}

    def changed(self) -> list[str]:
        """Return the ids of titles that changed since the last look. Blocks on the disk."""
        changed = []
        for title_id, folder in self._folders.items():
            now = _state(folder)
            if now != self._seen[title_id]:
                changed.append(title_id)
            self._seen[title_id] = now
        return changed


def _state(folder: str) -> State:
    found: dict[str, tuple[int, int]] = {}
    for entry in _files(folder):
        try:
            info = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        found[entry.path] = (info.st_mtime_ns, info.st_size)
        if len(found) >= FILES_MAX:
            break
    return found


def _files(folder: str) -> Iterator[os.DirEntry[str]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _LEFT_OUT:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path)
        else:
            yield entry
