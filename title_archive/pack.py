"""Packs a title's folder into one file: the same files make the same bytes, wherever and whenever it is done."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from title_archive.names import clashes, name_fault
from title_archive.zip_layout import ARCHIVE_MAX_BYTES, ENTRIES_MAX, Entry, central_header, end_record, local_header
from wire.errors import Reason, WireError

ARCHIVE_SUFFIX = ".farplay"
CHUNK_BYTES = 1 << 20

_OURS = (ARCHIVE_SUFFIX, f"{ARCHIVE_SUFFIX}.sig", ".pyc")


@dataclass(frozen=True, slots=True)
class Packed:
    """An archive that was written."""

    path: Path
    sha256: str
    """Hex digest of the whole file, by which it is known from now on."""
    archive_bytes: int
    files: tuple[str, ...]
    left_out: tuple[str, ...]
    """Names in the folder that an archive never holds: hidden ones, compiled Python, archives."""


def pack(folder: Path, target: Path) -> Packed:
    """Write the archive of a folder; a file that is there is replaced, and only by a whole one.

    Args:
        folder: The title; whether it is a good one is not asked.
        target: Where to write; its folder must be there.

    Raises:
        WireError: ``bad_archive`` with every fault at once, or ``too_large``.
        OSError: a file cannot be read or written.
    """
    names, left_out, faults = _collect(folder)
    faults += [f"{one} and {other} are the same name on some systems" for one, other in clashes(names)]
    if faults:
        raise WireError(Reason.BAD_ARCHIVE, "this folder cannot be packed:\n" + "\n".join(f"  {f}" for f in faults))
    if len(names) > ENTRIES_MAX:
        raise WireError(Reason.TOO_LARGE, f"an archive may have {ENTRIES_MAX} files, this folder has {len(names)}")
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        with open(part, "xb") as file:
            _write(file, folder, names)
            file.flush()
            os.fsync(file.fileno())
        size = part.stat().st_size
        with open(part, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.replace(part, target)
    finally:
        with suppress(FileNotFoundError):
            part.unlink()
    return Packed(target, digest, size, tuple(name.decode() for name in names), tuple(left_out))


def _collect(folder: Path) -> tuple[list[bytes], list[str], list[str]]:
    """Return the names of files by their bytes, those that are left out, and faults."""
    names: list[bytes] = []
    left_out: list[str] = []
    faults: list[str] = []
    for path in _walk(folder, left_out):
        name = os.fsencode(path.relative_to(folder))
        shown = name.decode(errors="replace")
        mode = path.lstat().st_mode
        fault = name_fault(name)
        if fault is not None:
            faults.append(f"the name {shown!r} {fault}")
        elif stat.S_ISLNK(mode):
            faults.append(f"{shown} is a link; put the file itself there")
        elif not stat.S_ISREG(mode):
            faults.append(f"{shown} is not a file")
        else:
            names.append(name)
    return sorted(names), sorted(left_out), sorted(faults)


def _walk(folder: Path, left_out: list[str], top: Path | None = None) -> Iterator[Path]:
    top = top or folder
    for item in os.scandir(folder):
        path = Path(item.path)
        if item.name.startswith(".") or item.name == "__pycache__" or item.name.endswith(_OURS):
            left_out.append(os.fsencode(path.relative_to(top)).decode(errors="replace"))
        elif item.is_dir(follow_symlinks=False):
            yield from _walk(path, left_out, top)
        else:
            yield path


def _write(file: BinaryIO, folder: Path, names: list[bytes]) -> None:
    entries = []
    at = 0
    for name in names:
        descriptor = os.open(os.path.join(os.fsencode(folder), name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, "rb") as source:
            executable = bool(os.fstat(descriptor).st_mode & 0o100)
            size, crc = _measure(source)
            entry = Entry(name, size, crc, executable, at)
            at = entry.end
            if at > ARCHIVE_MAX_BYTES:
                raise WireError(Reason.TOO_LARGE, f"an archive may have {ARCHIVE_MAX_BYTES} bytes")
            file.write(local_header(entry))
            source.seek(0)
            if _measure(source, file) != (size, crc):
                raise WireError(Reason.BAD_ARCHIVE, f"{name.decode()} changed while it was packed; pack again")
        entries.append(entry)
    directory = b"".join(map(central_header, entries))
    file.write(directory + end_record(len(entries), len(directory), at))


def _measure(source: BinaryIO, target: BinaryIO | None = None) -> tuple[int, int]:
    size = crc = 0
    while piece := source.read(CHUNK_BYTES):
        size, crc = size + len(piece), zlib.crc32(piece, crc)
        if target is not None:
            target.write(piece)
    return size, crc
