"""What a title may see of this machine beside its own folder: system, interpreter, pygame, launcher, environment."""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
from pathlib import Path

from wire.errors import Reason, WireError

PACKAGES = ("pygame", "numpy")
"""What a title may import beyond the standard library, with the shared libraries beside it."""

SYSTEM_FOLDERS = ("/bin", "/sbin", "/lib", "/lib64", "/lib32")
"""Beside ``/usr``; links into it on most systems."""

ETC_FILES = ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime")


def environment(save: str, scratch: str, packages: str) -> dict[str, str]:
    """Return a title's whole environment.

    Args:
        save: Its save folder, as it sees it.
        scratch: Its folder for temporary files, as it sees it.
        packages: Import path of pygame and numpy, as it sees it.
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
        "PYGAME_HIDE_SUPPORT_PROMPT": "1",
        "SDL_VIDEODRIVER": "dummy",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
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
def package_folders() -> tuple[Path, ...]:
    """Return the folders of the packages that titles may import.

    Raises:
        WireError: ``sandbox_unavailable`` if one is not installed.
    """
    folders: list[Path] = []
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise WireError(Reason.SANDBOX_UNAVAILABLE, f"{name} is not installed")
        folder = Path(spec.origin).parent
        folders += [folder, *sorted(folder.parent.glob(f"{name}*.libs"))]
    return tuple(folders)


def launcher_folders() -> tuple[tuple[str, Path], ...]:
    """Return the launcher's packages: name below its import path, and folder."""
    root = Path(__file__).parents[3]
    return tuple((package, root / package) for package in ("render_node/title", "wire"))
