"""Unpacks an archive to a read-only folder that is there as a whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import BinaryIO

from title_archive.reader import Index, read_content
from title_archive.removal import remove_tree
from title_archive.zip_layout import Entry

_READ, _RUN = 0o444, 0o555


def unpack(file: BinaryIO, index: Index, target: Path) -> None:
    """Write an archive's files into a new folder.

    It is made beside the target under another name and renamed when everything is on the disk. If somebody else made
    the target meanwhile, theirs stays.

    Args:
        file: The archive.
        index: What ``read_index`` returned of it.
        target: The folder; the one above it must be there.

    Raises:
        WireError: ``bad_archive``; nothing is left.
        OSError: the disk is full or cannot be written; nothing is left.
    """
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    part.mkdir(mode=0o700)
    try:
        for entry in index.entries:
            path = part / entry.name.decode()
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, file, entry)
        for folder, _, _ in os.walk(part, topdown=False):
            os.chmod(folder, _RUN)
            _sync(folder)
        try:
            os.rename(part, target)
        except OSError:
            if not target.is_dir():
                raise
            remove_tree(part)
        _sync(target.parent)
    except BaseException:
        remove_tree(part)
        raise


def _write(path: Path, file: BinaryIO, entry: Entry) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(path, flags, 0o600), "wb") as target:
        for piece in read_content(file, entry):
            target.write(piece)
        target.flush()
        os.fchmod(target.fileno(), _RUN if entry.executable else _READ)
        os.fsync(target.fileno())


def _sync(folder: Path | str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
