"""The runtimes that lie unpacked on this machine, for titles in folders: built here, or taken from a file."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from farplay.data_folder import default_data_dir
from farplay.failures import CommandFailure, ExitStatus
from title_archive.pack import pack
from title_archive.reader import read_index, read_runtime
from title_archive.removal import remove_tree
from title_archive.unpack import unpack
from wire.errors import Reason, WireError
from wire.runtime_manifest import RuntimePin

_ENTER_ONLY = 0o711
"""Where titles have a user of their own, that user must get through to them."""


class LocalRuntimes:
    """Each lies read-only in a folder named by its digest; a file beside it says that it is there as a whole.

    Args:
        folder: Made when the first runtime comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, archive: Path) -> RuntimePin:
        """Unpack a runtime's archive; one that is here already stays.

        Returns:
            How titles name it.

        Raises:
            WireError: ``bad_archive`` or ``malformed`` if it is none.
            OSError: it cannot be read, or nothing can be written.
        """
        self._folder.mkdir(mode=_ENTER_ONLY, parents=True, exist_ok=True)
        with open(archive, "rb") as file:
            index = read_index(file)
            manifest, _ = read_runtime(file, index)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            pin = RuntimePin(manifest.name, manifest.version, digest, index.archive_bytes)
            if pin not in self.all():
                unpack(file, index, self._folder / digest)
                part = self._folder / f".{digest}.json"
                part.write_text(json.dumps(asdict(pin)))
                os.replace(part, self._folder / f"{digest}.json")
        return pin

    def all(self) -> list[RuntimePin]:
        """Return the runtimes that are here, by name and version."""
        pins = [RuntimePin(**json.loads(path.read_text())) for path in self._folder.glob("[!.]*.json")]
        return sorted(pins, key=lambda pin: (pin.name, pin.version, pin.sha256))

    def find(self, pin: RuntimePin) -> Path:
        """Return the folder of the runtime that a title names.

        Raises:
            WireError: ``not_found``, saying what to do.
        """
        if (self._folder / f"{pin.sha256}.json").is_file():
            return self._folder / pin.sha256
        others = [other for other in self.all() if other.name == pin.name]
        here = f" Here are: {', '.join(f'{other} ({other.sha256[:12]})' for other in others)}." if others else ""
        raise WireError(
            Reason.NOT_FOUND,
            f"the runtime {pin} ({pin.sha256[:12]}) is not on this machine.{here} "
            "Build it with: farplay runtime build FOLDER, or take its file with: farplay runtime add FILE",
        )

    @contextmanager
    def packed(self, pin: RuntimePin) -> Iterator[Path]:
        """Give the archive of a runtime that is here, packed anew; it is gone after the block.

        Raises:
            WireError: ``not_found``, or ``bad_archive`` if its files were changed.
            OSError: the archive cannot be written.
        """
        folder = self.find(pin)
        target = self._folder / f".{pin.sha256}.{os.getpid()}.farplay"
        try:
            if pack(folder, target).sha256 != pin.sha256:
                words = f"the files of the runtime {pin} were changed in {folder}; remove it and build it anew"
                raise WireError(Reason.BAD_ARCHIVE, words)
            yield target
        finally:
            target.unlink(missing_ok=True)

    def remove(self, digest: str) -> RuntimePin:
        """Remove a runtime.

        Args:
            digest: The first characters of its SHA-256, enough to tell it from others.

        Raises:
            CommandFailure: there is none, or more than one.
        """
        found = [pin for pin in self.all() if digest and pin.sha256.startswith(digest)]
        if len(found) != 1:
            words = (
                f"{len(found) or 'No'} runtime{'s' * (len(found) > 1)} here begin{'s' * (not found)} with {digest}."
            )
            raise CommandFailure(ExitStatus.FAILED, words, "farplay runtime list shows them.")
        (self._folder / f"{found[0].sha256}.json").unlink()
        remove_tree(self._folder / found[0].sha256)
        return found[0]


def local_runtimes() -> LocalRuntimes:
    """Return those of this user."""
    return LocalRuntimes(default_data_dir() / "runtimes")


def pin_table(pin: RuntimePin) -> str:
    """Return what a ``title.toml`` has to hold for a title that runs on a runtime."""
    return (
        f'[runtime]\nname = "{pin.name}"\nversion = "{pin.version}"\nsha256 = "{pin.sha256}"\n'
        f"bytes = {pin.archive_bytes}"
    )
