"""``farplay runtime build``: from a ``runtime.toml`` to one archive, the same byte for byte from the same lock."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farplay.failures import CommandFailure, ExitStatus
from farplay.runtimes.debian import fetch_debian, resolve_debian, wanted
from farplay.runtimes.debian_tree import DebianTree
from farplay.runtimes.local_runtimes import LocalRuntimes
from farplay.titles.wheels.given import given_by
from farplay.titles.wheels.prepare import check_bound, check_machine, known_lock, write_whole
from farplay.titles.wheels.resolve import resolve
from farplay.titles.wheels.site_packages import install
from title_archive.pack import ARCHIVE_SUFFIX, Packed, pack
from wire.errors import WireError
from wire.package_lock import PackageLock, write_lock
from wire.runtime_manifest import RUNTIME_FILE, RUNTIME_LOCK_FILE, RuntimeManifest, RuntimePin, parse_runtime
from wire.title_manifest import PYTHON_KINDS

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BuiltRuntime:
    """A runtime that lies on this machine now, and its archive."""

    pin: RuntimePin
    packed: Packed
    lock: PackageLock
    dangling: tuple[str, ...]
    """Links of Debian packages that lead to nothing in it, which it does not hold."""


def build_runtime(folder: Path, target: Path | None, runtimes: LocalRuntimes, on_progress: Progress) -> BuiltRuntime:
    """Build the runtime that a folder's ``runtime.toml`` describes; fetches what its lock names.

    Args:
        folder: Where ``runtime.toml`` lies, and ``runtime.lock`` is read or written.
        target: File to write; None names it after the runtime.
        runtimes: Takes it, so that titles of this machine can use it.
        on_progress: Told in words what is being done.

    Raises:
        CommandFailure: it has faults, or something cannot be had.
    """
    try:
        text = _read(folder / RUNTIME_FILE)
        manifest = parse_runtime(text)
        lock = _lock(folder, manifest, on_progress)
        with tempfile.TemporaryDirectory(prefix="farplay-runtime-") as scratch:
            root, work = Path(scratch, "root"), Path(scratch, "work")
            root.mkdir()
            work.mkdir()
            dangling = _gather_debian(lock, root, work, on_progress)
            if manifest.python_requires:
                on_progress("Putting its Python packages into it")
                lock = install(root, lock, given_by(PYTHON_KINDS), _minor(manifest))
            write_whole(root / RUNTIME_FILE, text)
            write_whole(root / RUNTIME_LOCK_FILE, write_lock(lock))
            on_progress("Packing it")
            path = target or Path(f"{manifest.name}-{manifest.version}.runtime{ARCHIVE_SUFFIX}")
            packed = pack(root, path.absolute())
        write_whole(folder / RUNTIME_LOCK_FILE, write_lock(lock))
        return BuiltRuntime(runtimes.add(packed.path), packed, lock, tuple(dangling))
    except WireError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, error.detail) from error
    except OSError as error:
        raise CommandFailure(ExitStatus.FAILED, f"{error.filename or folder}: {error.strerror}.") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        advice = "docs/runtimes.md shows one."
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{path.parent} has no {path.name}.", advice) from None
    except UnicodeDecodeError as error:
        raise CommandFailure(ExitStatus.BAD_TITLE, f"{path} is not UTF-8.") from error


def _minor(manifest: RuntimeManifest) -> int:
    return manifest.python_minor or sys.version_info.minor


def _lock(folder: Path, manifest: RuntimeManifest, on_progress: Progress) -> PackageLock:
    """Return the lock that is there, or a new one if it is of something else."""
    asked = (manifest.python_requires, wanted(manifest))
    lock = known_lock(folder / RUNTIME_LOCK_FILE)
    if lock is None or (lock.requires, lock.wanted) != asked or lock.python_fault(manifest.python_minor):
        lock = PackageLock((), platform.machine(), ())
        if manifest.python_requires:
            on_progress("Looking for its Python packages")
            lock = resolve(manifest.python_requires, given_by(PYTHON_KINDS), _minor(manifest))
        if manifest.debian_packages:
            on_progress("Looking for its Debian packages")
            found = resolve_debian(manifest.debian_packages, dependencies=manifest.debian_dependencies)
            lock = replace(lock, wanted=wanted(manifest), debian=found)
    check_machine(lock, RUNTIME_LOCK_FILE)
    check_bound(lock, manifest.python_version, RUNTIME_FILE, _minor(manifest))
    return lock


def _gather_debian(lock: PackageLock, root: Path, work: Path, on_progress: Progress) -> list[str]:
    if not lock.debian:
        return []
    on_progress(f"Fetching {len(lock.debian)} Debian packages")
    tree = DebianTree(root)
    for file in fetch_debian(lock.debian, work):
        tree.add(file)
    shutil.rmtree(work)
    return tree.finish()
