"""The files of Debian packages as one folder tree without links, as an archive holds it.

Of ``.deb`` files only the files are taken; scripts of theirs never run. Links become copies of what they lead to, so
that the tree is the same wherever it lies and nothing leads out of it.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import IO

from farplay.failures import CommandFailure, ExitStatus

LINKS_MAX = 40
"""Links that a path may lead through, as in the kernel."""

_TOPS = {
    "usr": "usr", "etc": "etc", "opt": "opt",
    "bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib", "lib64": "usr/lib64",
}  # fmt: skip
"""What is kept, and where it lies since /usr was merged."""
_LEFT_OUT = ("usr/share/man", "usr/share/info", "usr/share/lintian", "usr/share/bug", "usr/share/doc-base")
_DOCUMENTS, _LICENCE = "usr/share/doc", "copyright"


class DebianTree:
    """Gathers packages into a folder.

    Args:
        root: An empty folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._links: dict[str, str] = {}
        """Targets by the link's path, both in the tree; a target may leave it or be missing."""

    def add(self, package: Path) -> None:
        """Take the files of a ``.deb`` file.

        Raises:
            CommandFailure: it cannot be read, or a file of it is another package's with other content.
            OSError: a file cannot be written.
        """
        with subprocess.Popen(
            ["dpkg-deb", "--fsys-tarfile", str(package)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            assert process.stdout is not None
            try:
                self.add_tar(process.stdout, package.name)
            except tarfile.TarError as error:
                raise CommandFailure(ExitStatus.BAD_TITLE, f"{package.name} cannot be unpacked: {error}.") from error
            finally:
                process.stdout.close()
        if process.returncode != 0:
            raise CommandFailure(ExitStatus.BAD_TITLE, f"{package.name} cannot be unpacked.")

    def add_tar(self, stream: IO[bytes], name: str) -> None:
        """Take the files of a tar stream.

        Args:
            stream: Read to its end.
            name: Whose it is, for words.
        """
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for member in archive:
                path = _placed(member.name)
                if path is None or member.isdir():
                    continue
                if member.issym():
                    self._links[path] = posixpath.join("/", posixpath.dirname(path), member.linkname)
                elif member.islnk():
                    self._links[path] = posixpath.join("/", _placed(member.linkname) or "")
                elif member.isreg():
                    content = archive.extractfile(member)
                    assert content is not None
                    self._write(path, content, executable=bool(member.mode & 0o100), name=name)
                else:
                    raise CommandFailure(ExitStatus.BAD_TITLE, f"{name} holds a device or pipe, {member.name}.")
        # What follows the end is padding, which whoever writes it must get rid of.
        while stream.read(1 << 20):
            pass

    def finish(self) -> list[str]:
        """Put copies in the place of links; return those that lead nowhere, which are left out."""
        dangling = []
        folders: dict[str, str] = {}
        for path in sorted(self._links):
            target = self._resolve(path, 0)
            if target is None or f"{path}/".startswith(f"{target}/"):
                dangling.append(path)
            elif (self._root / target).is_dir():
                folders[path] = target
            else:
                self._copy(path, target)
        while folders:
            self._copy_folder(next(iter(folders)), folders)
        return sorted(dangling)

    def _copy_folder(self, path: str, folders: dict[str, str]) -> None:
        """Copy one of these folders, after the others that lie in it; each is taken from them once."""
        target = folders.pop(path)
        for inner in [other for other in folders if other.startswith(f"{target}/")]:
            if inner in folders:
                self._copy_folder(inner, folders)
        shutil.copytree(self._root / target, self._root / path, dirs_exist_ok=True)

    def _write(self, path: str, content: IO[bytes], *, executable: bool, name: str) -> None:
        place = self._root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        data = content.read()
        if place.exists() and place.read_bytes() != data:
            raise CommandFailure(ExitStatus.BAD_TITLE, f"{name} and another package both hold /{path}.")
        place.write_bytes(data)
        place.chmod(0o755 if executable else 0o644)

    def _copy(self, path: str, target: str) -> None:
        place = self._root / path
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._root / target, place)

    def _resolve(self, path: str, links: int) -> str | None:
        """Return the file or folder of the tree that a path leads to, None if it leads to none."""
        if links > LINKS_MAX:
            return None
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            head = "/".join(parts[:length])
            if head in self._links:
                target = _placed(self._links[head])
                rest = parts[length:]
                return None if target is None else self._resolve("/".join([target, *rest]), links + 1)
        return path if os.path.lexists(self._root / path) else None


def _placed(name: str) -> str | None:
    """Return where a file of a package lies in the tree, None if it does not belong there."""
    path = posixpath.normpath(posixpath.join("/", name)).lstrip("/")
    top, _, rest = path.partition("/")
    if top not in _TOPS:
        return None
    placed = f"{_TOPS[top]}/{rest}" if rest else _TOPS[top]
    if any(f"{placed}/".startswith(f"{folder}/") for folder in _LEFT_OUT):
        return None
    if placed.startswith(f"{_DOCUMENTS}/") and posixpath.basename(placed) != _LICENCE and placed.count("/") > 3:
        return None
    return placed
