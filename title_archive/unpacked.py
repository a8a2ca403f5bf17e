"""What the unpacked folders of titles and runtimes say of the packages in them, and whether these run here."""

from __future__ import annotations

from pathlib import Path

from wire.errors import Reason, WireError
from wire.package_lock import LOCK_MAX_BYTES, BadLock, PackageLock, read_lock
from wire.runtime_manifest import RUNTIME_FILE, RUNTIME_LOCK_FILE, RuntimeManifest, parse_runtime, pin_fault
from wire.title_manifest import LOCK_FILE, MANIFEST_MAX_BYTES, TitleManifest


def read_folder_lock(folder: Path, name: str) -> PackageLock:
    """Return the lock in a folder.

    Raises:
        WireError: ``malformed`` if it is none.
        OSError: it cannot be read.
    """
    try:
        with open(folder / name, encoding="utf-8") as file:
            return read_lock(file.read(LOCK_MAX_BYTES))
    except (BadLock, UnicodeDecodeError) as error:
        raise WireError(Reason.MALFORMED, f"{folder / name} cannot be used: {error}") from error


def open_runtime(folder: Path) -> tuple[RuntimeManifest, PackageLock]:
    """Return what an unpacked runtime says of itself.

    Raises:
        WireError: ``malformed``.
        OSError: it cannot be read.
    """
    with open(folder / RUNTIME_FILE, encoding="utf-8") as file:
        return parse_runtime(file.read(MANIFEST_MAX_BYTES)), read_folder_lock(folder, RUNTIME_LOCK_FILE)


def check_packages(manifest: TitleManifest, folder: Path, runtime: Path | None, machine: str) -> None:
    """Check that a title's packages, and those of its runtime, are for its Python and run on a processor.

    Whether a node has that Python is asked by whoever starts the title.

    Args:
        manifest: The title's.
        folder: Where it lies.
        runtime: Where the runtime lies that it names; None without one.
        machine: The processor, such as ``x86_64``.

    Raises:
        WireError: ``no_capability`` for another processor, ``malformed`` for what contradicts itself.
        OSError: a file cannot be read.
    """
    locks = [read_folder_lock(folder, LOCK_FILE)] if manifest.python_requires else []
    if runtime is not None:
        described, lock = open_runtime(runtime)
        fault = pin_fault(manifest.runtime, manifest.python_minor, described)
        if fault is not None:
            raise WireError(Reason.MALFORMED, fault)
        locks.append(lock)
    for lock in locks:
        fault = lock.python_fault(manifest.python_minor)
        if fault is not None:
            raise WireError(Reason.MALFORMED, f"{fault}, and title.toml does not say so under [python]")
        fault = lock.machine_fault(machine)
        if fault is not None:
            raise WireError(Reason.NO_CAPABILITY, fault)
