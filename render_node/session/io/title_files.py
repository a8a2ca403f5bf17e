"""What a title may see of this machine beside its own folder: system, interpreter, packages, environment."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from pathlib import Path

from wire.errors import Reason, WireError

SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib64", "/lib32")
"""Beside ``/usr``; links into it on most systems."""

ETC_FILES = ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")


def environment(save: str, scratch: str, packages: str) -> dict[str, str]:
    """Return the environment of every title, to which its kind adds.

    Args:
        save: Its save folder, as it sees it.
        scratch: Its folder for temporary files, as it sees it.
        packages: Import path of its kind's and its own packages, as it sees it.
    """
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": save,
        "FARPLAY_SAVE_DIR": save,
        "XDG_DATA_HOME": save,
        "XDG_CONFIG_HOME": save,
        "XDG_CACHE_HOME": scratch,
        "XDG_RUNTIME_DIR": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "PYTHONPATH": packages,
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def interpreter() -> list[str]:
    """Return the Python command line inside the sandbox: isolated, without ``site``, unbuffered."""
    name = f"bin/python{sys.version_info.major}.{sys.version_info.minor}"
    python = Path(sys.base_prefix) / name
    found = python if python.exists() else Path(os.path.realpath(sys.executable))
    return [str(found), "-I", "-S", "-B", "-u", "-X", "utf8"]


def python_folders() -> list[tuple[str, str]]:
    """Return the interpreter's folders outside ``/usr``: where they lie, and under which name it looks for them."""
    base = os.path.realpath(sys.base_prefix)
    if base == "/usr" or base.startswith("/usr/"):
        return []
    return [(f"{base}/{part}", f"{sys.base_prefix}/{part}") for part in ("bin", "lib")]


@functools.cache
def package_folders(packages: tuple[str, ...]) -> tuple[Path, ...]:
    """Return where packages and modules lie that titles of a kind may import, with the shared libraries beside them.

    Raises:
        WireError: ``sandbox_unavailable`` if one is not installed.
    """
    folders: list[Path] = []
    for name in packages:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise WireError(Reason.SANDBOX_UNAVAILABLE, f"{name} is not installed")
        origin = Path(spec.origin)
        place = origin if spec.submodule_search_locations is None else origin.parent
        folders += [place, *sorted(place.parent.glob(f"{name}*.libs"))]
    return tuple(folders)


def launcher_folders() -> tuple[tuple[str, Path], ...]:
    """Return the launcher's packages: name below its import path, and folder."""
    root = Path(__file__).parents[3]
    return tuple((package, root / package) for package in ("render_node/title", "wire"))
