"""Debian packages of a runtime: found and fetched by apt, which checks that the distribution signed them.

apt resolves as if nothing were installed, so what comes out depends on the package sources alone, not on what this
machine has. It needs no root.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from farplay.failures import CommandFailure, ExitStatus
from wire.package_lock import LockedDebian
from wire.runtime_manifest import RuntimeManifest

APT_TIMEOUT_S = 900.0

_NODES_OWN = {"glibc", "libxcrypt"}
"""Sources of the C library, which goes with the dynamic linker and with the programs that run the title: always the
node's own."""
_COMPILERS_OWN = "libgcc-s1"
_URI = re.compile(r"^'[^']*' ([a-z0-9.+-]+)_([^_ ]+)_([a-z0-9-]+)\.deb ", re.MULTILINE)
_MISSING = re.compile(r"E: (?:Unable to locate package |Package ')([a-z0-9.+-]+)")
_GONE = re.compile(r"E: Version '([^']+)' for '([^':]+)(?::[a-z0-9-]+)?' was not found")


def wanted(manifest: RuntimeManifest) -> tuple[str, ...]:
    """Return what a lock notes of a runtime's ``[debian]``."""
    alone = () if manifest.debian_dependencies else ("without dependencies",)
    return (*manifest.debian_packages, *alone)


def resolve_debian(packages: Sequence[str], *, dependencies: bool) -> tuple[LockedDebian, ...]:
    """Find packages, with all that they depend on or alone; what every Debian system has is left out.

    Raises:
        CommandFailure: apt is not here, or does not find one.
    """
    _require_apt()
    with tempfile.TemporaryDirectory(prefix="farplay-apt-") as folder:
        # What apt has fetched already it would not print.
        nothing, archives = Path(folder) / "status", Path(folder) / "archives"
        nothing.touch()
        (archives / "partial").mkdir(parents=True)
        if dependencies:
            command = ["install", "--yes", "--no-install-recommends", "-o", f"Dir::State::status={nothing}"]
        else:
            command = ["download"]
        command += ["--print-uris", "-o", f"Dir::Cache::archives={archives}", "-o", "Debug::NoLocking=1"]
        found = _URI.findall(_run(["apt-get", "-qq", *command, *packages], Path(folder)))
        names = [_named(name, unquote(version), architecture) for name, version, architecture in found]
        stanzas = _stanzas(_run(["apt-cache", "show", *names], Path(folder)))
    rows = [stanza for stanza in stanzas if stanza["Package"] in packages or not _is_everywhere(stanza)]
    own = next((row["Package"] for row in rows if _is_nodes_own(row)), None)
    if own is not None:
        words = f"{own} belongs to the C library, of which every node has its own."
        raise CommandFailure(ExitStatus.BAD_TITLE, words, "Take it out of debian.packages.")
    locked = (LockedDebian(row["Package"], row["Version"], row["Architecture"], row["SHA256"]) for row in rows)
    return tuple(sorted(locked, key=lambda each: each.name))


def fetch_debian(packages: Iterable[LockedDebian], work: Path) -> list[Path]:
    """Download locked packages into an empty folder, and return their files in the same order.

    Raises:
        CommandFailure: one is not offered any more, or is another one than the lock says.
    """
    locked = list(packages)
    _require_apt()
    _run(
        ["apt-get", "-qq", "download", *(_named(each.name, each.version, each.architecture) for each in locked)], work
    )
    files = []
    for each in locked:
        found = list(work.glob(f"{each.name}_*.deb"))
        if len(found) != 1 or _digest(found[0]) != each.sha256:
            words = (
                f"The Debian package {each.name} {each.version} is not the one that the lock names by its SHA-256."
            )
            raise CommandFailure(ExitStatus.BAD_TITLE, words, "Find out why, or delete the lock to lock anew.")
        files.append(found[0])
    return files


def _named(name: str, version: str, architecture: str) -> str:
    """Return one package of one version as apt's commands take it."""
    return f"{name}={version}" if architecture == "all" else f"{name}:{architecture}={version}"


def _is_everywhere(stanza: Mapping[str, str]) -> bool:
    return stanza.get("Essential") == "yes" or stanza.get("Priority") == "required" or _is_nodes_own(stanza)


def _is_nodes_own(stanza: Mapping[str, str]) -> bool:
    source = stanza.get("Source", stanza["Package"]).split(" ", 1)[0]
    return source in _NODES_OWN or stanza["Package"] == _COMPILERS_OWN


def _stanzas(text: str) -> list[dict[str, str]]:
    """Read the fields of packages (deb822(5)), of which only those of one line are needed."""
    stanzas = []
    for block in text.split("\n\n"):
        fields = [line.split(": ", 1) for line in block.splitlines() if not line.startswith(" ") and ": " in line]
        if fields:
            stanzas.append(dict(fields))
    return stanzas


def _require_apt() -> None:
    missing = [program for program in ("apt-get", "apt-cache", "dpkg-deb") if shutil.which(program) is None]
    if missing:
        words = f"Debian packages are fetched by apt, and {missing[0]} is not on this machine."
        raise CommandFailure(ExitStatus.FAILED, words, "Build this runtime on Debian or Ubuntu.")


def _run(command: Sequence[str], work: Path) -> str:
    try:
        done = subprocess.run(
            command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            env={**os.environ, "LC_ALL": "C"}, timeout=APT_TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise CommandFailure(ExitStatus.FAILED, "apt took too long to fetch the Debian packages.") from error
    if done.returncode != 0:
        raise failure_of(done.stderr)
    return done.stdout


def failure_of(faults: str) -> CommandFailure:
    """Return a failure from what apt said."""
    if gone := _GONE.search(faults):
        words = f"The package sources do not offer {gone[2]} {gone[1]} any more, which the lock names."
        return CommandFailure(ExitStatus.BAD_TITLE, words, "Delete the lock, and give the runtime another version.")
    if missing := _MISSING.search(faults):
        advice = "Look for its name with: apt-cache search WORD. Sources are read anew by: apt-get update"
        return CommandFailure(ExitStatus.BAD_TITLE, f"apt does not find the package {missing[1]}.", advice)
    lines = [line.removeprefix("E: ") for line in faults.splitlines() if line.startswith("E: ")]
    return CommandFailure(ExitStatus.FAILED, f"apt failed: {' '.join(lines or faults.splitlines())[-800:]}")


def _digest(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
