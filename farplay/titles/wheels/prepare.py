"""Before a title's folder is run, checked or packed: its lock is there, and the wheels that it names."""

from __future__ import annotations

import os
import platform
import secrets
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from farplay.failures import CommandFailure, ExitStatus
from farplay.runtimes.local_runtimes import local_runtimes
from farplay.title_folders import read_manifest
from farplay.titles.wheels.given import Given, given_by, with_runtime
from farplay.titles.wheels.resolve import resolve
from farplay.titles.wheels.site_packages import content_of, install
from title_archive.unpacked import open_runtime, read_folder_lock
from wire.errors import WireError
from wire.package_lock import PackageLock, write_lock
from wire.title_manifest import LOCK_FILE, MANIFEST_FILE, SITE_PACKAGES, TitleManifest


def prepare_wheels(path: Path, on_progress: Callable[[str], None]) -> PackageLock | None:
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
    minor = manifest.python_minor or sys.version_info.minor
    try:
        given = _given(manifest)
        lock = _known(folder, manifest)
        if lock is None:
            on_progress("Looking for the Python packages that it requires")
            lock = resolve(manifest.python_requires, given, minor)
            lock = replace(lock, runtime=manifest.runtime.sha256)
        check_machine(lock, LOCK_FILE)
        check_bound(lock, manifest.python_version, MANIFEST_FILE, minor)
        if not (folder / SITE_PACKAGES).is_dir() or content_of(folder) != lock.content:
            on_progress("Putting its Python packages into its folder")
            lock = install(folder, lock, given, minor)
        write_whole(folder / LOCK_FILE, write_lock(lock))
    except OSError as error:
        words = f"The title's Python packages cannot be put into {folder}: {error.strerror}."
        raise CommandFailure(ExitStatus.FAILED, words) from error
    return lock


def _given(manifest: TitleManifest) -> Given:
    given = given_by([manifest.kind])
    if not manifest.runtime.sha256:
        return given
    runtime = local_runtimes().find(manifest.runtime)
    return with_runtime(given, runtime, open_runtime(runtime)[1])


def _known(folder: Path, manifest: TitleManifest) -> PackageLock | None:
    """Return the lock that is there, unless it is of other requirements, another runtime or another Python."""
    lock = known_lock(folder / LOCK_FILE)
    if lock is None or (lock.requires, lock.runtime) != (manifest.python_requires, manifest.runtime.sha256):
        return None
    return None if manifest.python_minor and lock.python_fault(manifest.python_minor) else lock


def known_lock(path: Path) -> PackageLock | None:
    """Return the lock in a file, None if there is no such file.

    Raises:
        CommandFailure: it is no lock.
        OSError: it cannot be read.
    """
    if not path.exists():
        return None
    try:
        return read_folder_lock(path.parent, path.name)
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{error.detail}.", "Delete it to lock anew.") from error


def check_machine(lock: PackageLock, name: str) -> None:
    """Check that a lock is for this machine's processor.

    Raises:
        CommandFailure: it is not.
    """
    fault = lock.machine_fault(platform.machine())
    if fault is not None:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{name} cannot be used: {fault}.", "Delete it to lock anew.")


def check_bound(lock: PackageLock, python_version: str, name: str, minor: int) -> None:
    """Check that a manifest says which Python it needs, if its wheels run on one only.

    Raises:
        CommandFailure: it does not.
    """
    if lock.bound_to_python and not python_version:
        names = ", ".join(f"{wheel.name} {wheel.version}" for wheel in lock.bound_to_python)
        advice = f'Add to {name}, so that no other node is given it:\n\n  [python]\n  version = "3.{minor}"'
        raise CommandFailure(ExitStatus.BAD_TITLE, f"Compiled for Python 3.{minor} only: {names}.", advice)


def write_whole(path: Path, text: str) -> None:
    """Write a text file, or leave it as it is if it holds that already.

    Raises:
        OSError: it cannot be written; nothing has changed.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        part.write_text(text, encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
