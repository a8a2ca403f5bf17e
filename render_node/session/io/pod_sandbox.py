"""The ``pod`` profile, where nested user namespaces are forbidden: a session's files without a view of its own.

A session gets a folder with its ``tmp`` and with links to the launcher and the packages, so that what can be imported
is the same as elsewhere. What is not listed here Landlock does not let it open.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from render_node.session.io.title_files import (
    ETC_FILES,
    SYSTEM_FOLDERS,
    launcher_folders,
    package_folders,
    python_folders,
)
from title_archive.removal import remove_tree
from wire.errors import Reason, WireError

OWN_USER_BASE = 1_900_000_000
"""A title's user is this plus the worker's process id: above what systems and container engines hand out."""

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_KERNEL_FILES = (
    "/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
)  # fmt: skip


class SessionFolder:
    """Owns the folder until ``remove``."""

    def __init__(self, path: Path, user_id: int | None, packages: tuple[str, ...]) -> None:
        """Make it.

        Args:
            path: Where it will be.
            user_id: Whose it will be; None for this process's own.
            packages: What the title's kind imports.

        Raises:
            OSError: it cannot be made; nothing is left of it.
        """
        self.path = path
        self._packages = packages
        try:
            path.mkdir(mode=0o755, parents=True)
            path.chmod(0o755)
            self.tmp.mkdir(mode=0o700)
            if user_id is not None:
                path.parent.chmod(0o711)
                os.chown(self.tmp, user_id, user_id)
            for link, real in self._links():
                link.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                link.parent.chmod(0o755)
                link.symlink_to(real)
        except OSError:
            self.remove()
            raise

    @property
    def tmp(self) -> Path:
        """For temporary files."""
        return self.path / "tmp"

    @property
    def launcher(self) -> Path:
        """Import path of the launcher."""
        return self.path / "launcher"

    @property
    def packages(self) -> Path:
        """Import path of the kind's packages."""
        return self.path / "packages"

    def remove(self) -> None:
        """Remove it with all that the title left in it."""
        remove_tree(self.path)

    def _links(self) -> Iterator[tuple[Path, Path]]:
        for folder in package_folders(self._packages):
            yield self.packages / folder.name, folder
        for name, folder in launcher_folders():
            yield self.launcher / name, folder


def readable(packages: tuple[str, ...]) -> list[str]:
    """Return the paths that titles with these packages may read, as Landlock wants them: real ones."""
    folders = ["/usr", *SYSTEM_FOLDERS, *ETC_FILES, *(real for real, _ in python_folders())]
    folders += [str(folder) for folder in package_folders(packages)]
    folders += [str(folder) for _, folder in launcher_folders()]
    return [*folders, *_KERNEL_FILES]


def devices() -> tuple[str, ...]:
    """Return the devices that a title may use."""
    return _DEVICES


def closed_to_others(path: str) -> str | None:
    """Return the first folder on the way to ``path``, itself included, that only its owner may enter."""
    place = Path(os.path.realpath(path))
    for folder in [*reversed(place.parents), place]:
        if not folder.stat().st_mode & stat.S_IXOTH:
            return str(folder)
    return None


def hand_over(save_dir: str, user_id: int) -> None:
    """Make the title's user the owner of its save folder and of what lies in it; links are not followed.

    Raises:
        WireError: ``sandbox_unavailable`` if that user could not reach it.
    """
    closed = closed_to_others(str(Path(save_dir).parent))
    if closed is not None:
        raise WireError(
            Reason.SANDBOX_UNAVAILABLE, f"titles have a user of their own here, who may not enter {closed}"
        )
    os.chown(save_dir, user_id, user_id, follow_symlinks=False)
    waiting = [save_dir]
    while waiting:
        with os.scandir(waiting.pop()) as found:
            for entry in found:
                os.chown(entry.path, user_id, user_id, follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
