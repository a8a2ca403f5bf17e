"""Find the programs that tests play titles of other kinds with; install what is missing; print what is there.

X server and PulseAudio are what ``native`` titles run in; the others are titles, or make one.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.debian_package import install

PACKAGES = {
    "xvfb": "/usr/bin/Xvfb",
    "pulseaudio": "/usr/bin/pulseaudio",
    "libegl1": "/usr/lib/*/libEGL.so.1",
    "libgl1-mesa-dri": "/usr/lib/*/dri/swrast_dri.so",
    "mesa-utils": "/usr/bin/glxgears",
    "chocolate-doom": "/usr/games/chocolate-doom",
    "freedoom": "/usr/share/games/doom/freedoom1.wad",
    "cc65": "/usr/bin/cl65",
}
"""Debian's packages, and a file by which each is known to be there."""

CORE_PACKAGE = "libretro-nestopia"
CORE_FILE = "nestopia_libretro.so"
UNPACKED = Path(__file__).resolve().parents[1] / "build" / "debian"
"""Where the core is unpacked: installing it would bring a whole player along."""

LIMIT_S = 300
HOW_TO = """These Debian packages are needed by tests: {missing}
Install them as root: apt-get install --no-install-recommends {missing}
What was tried: {tried}"""


class NoPrograms(Exception):
    """Something is missing; the text says what was tried and what would help."""


def find_core() -> Path | None:
    """Return the emulator core, installed or unpacked."""
    places = (*Path("/usr/lib").glob(f"*/libretro/{CORE_FILE}"), *UNPACKED.glob(f"usr/lib/*/libretro/{CORE_FILE}"))
    return next(iter(places), None)


def _missing() -> list[str]:
    return [name for name, file in PACKAGES.items() if not list(Path("/").glob(file[1:]))]


def _run(*command: str) -> str:
    """Return an empty string, or why the command failed."""
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LIMIT_S, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, cwd=UNPACKED,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else f"{' '.join(command[:2])}: {done.stderr.strip()[-200:]}"


def _unpack_core() -> str:
    fault = _run("apt-get", "download", CORE_PACKAGE)
    for archive in UNPACKED.glob(f"{CORE_PACKAGE}_*.deb"):
        fault = fault or _run("dpkg-deb", "--extract", str(archive), ".")
        archive.unlink()
    return fault


def find_title_programs() -> list[str]:
    """Install what is missing and return the paths of all of it.

    Raises:
        NoPrograms: with the packages to install by hand.
    """
    UNPACKED.mkdir(parents=True, exist_ok=True)
    missing = _missing()
    tried = install(*missing) if missing else ""
    if find_core() is None:
        tried = tried or _unpack_core()
    core = find_core()
    missing = _missing() + ([] if core else [CORE_PACKAGE])
    if missing or core is None:
        raise NoPrograms(HOW_TO.format(missing=" ".join(missing), tried=tried))
    return [*(str(next(Path("/").glob(file[1:]))) for file in PACKAGES.values()), str(core)]


if __name__ == "__main__":
    try:
        print(*find_title_programs(), sep="\n")
    except NoPrograms as error:
        sys.exit(str(error))
