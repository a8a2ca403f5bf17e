"""The folder of a title's wheels: put there from the lock."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from farplay.failures import CommandFailure, ExitStatus
from farplay.titles.wheels.given import Given
from farplay.titles.wheels.pip_run import pip_install
from wire.package_lock import PackageLock
from wire.title_manifest import SITE_PACKAGES

_OF_THE_MACHINE = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json")
"""What pip notes of the installation itself; it differs between machines."""


def content_of(folder: Path) -> str:
    """Return the SHA-256 of all that an archive would hold of a title's wheels: names, modes and bytes."""
    place = folder / SITE_PACKAGES
    total = hashlib.sha256()
    for top, folders, files in os.walk(place):
        folders[:] = sorted(name for name in folders if name != "__pycache__" and not name.startswith("."))
        for name in sorted(name for name in files if not name.startswith(".") and not name.endswith(".pyc")):
            path = os.path.join(top, name)
            with open(path, "rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            runs = bool(os.stat(path).st_mode & 0o100)
            total.update(repr((os.path.relpath(path, place), runs, content)).encode("utf-8", "surrogateescape"))
    return total.hexdigest()


def install(folder: Path, lock: PackageLock, given: Given, minor: int) -> PackageLock:
    """Put the lock's wheels into a title's or runtime's folder; what was there goes only when all of them are there.

    Args:
        folder: Its absolute path.
        lock: What to put there.
        given: What its programs find already.
        minor: Minor version of the Python 3 that they run on.

    Returns:
        The lock with what its folder holds now.

    Raises:
        CommandFailure: one cannot be had, is another than the lock says, or clashes with what is given.
        OSError: the folder cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="farplay-wheels-") as scratch:
        work = Path(scratch)
        part = folder / f".{SITE_PACKAGES}.{secrets.token_hex(4)}"
        part.mkdir()
        try:
            if lock.wheels:
                _fetch(lock, work, part, minor)
            _check_clashes(part, given)
            _strip(part)
            _replace(folder / SITE_PACKAGES, part)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return replace(lock, content=content_of(folder))


def _fetch(lock: PackageLock, work: Path, target: Path, minor: int) -> None:
    wanted = work / "wheels.txt"
    wanted.write_text("".join(f"{each.name}=={each.version} --hash=sha256:{each.sha256}\n" for each in lock.wheels))
    empty = work / "empty"
    empty.mkdir()
    command = ["--no-deps", "--require-hashes", "--target", str(target), "--requirement", str(wanted)]
    pip_install(command, empty, minor)


def _check_clashes(place: Path, given: Given) -> None:
    found = given.clashes(_contents(place))
    if found:
        lines = "\n".join(f"  {wheel} holds {name}" for wheel, name in found)
        words = f"Python packages clash with what is there already, from Farplay or the runtime:\n{lines}"
        raise CommandFailure(ExitStatus.BAD_TITLE, words, "Require something else, or another version of it.")


def _contents(place: Path) -> Iterator[tuple[str, str]]:
    """Yield each wheel with each top-level name that it holds."""
    for record in place.glob("*.dist-info/RECORD"):
        wheel = record.parent.name.removesuffix(".dist-info")
        for line in record.read_text(encoding="utf-8").splitlines():
            yield wheel, line.lstrip('"').split("/", 1)[0].split(",", 1)[0]


def _strip(place: Path) -> None:
    """Remove what no title imports and what is not the same on every machine."""
    shutil.rmtree(place / "bin", ignore_errors=True)
    for about in place.glob("*.dist-info"):
        for name in _OF_THE_MACHINE:
            (about / name).unlink(missing_ok=True)


def _replace(target: Path, part: Path) -> None:
    old = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    if target.exists():
        os.rename(target, old)
    os.rename(part, target)
    shutil.rmtree(old, ignore_errors=True)
