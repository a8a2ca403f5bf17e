"""Runs pip, which finds and installs wheels, and puts what it says into words.

Only wheels are taken: building anything else would run code of the package. pip reads the user's own settings, so a
mirror or a folder that is set for pip serves here too.
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from farplay.failures import CommandFailure, ExitStatus

PIP_TIMEOUT_S = 900.0
"""A large wheel over a slow line; what hangs ends by pip's own timeouts."""

NEWEST_GLIBC = 28
"""Minor version of the newest glibc 2 that a wheel may need: that of manylinux_2_28, which every system has on which
Farplay's own wheels run."""

_UNREACHED = re.compile(r"connection broken by|Could not fetch URL|Failed to establish|Temporary failure in name")
_CAUSES = re.compile(r"The conflict is caused by:\n(.*?)\n\s*\n", re.DOTALL)
_MISSING = re.compile(r"No matching distribution found for (.+)")


def platforms(machine: str) -> list[str]:
    """Return the platform tags of wheels that every node with this processor can run, best first."""
    perennial = [f"manylinux_2_{minor}_{machine}" for minor in range(NEWEST_GLIBC, 4, -1)]
    return [*perennial, *(f"{name}_{machine}" for name in ("manylinux2014", "manylinux2010", "manylinux1"))]


def pip_install(arguments: Sequence[str], work: Path, minor: int) -> None:
    """Run ``pip install`` for a Python and the platforms of nodes, in an empty folder.

    Args:
        arguments: What to install, and how.
        work: A folder of the caller's, in which nothing lies that a requirement could name.
        minor: Minor version of the Python 3 that the wheels are for.

    Raises:
        CommandFailure: in words what could not be found, fetched or reconciled.
    """
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", "--no-color", "install"]
    command += ["--only-binary", ":all:", "--no-compile", "--ignore-installed", "--progress-bar", "off"]
    command += ["--implementation", "cp", "--python-version", f"3.{minor}"]
    command += [part for each in platforms(platform.machine()) for part in ("--platform", each)]
    try:
        done = subprocess.run(
            [*command, *arguments], cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=PIP_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise CommandFailure(ExitStatus.FAILED, "pip took too long to fetch the Python packages.") from error
    if done.returncode != 0:
        raise failure_of(done.stdout, done.stderr, minor)


def failure_of(said: str, faults: str, minor: int) -> CommandFailure:
    """Return a failure from pip's output."""
    if _UNREACHED.search(faults):
        words = "The Python packages of python.requires could not be fetched: the package index does not answer."
        return CommandFailure(ExitStatus.FAILED, words, "Look at the network, or at the index that pip is set to.")
    if causes := _CAUSES.search(f"{said}\n\n"):
        sides = "\n".join(f"  {line.strip()}" for line in causes[1].splitlines())
        words = f"python.requires cannot be met, because these contradict each other:\n{sides}"
        advice = "What is called a constraint comes with Farplay for titles of this kind, in that version."
        return CommandFailure(ExitStatus.BAD_TITLE, words, advice)
    if missing := _MISSING.search(faults):
        where = f"Python 3.{minor} on Linux, {platform.machine()}"
        advice = (
            "Look for its name and versions on the package index; one that has to be built first cannot be taken."
        )
        return CommandFailure(ExitStatus.BAD_TITLE, f"There is no wheel of {missing[1]} for {where}.", advice)
    if "DO NOT MATCH THE HASHES" in faults:
        words = "A Python package is not the one that the lock names by its SHA-256; nothing of it was used."
        return CommandFailure(ExitStatus.BAD_TITLE, words, "Find out why, or delete the lock to lock anew.")
    lines = [line.removeprefix("ERROR: ") for line in faults.splitlines() if line.startswith("ERROR: ")]
    return CommandFailure(ExitStatus.FAILED, f"pip failed: {' '.join(lines or faults.splitlines())[-800:]}")
