"""The data folder: where it lies, and the lock that keeps two Farplays off one folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from farplay.failures import CommandFailure, ExitStatus


def default_data_dir(environment: dict[str, str] | None = None) -> Path:
    """Return ``$XDG_DATA_HOME/farplay``, by default ``~/.local/share/farplay``."""
    variables = dict(os.environ) if environment is None else environment
    base = variables.get("XDG_DATA_HOME", "")
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "share"
    return root / "farplay"


class FolderLock:
    """Holds a data folder for one process, until ``release`` or the process's end, however it comes.

    Args:
        data_dir: Made with mode 0700 if it is missing.
        role: ``farplay`` for the whole, ``broker`` or ``node`` for one part; each has its own lock.

    Raises:
        CommandFailure: ``LOCKED``, naming the process that holds it; ``FAILED`` if the folder cannot be used.
    """

    def __init__(self, data_dir: Path, role: str) -> None:
        self._path = data_dir / f"{role}.lock"
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise CommandFailure(
                ExitStatus.FAILED,
                f"The data folder {data_dir} cannot be used: {error.strerror}.",
                "Choose another one with --data-dir.",
            ) from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 32, 0).decode(errors="replace").strip()
            os.close(self._descriptor)
            raise CommandFailure(
                ExitStatus.LOCKED,
                f"Farplay already runs on {data_dir}: process {holder or 'unknown'} holds it.",
                "Use the one that runs, end it first, or choose another folder with --data-dir.",
            ) from error
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go; the file stays, since removing it would let two processes lock different files."""
        os.close(self._descriptor)

    def __enter__(self) -> FolderLock:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()
