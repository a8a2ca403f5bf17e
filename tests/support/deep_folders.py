"""Folders in folders, deeper than Python can recurse and longer than a path may be."""

from __future__ import annotations

import os
from pathlib import Path


def make_deep(top: Path, depth: int, name: str = "d") -> None:
    """Make so many folders, one in the other, in ``top``, and a file in the innermost."""
    place = os.open(top, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=place)
        inner = os.open(name, os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=place))
    os.close(place)
