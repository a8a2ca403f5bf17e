"""Puts Selkies from PyPI into a virtual environment of its own, beside the X server that it captures.

Nothing of it is among our own requirements: its versions are pinned with hashes in ``selkies.lock``.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from scripts.debian_package import install
from tests.support.farplay_process import ROOT

LOCK = Path(__file__).parent / "selkies.lock"
CACHE = ROOT / "bench-results" / "cache"
INSTALL_LIMIT_S = 300
X_SERVER, X_PACKAGE = "Xvfb", "xvfb"


class CannotInstall(Exception):
    """Selkies or its X server cannot be had here; the text says why and what would help."""


def selkies_command() -> Path:
    """Return the path of the pinned ``selkies``, installed anew where pins or Python changed.

    Raises:
        CannotInstall: with the end of what pip said.
    """
    pins = hashlib.sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()[:12]
    folder = CACHE / f"selkies-{pins}"
    complete = folder / ".complete"
    if not complete.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(LOCK)]
        if words := _run(pip):
            raise CannotInstall(f"pip could not install the packages of {LOCK.name}; it needs network:\n{words}")
        complete.touch()
    return folder / "bin" / "selkies"


def x_server_command() -> str:
    """Return the path of Xvfb, installed by apt where that is allowed.

    Raises:
        CannotInstall: if it is not there and cannot be installed.
    """
    words = "" if shutil.which(X_SERVER) else install(X_PACKAGE)
    if found := shutil.which(X_SERVER):
        return found
    raise CannotInstall(
        f"Selkies captures an X display. apt-get install {X_PACKAGE} would help; tried here:\n{words}"
    )


def _run(command: list[str]) -> str:
    """Run a command; return the end of what it complained of if it failed, else nothing."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return f"{command[0]} took longer than {INSTALL_LIMIT_S} s"
    return "" if done.returncode == 0 else done.stderr.strip()[-500:]
