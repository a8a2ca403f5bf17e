"""Reads an archive that anybody may have made: everything is checked and bounded before anything is unpacked.

An archive is what ``zip_layout`` writes and nothing else. Every record is written anew from what was read of it, and
must come out the same, byte for byte: no field of ZIP is left that another program could understand otherwise.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from title_archive.names import clashes, name_fault
from title_archive.zip_layout import (
    ARCHIVE_MAX_BYTES,
    CENTRAL,
    DIRECTORY_MAX_BYTES,
    END,
    ENTRIES_MAX,
    Entry,
    central_header,
    end_record,
    is_central,
    is_end,
    local_header,
)
from wire.errors import Reason, WireError
from wire.package_lock import LOCK_MAX_BYTES, BadLock, PackageLock, read_lock
from wire.runtime_manifest import RUNTIME_FILE, RUNTIME_LOCK_FILE, RuntimeManifest, parse_runtime
from wire.title_manifest import LOCK_FILE, MANIFEST_FILE, MANIFEST_MAX_BYTES, TitleManifest, parse_manifest

CHUNK_BYTES = 1 << 20
_STORED = 0
_MODE_AT = 16


@dataclass(frozen=True, slots=True)
class Index:
    """What an archive holds."""

    entries: tuple[Entry, ...]
    """By name."""
    archive_bytes: int

    def find(self, name: str) -> Entry | None:
        """Return a file's entry."""
        wanted = name.encode("utf-8", "surrogatepass")
        return next((entry for entry in self.entries if entry.name == wanted), None)


def read_index(file: BinaryIO, *, max_bytes: int = ARCHIVE_MAX_BYTES) -> Index:
    """Check an archive's structure; content is read only by ``read_content``.

    Args:
        file: Seekable; stays the caller's.
        max_bytes: Longest archive that is taken.

    Raises:
        WireError: ``bad_archive`` or ``too_large``, saying what is wrong.
    """
    size = file.seek(0, os.SEEK_END)
    if size > max_bytes:
        raise WireError(Reason.TOO_LARGE, f"an archive may have {max_bytes} bytes, this one has {size}")
    count, directory = _read_directory(file, size)
    entries = tuple(_entries(directory, count))
    _check_places(entries, size - END.size - len(directory))
    _check_names(entries)
    return Index(entries, size)


def read_content(file: BinaryIO, entry: Entry) -> Iterator[bytes]:
    """Yield an entry's content in pieces; it is the entry's only once the last one has come.

    Raises:
        WireError: ``bad_archive``.
    """
    file.seek(entry.offset)
    header = local_header(entry)
    if file.read(len(header)) != header:
        raise _bad(f"{_shown(entry.name)} has a header that differs from the directory's")
    left, crc = entry.size, 0
    while left:
        piece = file.read(min(left, CHUNK_BYTES))
        if not piece:
            raise _bad(f"{_shown(entry.name)} ends early")
        left, crc = left - len(piece), zlib.crc32(piece, crc)
        yield piece
    if crc != entry.crc:
        raise _bad(f"{_shown(entry.name)} has a wrong checksum")


def read_manifest(file: BinaryIO, index: Index) -> TitleManifest:
    """Return the manifest of a title's archive, whose entry and artwork must be there.

    Raises:
        ManifestError: ``malformed``.
        WireError: ``bad_archive`` if it is no title's.
    """
    manifest = parse_manifest(_read_text(file, index, MANIFEST_FILE, MANIFEST_MAX_BYTES))
    for what, name in (("entry", manifest.entry), ("artwork", manifest.about.artwork)):
        if name and index.find(name) is None:
            raise _bad(f"the {what} {name} is not in it")
    if manifest.python_requires:
        _check_python(_read_lock(file, index, LOCK_FILE), manifest.python_minor)
    return manifest


def holds_runtime(index: Index) -> bool:
    """Tell whether an archive is a runtime's, by the files that make it one."""
    return index.find(MANIFEST_FILE) is None and index.find(RUNTIME_FILE) is not None


def read_runtime(file: BinaryIO, index: Index) -> tuple[RuntimeManifest, PackageLock]:
    """Return what a runtime's archive says that it holds.

    Raises:
        ManifestError: ``malformed``.
        WireError: ``bad_archive`` if it is no runtime's.
    """
    manifest = parse_runtime(_read_text(file, index, RUNTIME_FILE, MANIFEST_MAX_BYTES))
    lock = _read_lock(file, index, RUNTIME_LOCK_FILE)
    _check_python(lock, manifest.python_minor)
    return manifest, lock


def _read_lock(file: BinaryIO, index: Index, name: str) -> PackageLock:
    try:
        return read_lock(_read_text(file, index, name, LOCK_MAX_BYTES))
    except BadLock as error:
        raise _bad(f"{name} cannot be used: {error}") from error


def _check_python(lock: PackageLock, minor: int) -> None:
    fault = lock.python_fault(minor)
    if fault is not None:
        raise _bad(f"{fault}, which its python.version does not say")


def _read_text(file: BinaryIO, index: Index, name: str, max_bytes: int) -> str:
    entry = index.find(name)
    if entry is None:
        raise _bad(f"it has no {name}")
    if entry.size > max_bytes:
        raise _bad(f"{name} has more than {max_bytes} bytes")
    try:
        return b"".join(read_content(file, entry)).decode()
    except UnicodeDecodeError as error:
        raise _bad(f"{name} is not UTF-8") from error


def _read_directory(file: BinaryIO, size: int) -> tuple[int, bytes]:
    if size < END.size:
        raise _bad("it is too short to be a ZIP file")
    file.seek(size - END.size)
    record = file.read(END.size)
    if not is_end(record):
        raise _bad("it is not a ZIP file, or something follows it")
    *_, count, directory_bytes, directory_at, _ = END.unpack(record)
    if count > ENTRIES_MAX or directory_bytes > DIRECTORY_MAX_BYTES:
        raise WireError(Reason.TOO_LARGE, f"an archive may have {ENTRIES_MAX} files")
    if directory_at + directory_bytes != size - END.size:
        raise _bad("its directory does not stand at its end")
    if record != end_record(count, directory_bytes, directory_at):
        raise _bad("its last record holds what `farplay title pack` never writes")
    file.seek(directory_at)
    return count, file.read(directory_bytes)


def _entries(directory: bytes, count: int) -> Iterator[Entry]:
    at = 0
    for _ in range(count):
        record = directory[at : at + CENTRAL.size]
        if len(record) < CENTRAL.size or not is_central(record):
            raise _bad("its directory is shorter than it says")
        fields = CENTRAL.unpack(record)
        method, crc, packed, size, name_bytes = fields[4], fields[7], fields[8], fields[9], fields[10]
        mode, offset = fields[15] >> _MODE_AT, fields[16]
        name = directory[at + CENTRAL.size : at + CENTRAL.size + name_bytes]
        if method != _STORED or packed != size:
            raise _bad(f"{_shown(name)} is compressed; an archive holds files as they are")
        if mode & 0o170000 != 0o100000:
            raise _bad(f"{_shown(name)} is a link, a device or a folder; an archive holds files only")
        entry = Entry(name, size, crc, mode & 0o100 != 0, offset)
        expected = central_header(entry)
        if directory[at : at + len(expected)] != expected:
            raise _bad(f"{_shown(name)} has a record that `farplay title pack` never writes")
        at += len(expected)
        yield entry
    if at != len(directory):
        raise _bad("its directory is longer than it says")


def _check_places(entries: tuple[Entry, ...], directory_at: int) -> None:
    """Check that content stands once, without gaps: then the archive is never smaller than what it unpacks to."""
    at = 0
    for entry in entries:
        if entry.offset != at:
            raise _bad(f"{_shown(entry.name)} overlaps another file or leaves a gap before it")
        at = entry.end
    if at != directory_at:
        raise _bad("something stands between its files and its directory")


def _check_names(entries: tuple[Entry, ...]) -> None:
    names = [entry.name for entry in entries]
    for name in names:
        fault = name_fault(name)
        if fault is not None:
            raise _bad(f"the name {_shown(name)} {fault}")
    if len(set(names)) < len(names):
        raise _bad("two files have the same name")
    if names != sorted(names):
        raise _bad("its files are not in the order of their names")
    for one, other in clashes(names):
        raise _bad(f"{one!r} and {other!r} are the same name on some systems")


def _shown(name: bytes) -> str:
    return ascii(name[:80].decode(errors="replace"))


def _bad(words: str) -> WireError:
    return WireError(Reason.BAD_ARCHIVE, f"this is no archive of Farplay: {words}")
