"""The ``farplay`` command: starts and supervises the processes, on this machine or as one role of a fleet."""

from __future__ import annotations

import importlib.metadata


def version() -> str:
    """Return the installed version, or ``0+checkout`` when run from a folder that is not installed."""
    try:
        return importlib.metadata.version("farplay")
    except importlib.metadata.PackageNotFoundError:
        return "0+checkout"
