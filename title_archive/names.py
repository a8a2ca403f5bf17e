"""Which names of files an archive may hold, so that it unpacks to the same files on every machine."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from title_archive.zip_layout import PATH_MAX_BYTES

PART_MAX_BYTES = 255
"""Longest name of one file or folder that Linux file systems take."""
DEPTH_MAX = 32


def name_fault(name: bytes) -> str | None:
    """Return what is wrong with one name, in words; None if it may stand in an archive."""
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return "is not UTF-8"
    parts = text.split("/")
    if text.startswith("/"):
        return "is an absolute path"
    if any(part in ("", ".", "..") for part in parts):
        return "has a part that is empty, '.' or '..'"
    if "\\" in text or any(unicodedata.category(char) == "Cc" for char in text):
        return "holds a backslash or a control character"
    if len(name) > PATH_MAX_BYTES or len(parts) > DEPTH_MAX:
        return f"is longer than {PATH_MAX_BYTES} bytes or deeper than {DEPTH_MAX} folders"
    if any(len(part.encode()) > PART_MAX_BYTES for part in parts):
        return f"has a part of more than {PART_MAX_BYTES} bytes"
    return None


def clashes(names: Iterable[bytes]) -> list[tuple[str, str]]:
    """Return pairs of names that are one file on some file system: by case, by accents, or file and folder at once.

    Args:
        names: Names without faults of their own.
    """
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    found = []
    for name in sorted(names):
        text = name.decode()
        key = _folded(text)
        if key in seen:
            found.append((seen[key], text))
        seen[key] = text
        parts = text.split("/")
        for depth in range(1, len(parts)):
            folder = "/".join(parts[:depth])
            other = folders.setdefault(_folded(folder), folder)
            if other != folder:
                found.append((other, folder))
    found += [(seen[key], f"{folder}/") for key, folder in folders.items() if key in seen]
    return sorted(set(found))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
