"""What titles of each kind need of this machine beyond Python: OpenGL, an X server and a sound server, cores."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from farplay.doctor.findings import Finding, Group, Level, ok
from render_node.title.libretro.program import CORE_FOLDERS

NATIVE_PROGRAMS = {"Xvfb": "xvfb", "pulseaudio": "pulseaudio"}
"""Programs that native titles run in, and the packages of Debian and Ubuntu that have them."""

GL_TIMEOUT_S = 10.0
_GL_ADVICE = "Install OpenGL without a window: sudo apt install libegl1 libgl1-mesa-dri"
_SOFTWARE = ("llvmpipe", "softpipe", "swrast")
_LOOK = """
import moderngl
context = moderngl.create_context(standalone=True, backend="egl", require=330)
print(context.info["GL_RENDERER"])
"""


def judge_opengl(renderer: str, fault: str) -> Finding:
    """Where titles of the SDK draw with OpenGL.

    Args:
        renderer: What OpenGL calls itself; empty if there is none.
        fault: Why not.
    """
    if not renderer:
        return Finding(Group.TITLES, "OpenGL", Level.LACKS, f"none, so 3D titles do not run: {fault}", _GL_ADVICE)
    software = any(name in renderer for name in _SOFTWARE)
    return ok(Group.TITLES, "OpenGL", f"{renderer}{', in software' if software else ''}")


def judge_native(missing: Sequence[str]) -> Finding:
    """Whether native titles run here; most machines do without."""
    if missing:
        return ok(Group.TITLES, "Native", f"to run any program: sudo apt install {' '.join(missing)}")
    return ok(Group.TITLES, "Native", f"any program that draws in an X window, in {' and '.join(NATIVE_PROGRAMS)}")


def judge_libretro(cores: Sequence[str]) -> Finding:
    """Which cores are installed; titles may bring their own."""
    words = f"cores: {', '.join(cores)}" if cores else "no core is installed; titles may bring their own"
    return ok(Group.TITLES, "libretro", words)


def check_kinds() -> Iterator[Finding]:
    """Look at what each kind needs."""
    yield judge_opengl(*_renderer())
    yield judge_native([package for program, package in NATIVE_PROGRAMS.items() if shutil.which(program) is None])
    files = [path for folder in CORE_FOLDERS for path in Path("/").glob(f"{folder[1:]}/*_libretro.so")]
    yield judge_libretro(sorted(path.name.removesuffix("_libretro.so") for path in files))


def _renderer() -> tuple[str, str]:
    """Return OpenGL's name for itself, or the fault; in a process of its own, as drivers crash."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _LOOK], capture_output=True, text=True, timeout=GL_TIMEOUT_S, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    if done.returncode == 0:
        return done.stdout.strip(), ""
    return "", (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1][:160]
