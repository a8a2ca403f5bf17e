"""Writes files of the save folder: there is always a whole one, and a full disk ends no game."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from pathlib import Path


def replace_file(path: Path, data: bytes) -> bool:
    """Put ``data`` in the place of the file, which stays as it was until all of it is on the disk.

    Returns:
        False if that failed, which is said on standard error.
    """
    beside = path.with_name(path.name + ".new")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        print(f"{path.name} could not be saved: {error.strerror}", file=sys.stderr, flush=True)
        return False
    return True


class KeptFile:
    """A file that is replaced from time to time by a thread that ends when it has written; no tick waits for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: bytes | None = None
        """What need not be written again; changes only within ``keep`` and ``settle``."""
        self._writer: threading.Thread | None = None

    def keep(self, data: bytes) -> None:
        """Begin to write, unless it was written last; waits only if the time before is still being written."""
        self.settle()
        if data != self.written:
            self._writer = threading.Thread(target=self._write, args=(data,), name=self.path.name)
            self._writer.start()

    def settle(self) -> None:
        """Wait until what was kept is on the disk, or has failed."""
        if self._writer is not None:
            self._writer.join()
            self._writer = None

    def _write(self, data: bytes) -> None:
        if replace_file(self.path, data):
            self.written = data
