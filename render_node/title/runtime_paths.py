"""Where things lie in a title's runtime, whose folder has Debian's layout: programs, shared libraries, data.

What the machine itself has comes first, since it goes with its C library and drivers; the runtime adds what is
missing. Variables are set for the title's program alone: the launcher and its servers run as they always do.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

RUNTIME_VARIABLE = "FARPLAY_RUNTIME"
"""Holds the runtime's folder, for titles that have one."""

_PROGRAMS = ("usr/bin", "usr/games")
_DATA = "/usr/local/share:/usr/share"


def runtime_folders() -> tuple[Path, ...]:
    """Return the runtime's folder, if this process has one."""
    named = os.environ.get(RUNTIME_VARIABLE)
    return (Path(named),) if named else ()


def runtime_environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return by what a program finds what its runtime holds; nothing without a runtime.

    Args:
        variables: The program's own.
    """
    named = variables.get(RUNTIME_VARIABLE)
    if not named:
        return {}
    runtime = Path(named)
    libraries = list(_library_folders(runtime))
    places = [*dict.fromkeys(f"/{each.relative_to(runtime)}" for each in libraries), *map(str, libraries)]
    return {
        "PATH": ":".join([variables["PATH"], *(f"{runtime}/{each}" for each in _PROGRAMS)]),
        "LD_LIBRARY_PATH": ":".join(places),
        "XDG_DATA_DIRS": f"{_DATA}:{runtime}/usr/share",
    }


def _library_folders(runtime: Path) -> Iterator[Path]:
    """Yield the folders of shared libraries: the architecture's, those within it, and those of no architecture.

    Packages keep libraries of their own within the first, and find them by absolute paths, which do not lead here.
    """
    for multiarch in sorted(runtime.glob("usr/lib/*-linux-gnu*")):
        yield multiarch
        yield from sorted({library.parent for library in multiarch.glob("*/lib*.so.*")})
    yield runtime / "usr/lib"
