"""Folders in folders: deeper than Python may recurse, and longer than a path may be."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DEPTH = 250
"""More folders in each other than ``little_stack`` allows calls."""


@contextmanager
def little_stack() -> Iterator[None]:
    """Let Python recurse less deep than ``DEPTH`` in the block; folders as deep as it usually does take long."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + DEPTH // 2)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


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
