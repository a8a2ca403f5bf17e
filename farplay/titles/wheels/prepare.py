"""Before a title's folder is run, checked or packed: its lock is there, and the wheels that it names."""

from __future__ import annotations

import os
import platform
import secrets
from collections.abc import Callable
from pathlib import Path

from farplay.failures import CommandFailure, ExitStatus
from farplay.title_folders import read_manifest
from farplay.titles.wheels.lock import LOCK_MAX_BYTES, BadLock, WheelLock, read_lock, write_lock
from farplay.titles.wheels.pip_run import python_version
from farplay.titles.wheels.resolve import resolve
from farplay.titles.wheels.site_packages import content_of, install
from wire.title_manifest import LOCK_FILE, MANIFEST_FILE, SITE_PACKAGES, TitleManifest


def prepare_wheels(path: Path, on_progress: Callable[[str], None]) -> WheelLock | None:
    """Bring the wheels of a title's folder up to date; asks the package index only for what is not there.

    Args:
        path: A folder with a ``title.toml``; anything else has no wheels.
        on_progress: Told in words what is being done.

    Returns:
        The lock, None for a title that requires nothing.

    Raises:
        CommandFailure: the wheels cannot be had, or do not fit.
        WireError: the manifest has faults.
    """
    folder = path.expanduser().resolve()
    if not (folder / MANIFEST_FILE).is_file():
        return None
    manifest = read_manifest(folder)
    if not manifest.python_requires:
        return None
    _check_python(manifest)
    try:
        lock = _known(folder, manifest)
        if lock is None:
            on_progress("Looking for the Python packages that it requires")
            lock = resolve(manifest.python_requires, manifest.kind)
        _check_machine(lock)
        _check_bound(lock, manifest)
        if not (folder / SITE_PACKAGES).is_dir() or content_of(folder) != lock.content:
            on_progress("Putting its Python packages into its folder")
            lock = install(folder, lock, manifest.kind)
        _write(folder / LOCK_FILE, write_lock(lock))
    except OSError as error:
        words = f"The title's Python packages cannot be put into {folder}: {error.strerror}."
        raise CommandFailure(ExitStatus.FAILED, words) from error
    return lock


def _known(folder: Path, manifest: TitleManifest) -> WheelLock | None:
    """Return the lock that is there, unless it is of other requirements."""
    path = folder / LOCK_FILE
    if not path.exists():
        return None
    try:
        with open(path, encoding="utf-8") as file:
            lock = read_lock(file.read(LOCK_MAX_BYTES))
    except (BadLock, UnicodeDecodeError) as error:
        words, advice = f"{path} cannot be used: {error}.", "Delete it to lock anew."
        raise CommandFailure(ExitStatus.BAD_TITLE, words, advice) from error
    return lock if lock.requires == manifest.python_requires else None


def _check_python(manifest: TitleManifest) -> None:
    wanted, here = manifest.python_version, python_version()
    if wanted and wanted != here:
        words = f"title.toml says python.version = {wanted!r}, and Farplay runs on Python {here} here."
        raise CommandFailure(ExitStatus.BAD_TITLE, words, f"Use a Farplay on Python {wanted}, or change the field.")


def _check_machine(lock: WheelLock) -> None:
    here = platform.machine()
    if lock.machine != here and any(wheel.compiled for wheel in lock.wheels):
        words = f"{LOCK_FILE} names wheels that are compiled for {lock.machine}, and this machine is {here}."
        raise CommandFailure(ExitStatus.BAD_TITLE, words, "Delete it to lock anew.")


def _check_bound(lock: WheelLock, manifest: TitleManifest) -> None:
    if lock.bound_to_python and not manifest.python_version:
        names = ", ".join(f"{wheel.name} {wheel.version}" for wheel in lock.bound_to_python)
        words = f"Compiled for Python {python_version()} only: {names}."
        advice = (
            f'Add to title.toml, so that no other node is given it:\n\n  [python]\n  version = "{python_version()}"'
        )
        raise CommandFailure(ExitStatus.BAD_TITLE, words, advice)


def _write(path: Path, text: str) -> None:
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
